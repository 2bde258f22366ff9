// Lays rows out in columns, and one thing's properties under each other.
// Must never know what the rows are about, nor write anywhere itself.
import { safe, safeLine } from './presentation.ts';

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold' | 'cyan';

const codes: Readonly<Record<Colour, readonly [number, number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export interface Style {
  /** Terminal columns; undefined if it isn't a terminal, then nothing is cut. */
  readonly width: number | undefined;
  readonly colours: boolean;
}

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly colour?: (row: Row) => Colour | undefined;
  /** Takes what is left of the width, and is cut there. At most one. */
  readonly stretch?: boolean;
  readonly right?: boolean;
}

export function paint(text: string, colour: Colour | undefined, style: Style): string {
  if (colour === undefined || !style.colours) return text;
  const [on, off] = codes[colour];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** One line a row, with a heading; every value on one line and safe for a terminal. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], style: Style): string {
  const cells = rows.map((row) => columns.map((column) => safeLine(column.value(row)) || '-'));
  const widths = columns.map((column, index) => Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[index] ?? ''))));
  const stretchAt = columns.findIndex((column) => column.stretch === true);
  if (style.width !== undefined && stretchAt >= 0) {
    const others = widths.reduce((sum, width, index) => (index === stretchAt ? sum : sum + width + 2), 0);
    widths[stretchAt] = Math.max(12, Math.min(widths[stretchAt] ?? 0, style.width - others));
  }
  const line = (values: readonly string[], row: Row | undefined) =>
    columns
      .map((column, index) => {
        const padded = pad(values[index] ?? '', widths[index] ?? 0, column.right === true);
        return paint(padded, row === undefined ? 'bold' : column.colour?.(row), style);
      })
      .join('  ')
      .trimEnd();
  const titles = columns.map((column) => column.title);
  return [line(titles, undefined), ...rows.map((row, index) => line(cells[index] ?? [], row))].join('\n');
}

/** `name: value` lines with the values in one column; empty values are left out. */
export function properties(pairs: readonly (readonly [name: string, value: string, colour?: Colour | undefined])[], style: Style): string {
  const shown = pairs.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => textWidth(name)));
  return shown
    .map(([name, value, colour]) => {
      const [first = '', ...rest] = safe(value).split('\n');
      const indent = ' '.repeat(width + 2);
      return [
        `${paint(`${name}:`.padEnd(width + 1), 'dim', style)} ${paint(first, colour, style)}`,
        ...rest.map((more) => indent + more),
      ].join('\n');
    })
    .join('\n');
}

/** A heading with an indented text under it. */
export function section(title: string, body: string, style: Style): string {
  const indented = body
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
  return `${paint(title, 'bold', style)}\n${indented}`;
}

function pad(text: string, width: number, right: boolean): string {
  const cut =
    textWidth(text) > width
      ? `${Array.from(text)
          .slice(0, Math.max(0, width - 1))
          .join('')}…`
      : text;
  const fill = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return right ? fill + cut : cut + fill;
}

function textWidth(text: string): number {
  return Array.from(text).length;
}
