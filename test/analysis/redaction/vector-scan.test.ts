// That the scan with vectors suggests what the plain one does: the same anchors, the same cards, wherever pieces of memory begin.
// Must never hold a credential that works anywhere.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnchorSearch } from '../../../analysis/redaction/anchor-search.ts';
import { AnchorTable, wordAt } from '../../../analysis/redaction/anchor-table.ts';
import type { Finding, Probe } from '../../../analysis/redaction/finding.ts';
import { formats } from '../../../analysis/redaction/formats.ts';
import { PlainScan } from '../../../analysis/redaction/plain-scan.ts';
import { prefixProbes } from '../../../analysis/redaction/prefix-probe.ts';
import { shapeProbes } from '../../../analysis/redaction/shape-probes.ts';
import type { SuspectScan } from '../../../analysis/redaction/suspect-scan.ts';
import { pieceBytes, VectorScan } from '../../../analysis/redaction/vector-scan.ts';

const anyCase: Probe = { anchors: ['toke', 'ass=', ['abc', ':', '/', '/']], anyCase: true, examine: () => undefined };
const table = new AnchorTable([anyCase, ...shapeProbes, ...prefixProbes(formats)]);
const plain = new PlainScan(table);
const started = VectorScan.start(table);
const vectors = started ?? plain;

function anchorEnds(scan: SuspectScan, bytes: Uint8Array): readonly number[] {
  const ends: number[] = [];
  scan.scan(
    bytes,
    (end) => {
      if (table.probesOf(wordAt(bytes, end)) !== undefined) ends.push(end);
    },
    () => undefined,
  );
  return ends;
}

function findings(scan: SuspectScan, bytes: Uint8Array): readonly Finding[] {
  // Places that are looked at twice are found twice; whoever merges findings doesn't mind.
  const found = new Map<string, Finding>();
  new AnchorSearch(table, scan).search(bytes, (finding) => found.set(JSON.stringify(finding), finding));
  return [...found.values()].toSorted(
    (left, right) => left.start - right.start || left.end - right.end || (left.kind < right.kind ? -1 : 1),
  );
}

/** What makes anchors, cards, and things that resemble them. */
const piece = fc.oneof(
  fc.constantFrom('toKe', 'ASS=', 'b://', 'ghp_', 'AKIA', 'xoxb-', ' SK0', '\n1//0', 'eyJh', '12:A', 'SG.', 'assassass', 'tokentoke'),
  fc.constantFrom('4111111111111111', '4111 1111 1111 1111', '5500-0000-0000-0004', '378282246310005', '30569309025904', '4111-1111 1111'),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789 -')), maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join('')));
/** So that what matters stands at the beginning, the end, or where a piece of memory ends. */
const filling = fc.constantFrom(0, 1, 15, 16, 63, 64, pieceBytes - 40, pieceBytes - 3, 2 * pieceBytes - 17);

describe('a scan with vectors', () => {
  it('is to be had where tests run', () => {
    expect(started).toBeDefined();
  });

  it('finds each anchor that a plain scan finds', () => {
    fc.assert(
      fc.property(text, filling, text, (before, fill, after) => {
        const bytes = Buffer.concat([before, Buffer.alloc(fill, '.'), after]);
        expect(anchorEnds(vectors, bytes)).toEqual(anchorEnds(plain, bytes));
      }),
    );
  });

  it('leads to the same findings', () => {
    fc.assert(
      fc.property(text, filling, text, (before, fill, after) => {
        const bytes = Buffer.concat([before, Buffer.alloc(fill, 'x '), after]);
        expect(findings(vectors, bytes)).toEqual(findings(plain, bytes));
      }),
    );
  });

  it.each([
    '4111 1111 1111 1111 5500-0000-0000-0004 378282246310005 30569309025904 6011000990139424 '.repeat(20),
    `${'1234 '.repeat(40)}4111111111111111 ${'1234 '.repeat(40)}`,
    '081109 203615 148 INFO 2025-10-09 12:34:56 1760000000000',
  ])('finds the same cards in columns of numbers', (numbers) => {
    for (const offset of [0, 7, 31, pieceBytes - 100]) {
      const bytes = Buffer.concat([Buffer.alloc(offset, ' '), Buffer.from(numbers)]);
      expect(findings(vectors, bytes)).toEqual(findings(plain, bytes));
    }
  });
});
