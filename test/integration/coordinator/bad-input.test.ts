// Input that isn't as logs should be: all of it is kept, and each trouble of a source is told once.
// Must never measure time; what would take for ever ends the test.
import { expect, test } from 'vitest';
import { createLogger } from '../../../base/logger.ts';
import { shipLines, stageCoordinator, type CoordinatorStage } from '../../support/coordinator-stage.ts';
import { ctl } from '../../support/operator-command.ts';

async function stage(): Promise<{ stage: CoordinatorStage; warnings: () => string[] }> {
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', output: 'json', destination: (line) => void lines.push(line) });
  const warnings = (): string[] =>
    lines
      .map((line) => JSON.parse(line) as { readonly message: string; readonly kind?: string })
      .filter(({ message }) => message === 'source is hard to read')
      .map(({ kind = '' }) => kind);
  return { stage: await stageCoordinator({}, logger), warnings };
}

/** A generator of its own, so that a failure comes again. */
function letters(seed: number): string {
  let state = seed * 2_654_435_761;
  let text = '';
  for (let index = 0; index < 12; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += String.fromCharCode(97 + ((state >>> 16) % 26));
  }
  return text;
}

async function kept(coordinator: CoordinatorStage): Promise<number> {
  let [count, pageToken] = [0, ''];
  do {
    const page = await coordinator.operator.logs.listLogEntries({ page: { pageSize: 1000, pageToken } });
    count += page.entries.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return count;
}

test('binary data and lines of a megabyte are kept whole, and told of once', async () => {
  const { stage: coordinator, warnings } = await stage();
  await using held = coordinator;
  const node = await held.joinNode();
  const long = `INFO ${'payload '.repeat(131_000)}`;
  let at = 0;
  for (let round = 1; round <= 3; round++)
    at = await shipLines(held, node, round, at, ['INFO \0\u0001\ufffd\u0000 blob', long], { compress: true });
  expect(await kept(held)).toBe(6);
  const { entries } = await held.operator.logs.listLogEntries({ page: { pageSize: 1 } });
  expect(entries[0]?.message).toHaveLength(long.trim().length - 'INFO '.length);
  expect(warnings().toSorted()).toEqual(['binary', 'oversized']);
});

test('a source that changes its format goes on being read', async () => {
  const { stage: coordinator, warnings } = await stage();
  await using held = coordinator;
  const node = await held.joinNode();
  const old = Array.from(
    { length: 100 },
    (_, index) => `2026-03-01 12:00:${String(index % 60).padStart(2, '0')},123 [main] INFO app.Shop - served order ${index}`,
  );
  const fresh = Array.from(
    { length: 200 },
    (_, index) => `Mar  1 13:00:${String(index % 60).padStart(2, '0')} web-1 shop[812]: ERROR cannot save order ${index}`,
  );
  await shipLines(held, node, 1, 0, [...old, ...fresh]);
  expect(await kept(held)).toBe(300);
  const { incidents } = await held.operator.incidents.listIncidents({});
  expect(incidents.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(200);
  expect(incidents.length).toBeLessThanOrEqual(2);
  expect(warnings()).toEqual(['format-changed']);
});

test('a flood of words that are never the same stays within bounds', async () => {
  const { stage: coordinator, warnings } = await stage();
  await using held = coordinator;
  const node = await held.joinNode();
  const flood = Array.from(
    { length: 8_000 },
    (_, index) => `INFO ${letters(index * 3)} ${letters(index * 3 + 1)} ${letters(index * 3 + 2)}`,
  );
  await shipLines(held, node, 1, 0, flood, { compress: true });
  expect(await kept(held)).toBe(8_000);
  expect(await ctl(held, 'incidents', 'list')).toContain('no incidents');
  expect(new Set(warnings()).size).toBe(warnings().length);
});

test('clocks that jump move no entry out of reach and open no incident', async () => {
  const { stage: coordinator } = await stage();
  await using held = coordinator;
  const node = await held.joinNode();
  const nowMs = Date.now();
  const times = [nowMs, 0, nowMs + 400 * 86_400_000, nowMs - 3_600_000, nowMs, nowMs + 60_000, 4_102_444_800_000];
  await shipLines(
    held,
    node,
    1,
    0,
    times.map((timeMs, index) => `${new Date(timeMs).toISOString()} INFO tick ${index}`),
  );
  const { entries } = await held.operator.logs.listLogEntries({ page: { pageSize: 100 } });
  expect(entries).toHaveLength(times.length);
  // What lies more than a day ahead is no time of this log.
  expect(entries.filter(({ time }) => (time?.getTime() ?? 0) > nowMs + 86_400_000)).toEqual([]);
  expect((await held.operator.incidents.listIncidents({})).incidents).toEqual([]);
});

test('text that is made to stall pattern matching does not', async () => {
  const { stage: coordinator } = await stage();
  await using held = coordinator;
  const node = await held.joinNode();
  const size = 30_000;
  const repeated = [
    'a',
    'a ',
    '(',
    '[',
    '"',
    '\\',
    '=',
    'a=',
    ':',
    '0',
    '0.',
    '1:',
    '-',
    '{"a":',
    '\tat ',
    'at a(',
    '  File "',
    '#0 ',
    'Caused by: ',
    '/',
    '<',
    '0x',
    '::',
  ];
  const hostile = repeated.flatMap((part) => {
    const text = part.repeat(Math.ceil(size / part.length));
    return [`ERROR ${text}!`, `${text}\n${text}`];
  });
  await shipLines(held, node, 1, 0, hostile, { compress: true });
  expect(await kept(held)).toBe(hostile.length);
});

test('a trace of ten thousand frames is one problem, and its record is kept whole', async () => {
  const { stage: coordinator } = await stage();
  await using held = coordinator;
  const node = await held.joinNode();
  const frames = Array.from({ length: 10_000 }, (_, index) => `    at step${index % 7} (/srv/app/src/walk.js:${index % 90}:5)`);
  const record = ['RangeError: Maximum call stack size exceeded', ...frames].join('\n');
  await shipLines(held, node, 1, 0, [record, record], { compress: true });
  const { incidents } = await held.operator.incidents.listIncidents({});
  expect(incidents).toMatchObject([{ detector: 'trace', occurrences: 2, title: 'RangeError: Maximum call stack size exceeded' }]);
  const { entries } = await held.operator.logs.listLogEntries({ page: { pageSize: 1 } });
  expect(entries[0]?.message.split('\n')).toHaveLength(10_001);
});

test('a journal entry is the known problem that its MESSAGE_ID names, whatever its words, with cause, impact and remedy', async () => {
  const { stage: coordinator } = await stage();
  await using held = coordinator;
  const node = await held.joinNode();
  const entry = {
    __CURSOR: 's=1',
    __REALTIME_TIMESTAMP: String(Date.now() * 1000),
    MESSAGE: 'Ein Vorgang wurde beendet',
    MESSAGE_ID: 'fe6faa94e7774663a0da52717891d8ef',
    PRIORITY: '6',
    SYSLOG_IDENTIFIER: 'systemd',
    _HOSTNAME: 'web-1',
  };
  await shipLines(held, node, 1, 0, [JSON.stringify(entry)]);
  const { incidents } = await held.operator.incidents.listIncidents({});
  expect(incidents).toMatchObject([{ detector: 'known-problem', service: 'systemd', severity: 'SEVERITY_CRITICAL' }]);
  const page = await ctl(held, 'incidents', 'get', incidents[0]?.id ?? '');
  expect(page).toMatch(/known-problem: +memory-oom-kill/);
  expect(page).toMatch(/Cause: .+\n +Impact: .+\n +Remedy: .+/);
});
