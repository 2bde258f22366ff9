// Statements about formats: fragments are put together, encodings are translated, and positions stay those of the file.
// Must never test the joining of traces; that has its own statements.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSourceFramer } from '../../../agent/framing/source-framer.ts';
import type { Framer } from '../../../agent/record.ts';

const time = '2026-11-23T03:12:58.123456789Z';

interface Read {
  readonly records: readonly string[];
  /** Where each framing ended, in the input. */
  readonly ends: readonly number[];
}

/** Reads from record to record; `size` bytes at a time where that suffices. */
function readAll(framer: Framer, bytes: Buffer, size = bytes.length): Read {
  const records: string[] = [];
  const ends: number[] = [];
  let offset = 0;
  let wanted = size;
  while (offset < bytes.length) {
    const window = bytes.subarray(offset, offset + wanted);
    const isAll = offset + window.length === bytes.length;
    const framed = framer.frame(window, isAll ? 'everything' : 'none');
    if (framed.consumed === 0) {
      wanted += size;
      continue;
    }
    wanted = size;
    const out = framed.bytes ?? window.subarray(0, framed.consumed);
    let start = 0;
    for (const length of framed.recordLengths) {
      records.push(out.toString('utf8', start, start + length));
      start += length;
    }
    expect(start).toBe(out.length);
    offset += framed.consumed;
    ends.push(offset);
  }
  return { records, ends };
}

describe('CRI lines', () => {
  it('become one when they are fragments, each stream for itself', () => {
    const input = [
      `${time} stdout F first`,
      `${time} stdout P one, `,
      `${time} stderr F between`,
      `${time} stdout P two, `,
      `${time} stdout F three`,
      `${time} stdout F last`,
      '',
    ].join('\n');
    expect(readAll(createSourceFramer({}), Buffer.from(input)).records).toEqual([
      `${time} stdout F first\n`,
      `${time} stderr F between\n`,
      `${time} stdout F one, two, three\n`,
      `${time} stdout F last\n`,
    ]);
  });

  it('are held while a fragment waits for its rest', () => {
    const framer = createSourceFramer({ format: 'cri' });
    const input = Buffer.from(`${time} stdout F whole\n${time} stdout P begun\n`);
    const framed = framer.frame(input, 'records');
    expect(framed.consumed).toBe(input.indexOf('\n') + 1);
  });

  it('join a trace that the container wrote line by line', () => {
    const lines = ['TypeError: x', '    at a (/app/a.js:1:1)', '    at b (/app/b.js:1:1)'].map((line) => `${time} stderr F ${line}\n`);
    expect(readAll(createSourceFramer({}), Buffer.from(`${lines.join('')}${time} stdout F done\n`)).records).toEqual([
      lines.join(''),
      `${time} stdout F done\n`,
    ]);
  });

  it('give the same records however they are read', () => {
    const fragment = fc.tuple(fc.constantFrom('stdout', 'stderr'), fc.constantFrom('P', 'F', 'F'), fc.stringMatching(/^[a-z ]{0,12}$/));
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), fc.integer({ min: 20, max: 400 }), (fragments, size) => {
        const bytes = Buffer.from(fragments.map(([stream, flag, text]) => `${time} ${stream} ${flag} ${text}\n`).join(''));
        const framer = createSourceFramer({ format: 'cri' });
        expect(readAll(framer, bytes, size).records).toEqual(readAll(framer, bytes).records);
      }),
    );
  });
});

describe("Docker's JSON lines", () => {
  const line = (log: string, stream = 'stdout'): string => `${JSON.stringify({ log, stream, time })}\n`;

  it('become one when they are fragments', () => {
    const input = line('whole\n') + line('one, "quoted" ') + line('two\\n') + line(' three\n') + line('last\n', 'stderr');
    const { records } = readAll(createSourceFramer({}), Buffer.from(input));
    expect(records.map((record) => (JSON.parse(record) as { log: string }).log)).toEqual([
      'whole\n',
      'one, "quoted" two\\n three\n',
      'last\n',
    ]);
  });

  it('are left alone when they are whole', () => {
    const bytes = Buffer.from(line('a\n') + line('b\n'));
    expect(createSourceFramer({}).frame(bytes, 'everything').bytes).toBeUndefined();
  });
});

describe.each(['utf-16le', 'utf-16be'] as const)('%s', (encoding) => {
  const encode = (text: string): Buffer => {
    const little = Buffer.from(text, 'utf16le');
    return encoding === 'utf-16le' ? little : little.swap16();
  };

  it('is read as UTF-8, its mark dropped', () => {
    const framer = createSourceFramer({ encoding });
    expect(readAll(framer, encode('\ufefferste Zeile\nzwölf 🐘\n')).records).toEqual(['erste Zeile\n', 'zwölf 🐘\n']);
  });

  it('keeps positions in bytes of the file', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 })), fc.integer({ min: 1, max: 60 }), (lines, size) => {
        const plain = lines.map((line) => line.replaceAll('\n', ' ').replace('\ufeff', ''));
        const text = plain.map((line) => `${line}\n`).join('');
        const { records, ends } = readAll(createSourceFramer({ encoding, multiline: false }), encode(text), size);
        expect(records.join('')).toBe(text);
        for (const end of ends) expect(encode(text).subarray(0, end).length % 2).toBe(0);
      }),
    );
  });
});

describe('a start pattern', () => {
  it('decides alone where a record begins', () => {
    const framer = createSourceFramer({ startPattern: '^\\d{4}-' });
    expect(readAll(framer, Buffer.from('2026-1 a\nmore\nyet more\n2026-2 b\n')).records).toEqual([
      '2026-1 a\nmore\nyet more\n',
      '2026-2 b\n',
    ]);
  });
});
