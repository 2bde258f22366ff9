// States which headers are read out of lines, whatever wrote them.
// Must never name a data set: the lines are made up in the style of common loggers.
import { describe, expect, test } from 'vitest';
import { Analyzer } from '../../../analysis/analyzer.ts';
import type { ParsedRecord } from '../../../analysis/entry.ts';

const readAt = Date.UTC(2024, 0, 31, 12);

/** The record of the last line, after all lines were read a few times. */
function learn(lines: readonly string[], times = 3): ParsedRecord {
  const analyzer = new Analyzer();
  let last: ParsedRecord | undefined;
  for (let i = 0; i < times; i++) for (const line of lines) last = analyzer.analyze('test', line, { timeMs: readAt }).record;
  if (last === undefined) throw new Error('no lines');
  return last;
}

const moment = Date.UTC(2024, 0, 31, 10, 15, 0);

test('a header ends with its line, whatever the next line looks like', () => {
  const head = 'Jan 31 10:15:00 web1 shop[812]: ';
  const record = new Analyzer().analyze('test', `${head}ERROR request failed\n${head}panic: boom`, { timeMs: readAt }).record;
  expect(record).toMatchObject({ process: 'shop', severity: 'error', component: undefined, thread: undefined });
  expect(record.message).toBe(`request failed\n${head}panic: boom`);
});

describe('timestamps', () => {
  test.each([
    ['2024-01-31 10:15:00 INFO started', moment],
    ['2024-01-31T10:15:00.250Z INFO started', moment + 250],
    ['2024-01-31T12:15:00+02:00 INFO started', moment],
    ['2024-01-31 10:15:00,250 INFO started', moment + 250],
    ['2024/01/31 10:15:00 INFO started', moment],
    ['24/01/31 10:15:00 INFO started', moment],
    ['01/31/2024 10:15:00 AM INFO started', moment],
    ['31.01.2024 10:15:00 INFO started', moment],
    ['31/Jan/2024:10:15:00 +0000 INFO started', moment],
    ['31 Jan 2024 10:15:00 INFO started', moment],
    ['Wed Jan 31 10:15:00 2024 INFO started', moment],
    ['Wed, 31 Jan 2024 10:15:00 GMT INFO started', moment],
    ['Jan 31 10:15:00 INFO started', moment],
    ['01-31 10:15:00.250 INFO started', moment + 250],
    ['240131 101500 INFO started', moment],
    ['20240131-10:15:00:250 INFO started', moment + 250],
    ['20240131T101500Z INFO started', moment],
    ['2024-01-31-10.15.00.250000 INFO started', moment + 250],
    ['1706696100 INFO started', moment],
    ['1706696100.25 INFO started', moment + 250],
    ['1706696100250 INFO started', moment + 250],
    ['1706696100250000 INFO started', moment + 250],
    ['1706696100250000000 INFO started', moment + 250],
    ['10:15:00 INFO started', moment],
    ['2024-01-31 11:15:00 CET INFO started', moment],
    ['[2024-01-31T10:15:00Z] INFO started', moment],
    ['2024-01-31 10:15 INFO started', moment],
    ['2024-01-31  9:15:00 INFO started', moment - 3_600_000],
    ['2024-01-31, 10:15:00 INFO started', moment],
    ['2024-01-31 @ 10:15:00 INFO started', moment],
    ['(2024-01-31 10:15:00) INFO started', moment],
    ['"2024-01-31 10:15:00" INFO started', moment],
    ['*Jan 31 10:15:00.250: INFO started', moment + 250],
    ['<Jan 31, 2024 10:15:00 AM UTC> INFO started', moment],
    ['31.01.24 10:15:00 INFO started', moment],
    ['20240131101500 INFO started', moment],
    ['20240131T101500.250Z INFO started', moment + 250],
    ['2024-01-31T10:15:00Z\nINFO started', moment],
  ])('%s', (line, expected) => {
    const record = learn([line]);
    expect(record.timeMs).toBe(expected);
    expect(record.severity).toBe('info');
    expect(record.message).toBe('started');
  });

  test('a year that is not written is the one that makes the line recent', () => {
    const analyzer = new Analyzer();
    const { record } = analyzer.analyze('s', 'Dec 31 23:59:59 host app: late', { timeMs: Date.UTC(2024, 0, 1, 1) });
    expect(record.timeMs).toBe(Date.UTC(2023, 11, 31, 23, 59, 59));
  });

  test('without a time of reading a yearless timestamp stays unknown', () => {
    expect(new Analyzer().analyze('s', 'Dec 31 23:59:59 host app: late').record.timeMs).toBeUndefined();
  });
});

describe('parts', () => {
  test.each<[string, string[], Partial<ParsedRecord>]>([
    ['syslog file', ['Jan 31 10:15:00 web1 sshd[42]: closed'], { host: 'web1', process: 'sshd', pid: 42, message: 'closed' }],
    ['tag without pid', ['Jan 31 10:15:00 web1 kernel: eth0 up'], { host: 'web1', process: 'kernel', message: 'eth0 up' }],
    [
      'python logging',
      ['2024-01-31 10:15:00,123 - app.db - ERROR - lost it'],
      { severity: 'error', component: 'app.db', message: 'lost it' },
    ],
    [
      'java pattern',
      ['10:15:00.123 [main] WARN  c.e.Foo - slow start'],
      { severity: 'warning', thread: 'main', component: 'c.e.Foo', message: 'slow start' },
    ],
    [
      'spring',
      ['2024-01-31T10:15:00.123Z  INFO 7 --- [main] com.example.App  : up'],
      { severity: 'info', pid: 7, thread: 'main', component: 'com.example.App', message: 'up' },
    ],
    [
      'glog',
      ['E0131 10:15:00.000000    12 store.go:45] no space'],
      { severity: 'error', pid: 12, component: 'store.go:45', message: 'no space' },
    ],
    ['nginx', ['2024/01/31 10:15:00 [error] 5#6: *7 open failed'], { severity: 'error', pid: 5, thread: '6', message: '*7 open failed' }],
    [
      'one-letter level',
      ['01-31 10:15:00.123  17  23 E Wifi: gone'],
      { severity: 'error', pid: 17, thread: '23', component: 'Wifi', message: 'gone' },
    ],
    ['pipes', ['20240131-10:15:00:123|Step|300|count 5'], { component: 'Step', pid: 300, message: 'count 5' }],
    ['rust', ['[2024-01-31T10:15:00Z WARN  net::tcp] dropped'], { severity: 'warning', component: 'net::tcp', message: 'dropped' }],
    [
      'brackets without blanks',
      ['[2024-01-31T10:15:00,123][WARN ][o.e.Disk] [node-1] low on space'],
      { severity: 'warning', thread: 'o.e.Disk', component: 'node-1', message: 'low on space' },
    ],
    [
      'a name and a level in one bracket',
      ['[Wed Jan 31 10:15:00.123456 2024] [core:warn] [pid 7:tid 9] no space'],
      { severity: 'warning', component: 'core', message: 'no space' },
    ],
    [
      'a thread and a level in one bracket',
      ['[10:15:00] [Server thread/WARN]: late'],
      { severity: 'warning', thread: 'Server thread', message: 'late' },
    ],
    [
      'angle brackets',
      ['####<Jan 31, 2024 10:15:00 AM UTC> <Error> <JDBC> <X-1> <pool lost>'],
      { severity: 'error', thread: 'JDBC', component: 'X-1', message: '<pool lost>' },
    ],
    [
      'level, logger and message by colons',
      ['ERROR:app.db:lost it', 'INFO:root:up', 'ERROR:app.db:lost 2'],
      { severity: 'error', component: 'app.db', message: 'lost 2' },
    ],
    ['level and tag by a slash', ['W/Activity( 12): late'], { severity: 'warning', component: 'Activity', pid: 12, message: 'late' }],
    [
      'a name that not every line has, before the level',
      [
        '2024-01-31 10:15:00 UTC [7] LOG:  up',
        '2024-01-31 10:15:00 UTC [7] app@shop ERROR:  lost',
        '2024-01-31 10:15:00 UTC [7] app@shop FATAL:  gone',
      ],
      { severity: 'critical', pid: 7, message: 'gone' },
    ],
    [
      'a thread by its address',
      ['2024-01-31T10:15:00.123+0000 7f3a5c2d8700 -1 osd.1 lost'],
      { thread: '7f3a5c2d8700', message: 'osd.1 lost' },
    ],
    [
      'semicolons',
      ['2024-01-31 10:15:00.123; ERROR; billing; order 5 failed'],
      { severity: 'error', component: 'billing', message: 'order 5 failed' },
    ],
    [
      'colours',
      ['\u001b[2m2024-01-31T10:15:00Z\u001b[0m \u001b[31mERROR\u001b[0m \u001b[2mshop::db\u001b[0m\u001b[2m:\u001b[0m lost it'],
      { severity: 'error', component: 'shop::db', message: 'lost it' },
    ],
    [
      'a mnemonic with a level',
      ['Jan 31 10:15:00 sw1 : %LINK-3-UPDOWN: Interface Gi0/1, down'],
      { severity: 'error', message: '%LINK-3-UPDOWN: Interface Gi0/1, down' },
    ],
    [
      'values that are missing',
      ['2024-01-31 10:15:00 10.0.0.1 GET /orders - 443 - 10.0.0.2 curl 200'],
      { message: '10.0.0.1 GET /orders - 443 - 10.0.0.2 curl 200' },
    ],
    ['channel and level', ['[2024-01-31 10:15:00] web.ERROR: boom'], { severity: 'error', component: 'web', message: 'boom' }],
    ['kernel ring buffer', ['[   12.345678] usb 1-1: reset'], { timeMs: undefined, process: undefined, message: 'usb 1-1: reset' }],
    [
      'level and process in the bracket of the time',
      ['[2024-01-31 10:15:00,123: ERROR/MainProcess] boom'],
      { severity: 'error', thread: 'MainProcess', message: 'boom' },
    ],
    [
      'pairs between time and level',
      ['10:15:00.123 [info] fine', '10:15:00.123 request_id=Fx3a [error] boom'],
      { severity: 'error', requestId: 'Fx3a', message: 'boom' },
    ],
    ['label before the time', ['- 1706696100 n1 up', 'ECC 1706696100 n1 down'], { fields: { label: 'ECC' } }],
    [
      'client before the time',
      ['10.0.0.7 - - [31/Jan/2024:10:15:00 +0000] "GET /a HTTP/1.1" 200 5'],
      { fields: { client: '10.0.0.7' }, message: '"GET /a HTTP/1.1" 200 5' },
    ],
    ['level alone', ['ERROR: boom'], { severity: 'error', message: 'boom' }],
    ['lower-case level in a column', ['2024-01-31T10:15:00Z   error   boom went it'], { severity: 'error', message: 'boom went it' }],
    ['JSON behind a time', ['2024-01-31T10:15:00Z {"level":"warn","msg":"hot"}'], { severity: 'warning', message: 'hot' }],
  ])('%s', (_name, lines, expected) => {
    expect(learn(lines)).toMatchObject(expected);
  });

  test('a request id in brackets is told from a thread', () => {
    const line = '2024-01-31 10:15:00 12 INFO api [req-38101a0b-2096-447d-96ea-a692162415ae - -] done';
    expect(learn([line])).toMatchObject({ requestId: 'req-38101a0b-2096-447d-96ea-a692162415ae', component: 'api', message: 'done' });
  });

  test('brackets that only some lines have belong to the message', () => {
    const lines = Array.from(
      { length: 40 },
      (_, i) => `[Wed Jan 31 10:15:00 2024] [error] ${i % 4 === 0 ? '[client 10.0.0.1] ' : ''}denied`,
    );
    expect(learn([...lines, '[Wed Jan 31 10:15:00 2024] [error] [client 10.0.0.9] denied']).message).toBe('[client 10.0.0.9] denied');
  });

  test('a time that the message tells is not header', () => {
    const line = 'Jan 31 10:15:00 web1 ftpd[4]: connection from 10.0.0.1 () at Wed Jan 31 10:15:00 2024';
    expect(learn([line], 80).message).toBe('connection from 10.0.0.1 () at Wed Jan 31 10:15:00 2024');
  });
});

test('a source that changes its format is learnt anew', () => {
  const analyzer = new Analyzer();
  for (let i = 0; i < 200; i++) analyzer.analyze('s', `2024-01-31 10:15:00 INFO [worker-${i % 3}] job ${i} done`);
  for (let i = 0; i < 400; i++) analyzer.analyze('s', `2024-01-31 10:15:00 web1 app[${i}]: job ${i} done`);
  const { record } = analyzer.analyze('s', '2024-01-31 10:15:00 web1 app[9]: job 9 done');
  expect(record).toMatchObject({ host: 'web1', process: 'app', pid: 9, message: 'job 9 done' });
});

test('two formats in one source do not disturb each other', () => {
  const analyzer = new Analyzer();
  let last: ParsedRecord[] = [];
  for (let i = 0; i < 150; i++) {
    last = [
      analyzer.analyze('s', `Jan 31 10:15:00 web1 app[${i}]: first ${i}`).record,
      analyzer.analyze('s', `2024-01-31T10:15:00Z INFO [main] second ${i}`).record,
    ];
  }
  expect(last.map(({ message }) => message)).toEqual(['first 149', 'second 149']);
});
