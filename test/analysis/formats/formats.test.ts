// States how structured lines are read: JSON, logfmt, CRI, Docker, syslog and the journal.
// Must never test headers of plain text; headers.test.ts does.
import { expect, test } from 'vitest';
import { Analyzer, type AnalyzeHints } from '../../../analysis/analyzer.ts';

function read(text: string, hints?: AnalyzeHints) {
  return new Analyzer().analyze('s', text, hints).record;
}

test('JSON of common loggers', () => {
  expect(read('{"level":50,"time":1706696100123,"pid":7,"hostname":"web1","msg":"boom","req":{"id":"a1"}}')).toMatchObject({
    format: 'json',
    severity: 'error',
    timeMs: 1_706_696_100_123,
    pid: 7,
    host: 'web1',
    requestId: 'a1',
    message: 'boom',
    fields: { 'req.id': 'a1' },
  });
  expect(read('{"@timestamp":"2024-01-31T10:15:00Z","log.level":"WARN","message":"hot","service.name":"shop"}')).toMatchObject({
    severity: 'warning',
    process: 'shop',
    timeMs: Date.UTC(2024, 0, 31, 10, 15),
  });
});

test('a stack in a field of its own becomes the trace', () => {
  const stack = 'TypeError: x is undefined\n    at total (/app/cart.js:10:5)\n    at main (/app/main.js:2:1)';
  const record = read(JSON.stringify({ level: 'error', msg: 'checkout failed', err: { stack } }));
  expect(record.trace?.type).toBe('TypeError');
  expect(record.message.split('\n', 1)).toEqual(['checkout failed']);
});

const stackOfNode = 'TypeError: x is undefined\n    at total (/app/cart.js:10:5)\n    at main (/app/main.js:2:1)';

test.each([
  ['a field named like an error', { msg: 'checkout failed', error: stackOfNode }],
  ['a field that no logger names', { msg: 'checkout failed', context: { failure: { trail: stackOfNode } } }],
  ['an array of lines', { msg: 'checkout failed', stack: stackOfNode.split('\n') }],
  [
    'an object whose stack is frames alone',
    { msg: 'checkout failed', err: { name: 'TypeError', message: 'x is undefined', stack: stackOfNode.slice(26) } },
  ],
])("the trace in %s becomes the record's", (_name, fields) => {
  const { trace, message } = read(JSON.stringify({ level: 'error', ...fields }));
  expect(trace).toMatchObject({ language: 'node', type: 'TypeError', message: 'x is undefined' });
  expect(trace?.frames.map((frame) => frame.function)).toEqual(['total', 'main']);
  expect(message.split('\n', 1)).toEqual(['checkout failed']);
});

test("the trace in a logfmt field becomes the record's", () => {
  const { trace } = read(`time=2024-01-31T10:15:00Z level=error msg="checkout failed" error=${JSON.stringify(stackOfNode)}`);
  expect(trace).toMatchObject({ type: 'TypeError', message: 'x is undefined' });
});

test('several lines of anything else stay a field', () => {
  const sql = 'SELECT total\n  FROM carts -- at 10:15\n  WHERE id = 7 LIMIT 10';
  expect(read(JSON.stringify({ msg: 'slow query', sql, tags: ['web:1', 'checkout:2', 'cart at 10:15'] }))).toMatchObject({
    message: 'slow query',
    trace: undefined,
    fields: { sql },
  });
});

test('a trace that the message holds already is not looked for elsewhere', () => {
  const record = read(JSON.stringify({ msg: stackOfNode, error: stackOfNode.replace('TypeError', 'RangeError') }));
  expect(record).toMatchObject({ message: stackOfNode, trace: { type: 'TypeError' } });
});

test.each([
  [
    'as rsyslog escapes it',
    (text: string) => `2024-01-31T10:15:00.123456+00:00 web1 shop[7]: ${text.replaceAll('\n', '#012').replaceAll('\t', '#011')}`,
  ],
  [
    'with literal escapes',
    (text: string) => `2024-01-31 10:15:00 ERROR shop: ${text.replaceAll('\n', String.raw`\n`).replaceAll('\t', String.raw`\t`)}`,
  ],
])('a trace on one line %s is read', (_name, wrap) => {
  expect(read(wrap(stackOfNode)).trace).toMatchObject({ type: 'TypeError', frames: [{ function: 'total' }, { function: 'main' }] });
  const java = 'com.shop.CartException: no cart\n\tat com.shop.Cart.load(Cart.java:12)\n\tat com.shop.App.main(App.java:3)';
  expect(read(wrap(java)).trace).toMatchObject({ language: 'java', type: 'com.shop.CartException', frames: [{ line: 12 }, { line: 3 }] });
});

test.each(['2024-01-31 10:15:00 ERROR cannot open C:\\new\\names\\node.txt at line 3', 'order #0124 and order #01299 failed: Error'])(
  'what only looks like an escape is no trace: %s',
  (text) => {
    expect(read(text).trace).toBeUndefined();
  },
);

test('a field called __proto__ is only a field', () => {
  const record = read('{"msg":"x","__proto__":{"polluted":true}}');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(record.message).toBe('x');
});

test('logfmt needs pairs nearly throughout', () => {
  expect(read('time=2024-01-31T10:15:00Z level=warn msg="slow \\"query\\"" took=3s ok=true')).toMatchObject({
    format: 'logfmt',
    severity: 'warning',
    message: 'slow "query"',
    fields: { took: '3s', ok: true },
  });
  expect(read('x=1 was set, then level=2 came').format).toBe('plain');
});

test('a CRI line is unwrapped and its message read', () => {
  expect(read('2024-01-31T10:15:00.123456789Z stderr F 2024-01-31 10:14:59 ERROR [main] Foo: broken')).toMatchObject({
    format: 'cri',
    timeMs: Date.UTC(2024, 0, 31, 10, 15, 0, 123),
    severity: 'error',
    thread: 'main',
    component: 'Foo',
    message: 'broken',
    fields: { stream: 'stderr' },
  });
});

test('a Docker line is unwrapped and its message read', () => {
  const line = JSON.stringify({ log: '{"level":"error","msg":"bad"}\n', stream: 'stdout', time: '2024-01-31T10:15:00.5Z' });
  expect(read(line)).toMatchObject({ format: 'docker', severity: 'error', message: 'bad', timeMs: Date.UTC(2024, 0, 31, 10, 15, 0, 500) });
});

test.each([
  ['Docker', (line: string) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2016-10-06T00:17:09.669Z' })],
  ['CRI', (line: string) => `2016-10-06T00:17:09.669Z stderr F ${line}`],
])('the joined lines of a trace lose the header that %s gave each', (_name, wrap) => {
  const lines = stackOfNode.split('\n').map((line) => wrap(line));
  expect(read(lines.join('\n'))).toMatchObject({
    timeMs: Date.UTC(2016, 9, 6, 0, 17, 9, 669),
    fields: { stream: 'stderr' },
    message: stackOfNode,
    trace: { type: 'TypeError' },
  });
});

test('RFC 5424 with structured data', () => {
  expect(read('<165>1 2003-10-11T22:14:15.003Z mymachine evntslog 12 ID47 [ex@1 iut="3" src="a \\"b\\""] An event')).toMatchObject({
    format: 'syslog',
    severity: 'notice',
    host: 'mymachine',
    process: 'evntslog',
    pid: 12,
    message: 'An event',
    fields: { 'ex@1.iut': '3', 'ex@1.src': 'a "b"', messageId: 'ID47', facility: 20 },
  });
});

test('RFC 3164 behind a priority', () => {
  expect(read('<34>Oct 11 22:14:15 mymachine su[5]: failed for lonvick', { timeMs: Date.UTC(2024, 0, 1) })).toMatchObject({
    format: 'syslog',
    severity: 'critical',
    host: 'mymachine',
    process: 'su',
    pid: 5,
    timeMs: Date.UTC(2023, 9, 11, 22, 14, 15),
    message: 'failed for lonvick',
  });
});

test('journal fields come with the record or as a line', () => {
  const fields = {
    MESSAGE: 'Failed to start x.service',
    PRIORITY: '3',
    _HOSTNAME: 'web1',
    SYSLOG_IDENTIFIER: 'systemd',
    _PID: '1',
    __REALTIME_TIMESTAMP: '1706696100123456',
  };
  const expected = { format: 'journal', severity: 'error', host: 'web1', process: 'systemd', pid: 1, timeMs: 1_706_696_100_123 };
  expect(read('Failed to start x.service', { fields })).toMatchObject(expected);
  expect(read(JSON.stringify(fields))).toMatchObject({ ...expected, message: 'Failed to start x.service' });
});

test('malformed structure is text', () => {
  for (const text of ['{"level":', '<999>x', '<34>1 nothing', '{}x}', 'level=info msg="open', '{"log":3}']) {
    expect(() => read(text)).not.toThrow();
  }
});

test('audit records keep their pairs, and lose their stamp', () => {
  expect(read('type=SYSCALL msg=audit(1706696100.123:456): arch=c000003e syscall=59 pid=7 comm="ls" exe="/usr/bin/ls"')).toMatchObject({
    timeMs: 1_706_696_100_123,
    process: 'audit',
    component: 'SYSCALL',
    message: 'SYSCALL arch=c000003e syscall=59 pid=7 comm="ls" exe="/usr/bin/ls"',
    fields: { serial: 456, syscall: 59, comm: 'ls', exe: '/usr/bin/ls' },
  });
  const login = `node=web1 type=USER_LOGIN msg=audit(1706696100.123:457): pid=9 msg='op=login acct="root" res=failed'`;
  expect(read(login)).toMatchObject({ host: 'web1', fields: { pid: 9, op: 'login', acct: 'root' } });
});

test('day and clock in two pairs', () => {
  expect(read('date=2024-01-31 time=10:15:00 devname="fw1" level="warning" msg="denied"')).toMatchObject({
    timeMs: Date.UTC(2024, 0, 31, 10, 15),
    severity: 'warning',
    message: 'denied',
  });
});
