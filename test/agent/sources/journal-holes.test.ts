// Statements about numbers that are missing between two journal entries: lost, or never written.
// Must never run journalctl.
import { describe, expect, it } from 'vitest';
import { countLost, holeBetween, readHeaders } from '../../../agent/sources/journal-holes.ts';

const hole = { sequence: 'a', first: 11, last: 20 };
const file = (head: number, tail: number, entries: number, sequence = 'a') => ({ sequence, head, tail, entries });

describe('a hole', () => {
  it.each([
    ['s=a;i=a;b=1', 's=a;i=15;b=1', { sequence: 'a', first: 11, last: 20 }],
    ['s=a;i=a;b=1', 's=a;i=b;b=2', undefined],
    ['s=a;i=a;b=1', 's=b;i=ff;b=1', undefined],
    ['s=a;i=a;b=1', 's=a;i=3;b=1', undefined],
    ['', 's=a;i=3;b=1', undefined],
  ])('between %s and %s is %o', (from, to, expected) => {
    expect(holeBetween(from, to)).toEqual(expected);
  });

  it('is lost where a file holds as many entries as its numbers go', () => {
    expect(countLost(hole, [file(1, 100, 100)], true)).toBe(10);
    expect(countLost(hole, [file(1, 100, 100), file(101, 200, 60)], true)).toBe(10);
  });

  it('is none where that many numbers were never written', () => {
    expect(countLost(hole, [file(1, 100, 90)], true)).toBe(0);
    expect(countLost(hole, [file(1, 100, 96)], true)).toBe(6);
  });

  it('is none where the files of several users together hold them', () => {
    expect(countLost(hole, [file(1, 100, 60), file(5, 90, 30)], true)).toBe(0);
    expect(countLost(hole, [file(1, 100, 60), file(5, 90, 40)], true)).toBe(10);
  });

  it('is lost with the file that held it, unless there may be one that this user cannot open', () => {
    expect(countLost(hole, [file(1, 10, 10), file(16, 100, 85)], true)).toBe(10);
    expect(countLost(hole, [file(1, 10, 10), file(21, 100, 80, 'b')], true)).toBe(10);
    expect(countLost(hole, [file(1, 10, 10), file(21, 100, 80)], false)).toBe(0);
  });
});

it('headers are read in the words of old and new versions', () => {
  const old =
    'File path: /a\nSequential number ID: aa\nHead sequential number: 5 (5)\nTail sequential number: 30 (1e)\nEntry objects: 26\n';
  const recent =
    '\nFile path: /b\nSequential Number ID: bb\nHead Sequential Number: 1 (1)\nTail Sequential Number: 2 (2)\nEntry Objects: 2\n';
  const empty =
    '\nFile path: /c\nSequential number ID: cc\nHead sequential number: 0 (0)\nTail sequential number: 0 (0)\nEntry objects: 0\n';
  expect(readHeaders(old + recent + empty)).toEqual([
    { sequence: 'aa', head: 5, tail: 30, entries: 26 },
    { sequence: 'bb', head: 1, tail: 2, entries: 2 },
  ]);
});
