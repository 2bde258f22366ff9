// That marks are found wherever they stand, with vectors and without.
// Must never depend on how the bytes are gone through.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineMarks, pieceBytes, type Marks } from '../../analysis/traces/line-marks.ts';
import { sharedBytes } from '../../analysis/traces/shared-prefix.ts';

const piece = fc.oneof(fc.constantFrom('\n', ': ', ':', ' ', '\r\n', '::  ', ':\n', 'word: word\n'), fc.string({ maxLength: 40 }));
const text = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
const filling = fc.constantFrom(0, 1, 15, 31, 63, pieceBytes - 20, pieceBytes - 1, pieceBytes);

const indexes = ({ at, count }: Marks): readonly number[] => [...at.subarray(0, count)];

function everyIndexOf(bytes: Buffer, wanted: string): readonly number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) found.push(at);
  return found;
}

describe.each([
  ['vectors', new LineMarks()],
  ['plain loops', new LineMarks(true)],
])('marks found by %s', (_name, marks) => {
  it('are all line feeds, and all colons with a space behind them', () => {
    fc.assert(
      fc.property(text, filling, text, (before, fill, after) => {
        const bytes = Buffer.concat([before, Buffer.alloc(fill, 'x'), after]);
        marks.read(bytes);
        expect(indexes(marks.feeds)).toEqual(everyIndexOf(bytes, '\n'));
        expect(indexes(marks.colons)).toEqual(everyIndexOf(bytes, ': '));
      }),
    );
  });

  it('say of each line how much it shares with the one before', () => {
    const alike = fc.array(fc.constantFrom('2026-11-23 03:12:58 ERROR ', 'a', 'b\n', '7', '\n', 'x'.repeat(60)), { maxLength: 60 });
    fc.assert(
      fc.property(alike, filling, alike, (before, fill, after) => {
        const bytes = Buffer.from(before.join('') + 'x'.repeat(fill) + after.join(''), 'latin1');
        marks.read(bytes);
        const starts = [0, ...everyIndexOf(bytes, '\n').map((feed) => feed + 1)];
        expect(indexes(marks.shared)).toEqual(starts.slice(1).map((start, line) => sharedBytes(bytes, starts[line] ?? 0, start)));
      }),
    );
  });
});
