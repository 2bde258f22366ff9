// Scenario 40: the journal, through the agent as a whole.
// Must never read the host's journal.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasJournalTools, JournalWriter } from '../../support/journal-writer.ts';
import { until } from '../../support/agent-harness.ts';
import { Scenario } from '../../support/scenario.ts';

const canRun = hasJournalTools();
if (!canRun) console.warn('SKIPPED: scenario 40 needs journalctl and systemd-journal-remote');

interface Entry {
  readonly MESSAGE: string | readonly number[];
  readonly [field: string]: unknown;
}

describe.skipIf(!canRun)('scenario 40: the journal', () => {
  let one: Scenario;
  let writer: JournalWriter;

  beforeEach(async () => {
    one = await Scenario.open({ starts: false });
    const folder = join(one.folder, 'journal');
    mkdirSync(folder);
    writer = new JournalWriter(folder);
    await one.harness.configure({ sources: [{ id: 'journal', journal: { directory: folder } }] });
  });

  afterEach(async () => {
    await one.close();
  });

  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_unused, index) => ({ message: `entry ${from + index}` }));
  const entries = (): readonly Entry[] =>
    one.ledger.allLines().map((line) => JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as Entry);
  const messages = (): readonly unknown[] => entries().map(({ MESSAGE }) => MESSAGE);

  it('is exact over rotation, vacuuming, a new boot and a restart while binary, repeated and long fields go by', async () => {
    const long = 'x'.repeat(20_000);
    writer.write(numbered(1, 100), 'first.journal');
    one.start();
    await one.arrived(100);
    writer.write(
      [{ message: Buffer.from([0, 1, 2, 255]) }, { message: 'repeated', fields: { TAG: ['one', 'two'] } }, { message: long }],
      'second.journal',
    );
    await one.arrived(103);
    expect(await one.stop()).toBe(0);
    writer.remove('first.journal');
    writer.write(
      numbered(101, 150).map((entry) => ({ ...entry, boot: 'd'.repeat(32) })),
      'third.journal',
    );
    one.start();
    await one.arrived(153);
    await one.stop('SIGKILL');
    writer.write(numbered(151, 160), 'third.journal');
    one.start();
    await one.arrived(163);
    await one.heartbeats(3);
    expect(messages()).toEqual([
      ...numbered(1, 100).map(({ message }) => message),
      [0, 1, 2, 255],
      'repeated',
      long,
      ...numbered(101, 160).map(({ message }) => message),
    ]);
    expect(one.ledger.gaps).toEqual([]);
    expect(one.ledger.breaches).toEqual([]);
  });

  it('is reported as a gap where its cursor is from the future, and read on', async () => {
    writer.write(numbered(1, 10));
    one.start();
    await one.arrived(10);
    await one.stop();
    const [position] = one.ledger.positions();
    if (position?.position?.at?.$case !== 'journalCursor') throw new Error('no cursor');
    const { at } = position.position;
    at.value = at.value
      .replace(/i=[^;]*/, 'i=ffffff')
      .replace(/t=[^;]*/, 't=7000000000000')
      .replace(/m=[^;]*/, 'm=7000000000');
    one.start();
    await until('a gap', () => one.ledger.gaps.length === 1);
    writer.write(numbered(11, 20));
    await one.arrived(20);
    expect(messages()).toEqual(numbered(1, 20).map(({ message }) => message));
  });
});
