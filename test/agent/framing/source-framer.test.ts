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

describe('traces as they stand in syslog files', () => {
  const headers = {
    'RFC 3164': 'Nov 29 10:00:00 web-1 shop[812]: ',
    'RFC 3164 with its priority': '<27>Nov 29 10:00:00 web-1 shop[812]: ',
    'RFC 5424': '<27>1 2026-11-29T10:00:00.123456+01:00 web-1 shop 812 - - ',
    'RFC 5424 with data and a byte order mark': '<27>1 2026-11-29T10:00:00Z web-1 shop 812 ID47 [a@1 k="]\\" x"][b@1] \u{feff}',
  };
  const traces = {
    Node: ['Error: connect ECONNREFUSED', '    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1605:16)'],
    Java: [
      'java.lang.IllegalStateException: Failed to process order',
      '\tat com.shop.OrderService.process(OrderService.java:142)',
      'Caused by: org.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint "orders_pkey"',
      '  Detail: Key (id)=(17) already exists.',
      '\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2725)',
      '\t... 12 common frames omitted',
    ],
    'Ruby 3.4': [
      "/srv/app/order.rb:17:in 'Order#total': undefined method 'price' for nil (NoMethodError)",
      '',
      '    items.map { |i| i.price }',
      '                     ^^^^^^',
      "\tfrom /srv/app/order.rb:12:in 'Array#each'",
      "\tfrom /srv/app/main.rb:3:in '<main>'",
    ],
    kernel: [
      'BUG: kernel NULL pointer dereference, address: 0000000000000008',
      'RIP: 0010:widget_poll+0x1b/0x60 [widget]',
      'Call Trace:',
      ' <TASK>',
      ' process_one_work+0x1c7/0x380',
      ' </TASK>',
      '---[ end trace 0000000000000000 ]---',
    ],
  };
  const cases = Object.entries({ plain: '', ...headers }).flatMap(([format, header]) =>
    Object.entries(traces).map(([language, lines]) => ({ format, header, language, lines })),
  );

  it.each(cases)('$language is one record between ordinary lines ($format)', ({ header, lines }) => {
    const text = ['request 1 served', ...lines, 'request 2 served', 'request 3 served'].map((line) => `${header}${line}\n`);
    const trace = text.slice(1, -2).join('');
    const { records } = readAll(createSourceFramer({}), Buffer.from(text.join('')));
    expect(records).toEqual([text[0], trace, text.at(-2), text.at(-1)]);
  });
});
