// Rows in columns: aligned, cut to the terminal, coloured only if asked.
// Must never need a terminal.
import { expect, it } from 'vitest';
import { properties, table, type Column } from '../../../coordinator/cli/table.ts';

const columns: Column<{ name: string; count: number; text: string }>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'COUNT', value: (row) => String(row.count), right: true },
  { title: 'TEXT', value: (row) => row.text, stretch: true, colour: () => 'red' },
];
const rows = [
  { name: 'web', count: 5, text: 'a long text that does not fit' },
  { name: 'database', count: 12, text: '' },
];

it('aligns columns, and puts a dash where there is nothing', () => {
  expect(table(rows, columns, { width: undefined, colours: false })).toBe(
    ['NAME      COUNT  TEXT', 'web           5  a long text that does not fit', 'database     12  -'].join('\n'),
  );
});

it('cuts the stretching column at the width of the terminal', () => {
  const lines = table(rows, columns, { width: 32, colours: false }).split('\n');
  expect(lines[1]).toBe('web           5  a long text th…');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(32);
});

it('never breaks a row, whatever a value holds', () => {
  const lines = table([{ name: 'x\ny', count: 1, text: '\u001b[2J' }], columns, { width: undefined, colours: false }).split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('\\u{1b}[2J');
});

it('colours only if asked to', () => {
  expect(table(rows, columns, { width: undefined, colours: true })).toContain('\u001b[31m');
  expect(table(rows, columns, { width: undefined, colours: false })).not.toContain('\u001b');
});

it('leaves empty properties out and indents further lines', () => {
  expect(
    properties(
      [
        ['a', '1\n2'],
        ['long name', 'x'],
        ['empty', ''],
      ],
      { width: undefined, colours: false },
    ),
  ).toBe(['a:         1', '           2', 'long name: x'].join('\n'));
});
