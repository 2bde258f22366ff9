// The promise of the screen: a line that it calls ordinary is one that the joiner starts a record with, and no trace.
// Must never weaken when a language learns a new way to begin: then the screen has to learn it too.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TraceJoiner } from '../../analysis/traces/continuation.ts';
import { LineMarks } from '../../analysis/traces/line-marks.ts';
import { LineScreen } from '../../analysis/traces/line-screen.ts';

const wrappers = [
  '',
  '<13>',
  'Nov 23 03:12:58 host app[12]: ',
  '2026-11-23T03:12:58.123456+00:00 host app[12]: ',
  '2026-11-23T03:12:58.123456789Z stderr F ',
  '[   12.345678] ',
  '[   12.345678][  T123] ',
  'Nov 23 03:12:58 host kernel: [   12.345678] ',
  '<3>Nov 23 03:12:58 host kernel: [   12.345678] ',
  'Nov 23 03:12:58 host app: #011',
  'web-1  | ',
  '0|app  | ',
  '03:12:58 web.1   | ',
  'Nov 23 03:12:58 host compose[1]: web-1  | ',
  '[pod/orders-7d9f/orders] ',
  '2026-11-23 03:12:58,123 ERROR app.views ',
  '2026-11-23 03:12:58,999 ERROR app.views ',
  'Nov 23 03:12:59 ',
  '[3f2a7c1e-0b7e-4d52-9d68-0b9f4e2f6a11] ',
];

const pieces = [
  [
    'Traceback (most recent call last):',
    '  File "/srv/app.py", line 3, in main',
    'KeyError: "x"',
    'shop.errors.PaymentError',
    'Error: boom',
  ],
  ['TypeError', '    at pay (/srv/cart.js:7:3)', '\tat com.shop.Cart.total(Cart.java:3)', 'Caused by: java.io.IOException: disk'],
  [
    'java.lang.IllegalStateException',
    'Exception in thread "main" java.lang.Error: no',
    'panic: nil',
    'goroutine 1 [running]:',
    'main.main()',
  ],
  ['\t/srv/main.go:3 +0x1', 'http: panic serving 127.0.0.1:1: x', "thread 'main' panicked at src/main.rs:3:5:", 'stack backtrace:'],
  ['Stack trace:', '#0 /srv/a.php(3): f()', 'PHP Fatal error:  Uncaught Exception: x in /srv/a.php:3', '** (RuntimeError) boom'],
  ['GenServer Shop terminating', '=CRASH REPORT==== 23-Nov-2026', '** exception error: bad', '==12==ERROR: AddressSanitizer: x'],
  [
    '=================================================================',
    'BUG: unable to handle page fault',
    'Call Trace:',
    'INFO: task x:1 blocked',
  ],
  [
    '------------[ cut here ]------------',
    'Kernel panic - not syncing',
    '/srv/app.js:12',
    'file:///srv/app.mjs:3',
    'C:\\app\\x.js:3',
    'Unhandled exception:',
  ],
  [
    'stack traceback:',
    "a.rb:3:in `f': boom (RuntimeError)",
    "\tfrom a.rb:3:in `f'",
    'ERROR request failed',
    'error',
    'failed: Exception',
    '[stacktrace]',
  ],
  [
    'INFO ready',
    'listening on port 80',
    'request: done',
    'a',
    '',
    ' ',
    '}',
    'com.shop.NoSuchItem: 7',
    'shop.errors.NoStock',
    'github.com/acme/shop.(*Cart).Load',
    '  panic: boom',
    '    TypeError: x',
    '[cause]: x',
    '{"level":"error"}',
    '{',
    'DETAIL:  Key (a)=(1) already exists.',
    'ERROR:  duplicate key',
    'LOG:  statement: SELECT',
    'SEVERE: no',
    'Nov 29, 2026 1:33:07 PM com.shop.Server handle',
    'fail: Shop.Cart[0]',
    '      text of six',
    '==12==    at 0x10916B: main (main.c:8)',
    '======= Backtrace: =========',
    '/lib/libc.so.6(+0x777f5)[0x7f1a2b3c47f5]',
    ' 1: 0xb8d0a3 node::Abort() [node]',
    "terminate called after throwing an instance of 'E'",
    '==================',
    'WARNING: DATA RACE',
    'F, [2026-11-23T03:12:58.1 #7] FATAL -- : ',
    'NoMethodError (undefined method):',
    'Information for cause: KeyError (no):',
    'app/views/a.html.erb:3',
    '/srv/main.go:21 (0x7b8e84)',
    'mysqld got signal 11 ;',
    'System.Data.SqlException (0x80131904): no',
    'Caused by:',
    'future: <Task finished>',
    'Process 12 (app) of user 1 dumped core.',
    'x invoked oom-killer: y',
  ],
].flat();

const word = fc.oneof(
  fc.constantFrom(...pieces),
  fc.stringMatching(/^[ -~]{0,30}$/),
  fc.constantFrom(': ', ':', 'Error', 'panic: ', ' ', 'x.y'),
);
const content = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
const line = fc.tuple(fc.constantFrom(...wrappers), content, fc.constantFrom('', '', '\r')).map((parts) => parts.join(''));

const marks = new LineMarks();

function isOrdinary(previous: string, text: string): boolean {
  const bytes = Buffer.from(`${previous}\n${text}\n`, 'latin1');
  marks.read(bytes);
  return new LineScreen(bytes, marks.colons).isOrdinary(previous.length + 1, previous.length + 1 + text.length, 0, marks.shared.at[0] ?? 0);
}

/** What the joiner makes of the line behind another one, unless that one opened a trace. */
function judge(previous: string, text: string): string {
  const joiner = new TraceJoiner();
  joiner.next(previous);
  if (joiner.inTrace) return 'starts';
  const verdict = joiner.next(text);
  return joiner.inTrace ? 'trace' : verdict;
}

describe('a line that the screen calls ordinary', () => {
  it('starts a record and no trace, whatever stood before it', () => {
    fc.assert(
      fc.property(line, line, (previous, text) => {
        fc.pre(!text.includes('\n') && isOrdinary(previous, text));
        expect(judge(previous, text)).toBe('starts');
      }),
      { numRuns: 5000 },
    );
  });

  it('is the usual case', () => {
    const usual = [
      '2026-11-23T03:12:58Z INFO  [worker-1] request handled path=/api/items/7 status=200',
      'Nov 23 03:12:58 host app[12]: request handled path=/api/items/7 status=200',
      '10.0.0.1 - - [23/Nov/2026:03:12:58 +0000] "GET / HTTP/1.1" 200 612',
      '[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties',
      '{"level":"info","time":"2026-11-23T03:12:58Z","msg":"request handled"}',
    ];
    expect(usual.filter((text) => !isOrdinary('', text))).toEqual([]);
  });

  const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'logs');
  const files = existsSync(shared)
    ? readdirSync(shared, { recursive: true, encoding: 'utf8' })
        .map((name) => join(shared, name))
        .filter((path) => /\.(?:log|txt)$/.test(path) && statSync(path).isFile() && statSync(path).size < 4_000_000)
    : [];
  if (files.length === 0) console.warn('SKIPPED: no shared logs beside the repository');
  it.skipIf(files.length === 0)('starts a record and no trace in real logs', () => {
    const wrong: string[] = [];
    for (const path of files) {
      let previous = '';
      for (const text of readFileSync(path, 'latin1').split('\n')) {
        if (isOrdinary(previous, text) && judge(previous, text) !== 'starts') wrong.push(text);
        previous = text;
      }
    }
    expect(wrong).toEqual([]);
  });
});
