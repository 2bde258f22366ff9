// A text as lines that each keep their ending, so that what isn't edited stays as it was, byte for byte.
// Must never normalise anything by itself.

export interface Line {
  readonly text: string;
  /** `\n`, `\r\n`, or nothing at the end of a text that lacks it. */
  readonly end: string;
}

export interface TextLines {
  readonly lines: readonly Line[];
  /** A byte order mark at the beginning. */
  readonly mark: string;
  /** The ending that most lines have. */
  readonly newline: '\n' | '\r\n';
}

const byteOrderMark = '\uFEFF';

export function readLines(text: string): TextLines {
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : '';
  const lines: Line[] = [];
  let start = mark.length;
  let carriages = 0;
  while (start < text.length) {
    const at = text.indexOf('\n', start);
    if (at < 0) {
      lines.push({ text: text.slice(start), end: '' });
      break;
    }
    const hasCarriage = at > start && text[at - 1] === '\r';
    if (hasCarriage) carriages += 1;
    lines.push({ text: text.slice(start, hasCarriage ? at - 1 : at), end: hasCarriage ? '\r\n' : '\n' });
    start = at + 1;
  }
  return { lines, mark, newline: carriages * 2 > lines.length ? '\r\n' : '\n' };
}

export function writeLines({ lines, mark }: Pick<TextLines, 'lines' | 'mark'>): string {
  return mark + lines.map(({ text, end }) => text + end).join('');
}

/** Lines of a search or replacement: endings dropped, a last newline adds no empty line. */
export function plainLines(text: string): readonly string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
