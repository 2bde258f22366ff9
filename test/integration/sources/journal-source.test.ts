// Statements about the journal: each entry once, with all its fields, and an explicit gap where that can't be.
// Must never read the host's journal.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import type { Gap, Position } from '../../../agent/record.ts';
import { JournalSource } from '../../../agent/sources/journal-source.ts';
import type { JournalSourceOptions } from '../../../agent/sources/journal-source-options.ts';
import { hasJournalTools, JournalWriter } from '../../support/journal-writer.ts';

const canRun = hasJournalTools();
if (!canRun) console.warn('SKIPPED: journal statements need journalctl and systemd-journal-remote');

interface Entry {
  readonly MESSAGE: string | readonly number[];
  readonly [field: string]: unknown;
}

/** Pulls and commits everything. */
class Reader {
  readonly entries: Entry[] = [];
  readonly gaps: Gap[] = [];
  position: Position | undefined;
  readonly #source: JournalSource;
  readonly #abort = new AbortController();
  #pulling: Promise<void> | undefined;

  constructor(folder: string, options: Partial<JournalSourceOptions> = {}) {
    this.#source = new JournalSource({
      id: 'journal',
      units: [],
      identifiers: [],
      directory: folder,
      clock: systemClock,
      logger: silentLogger,
      ...options,
    });
  }

  get messages(): readonly unknown[] {
    return this.entries.map((entry) => entry.MESSAGE);
  }

  async start(position?: Position): Promise<void> {
    this.position = position;
    await this.#source.open(position === undefined ? [] : [position]);
    this.#pulling = this.#run();
  }

  async until(isTrue: () => boolean): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (!isTrue()) {
      if (performance.now() > deadline)
        throw new Error(`not reached: ${JSON.stringify([this.messages, this.gaps, this.#source.status()])}`);
      await delay(10);
    }
  }

  async stop(): Promise<Position | undefined> {
    this.#abort.abort();
    await this.#pulling;
    await this.#source.close();
    return this.position;
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        const shipment = await this.#source.next(64 * 1024, this.#abort.signal);
        if (shipment.kind === 'gap') {
          this.gaps.push(shipment);
          this.position = shipment.to;
          continue;
        }
        expect(shipment.start).toEqual(this.position ?? { kind: 'journal', cursor: '' });
        this.position = shipment.end;
        let offset = 0;
        for (const length of shipment.recordLengths) {
          this.entries.push(JSON.parse(shipment.bytes.toString('utf8', offset, offset + length)) as Entry);
          offset += length;
        }
      } catch (error) {
        if (!this.#abort.signal.aborted) throw error;
      }
    }
  }
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_unused, index) => ({ message: `line ${from + index}` }));
const texts = (from: number, to: number): readonly string[] => numbered(from, to).map(({ message }) => message);

describe.skipIf(!canRun)('the journal', () => {
  let folder = '';
  let writer: JournalWriter;
  let readers: Reader[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hephaestus-journal-'));
    writer = new JournalWriter(folder);
  });

  afterEach(async () => {
    await Promise.all(readers.map((reader) => reader.stop()));
    readers = [];
    rmSync(folder, { recursive: true, force: true });
  });

  async function read(position?: Position, options?: Partial<JournalSourceOptions>): Promise<Reader> {
    const reader = new Reader(folder, options);
    readers.push(reader);
    await reader.start(position);
    return reader;
  }

  it('is read from the present boot on, then followed', async () => {
    writer.write(numbered(1, 50));
    const reader = await read();
    await reader.until(() => reader.entries.length === 50);
    writer.write(numbered(51, 60));
    await reader.until(() => reader.entries.length >= 60);
    expect(reader.messages).toEqual(texts(1, 60));
  });

  it('goes on behind the committed cursor, over a new boot and a new file', async () => {
    writer.write(numbered(1, 20));
    const first = await read();
    await first.until(() => first.entries.length === 20);
    const position = await first.stop();
    writer.write(numbered(21, 30));
    writer.write(
      numbered(31, 40).map((entry) => ({ ...entry, boot: 'd'.repeat(32) })),
      'system@next.journal',
    );
    const second = await read(position);
    await second.until(() => second.entries.length >= 20);
    expect(second.messages).toEqual(texts(21, 40));
    expect(second.gaps).toEqual([]);
  });

  it('keeps binary fields, repeated fields and long messages', async () => {
    const long = 'x'.repeat(20_000);
    writer.write([
      { message: Buffer.from([0, 1, 2, 255]) },
      { message: 'repeated', fields: { TAG: ['one', 'two'] } },
      { message: long, fields: { MESSAGE_ID: 'f'.repeat(32), PRIORITY: '3', _SYSTEMD_UNIT: 'app.service' } },
    ]);
    const reader = await read();
    await reader.until(() => reader.entries.length === 3);
    expect(reader.messages).toEqual([[0, 1, 2, 255], 'repeated', long]);
    expect(new Set(reader.entries[1]?.['TAG'] as readonly string[])).toEqual(new Set(['one', 'two']));
    expect(reader.entries[2]).toMatchObject({ PRIORITY: '3', _SYSTEMD_UNIT: 'app.service', MESSAGE_ID: 'f'.repeat(32) });
  });

  it('cuts what is too long and keeps its neighbours', async () => {
    writer.write([{ message: 'before' }, { message: 'y'.repeat(50_000) }, { message: 'after' }]);
    const reader = await read(undefined, { maxEntryBytes: 10_000 });
    await reader.until(() => reader.entries.length === 3);
    expect(reader.messages[0]).toBe('before');
    expect(String(reader.messages[1])).toMatch(/^y{1000,10000}$/);
    expect(reader.messages[2]).toBe('after');
  });

  it('says how far it is behind before anybody pulls', async () => {
    writer.write(numbered(1, 10));
    const first = await read();
    await first.until(() => first.entries.length === 10);
    const position = await first.stop();
    writer.write(numbered(11, 20));
    const source = new JournalSource({
      id: 'journal',
      units: [],
      identifiers: [],
      directory: folder,
      clock: systemClock,
      logger: silentLogger,
    });
    await source.open(position === undefined ? [] : [position]);
    const deadline = performance.now() + 15_000;
    while (source.status().lagMs === 0 && performance.now() < deadline) await delay(10);
    // What the writer writes is an hour old.
    expect(source.status().lagMs).toBeGreaterThan(60_000);
    expect(source.status().lagBytes).toBeGreaterThan(0);
    await source.close();
  });

  it('keeps as much of bytes that are no text as fits', async () => {
    writer.write([{ message: Buffer.from(Array.from({ length: 9000 }, (_unused, index) => index % 256)) }]);
    const reader = await read(undefined, { maxEntryBytes: 10_000 });
    await reader.until(() => reader.entries.length === 1);
    const kept = reader.messages[0] as readonly number[];
    // A byte takes at most four bytes of JSON, and the other fields some hundred.
    expect(kept.length).toBeGreaterThan(2000);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_unused, index) => index % 256));
  });

  it('tells how many entries a damaged file lost, and goes on behind them', async () => {
    writer.write(numbered(1, 300));
    const path = join(folder, 'system.journal');
    const bytes = readFileSync(path);
    const at = bytes.indexOf('MESSAGE=line 150');
    bytes.fill(0, at - 1500, at + 100);
    writeFileSync(path, bytes);
    const reader = await read();
    await reader.until(() => reader.messages.at(-1) === 'line 300');
    const records = reader.gaps.reduce((sum, gap) => sum + gap.records, 0);
    expect(records).toBeGreaterThan(0);
    expect(reader.entries.length + records).toBe(300);
  });

  /** Is journalctl, but for what it does where it follows. */
  function impostor(following: string): string {
    mkdirSync(join(folder, 'bin'));
    const program = join(folder, 'bin', 'journalctl');
    writeFileSync(
      program,
      `#!/bin/bash\ncase "$*" in *" -f "*) ${following};; *" -n 1") echo asked >> '${join(folder, 'asked')}';; esac\nexec journalctl "$@"\n`,
      { mode: 0o755 },
    );
    return program;
  }

  it('is read on where journalctl stands still, and ended where it does not listen', async () => {
    const program = impostor("trap '' TERM; while :; do read -r -t 1 <> <(:); done");
    writer.write(numbered(1, 10));
    const reader = await read(undefined, { program, silenceMs: 100 });
    await reader.until(() => reader.entries.length === 10);
    writer.write(numbered(11, 20));
    await reader.until(() => reader.entries.length >= 20);
    await reader.stop();
    expect(reader.messages).toEqual(texts(1, 20));
    expect(reader.gaps).toEqual([]);
  });

  it('leaves journalctl alone where there is nothing to print', async () => {
    const program = impostor(`echo began >> '${join(folder, 'began')}'`);
    writeFileSync(join(folder, 'asked'), '');
    writer.write(numbered(1, 10));
    const reader = await read(undefined, { program, silenceMs: 20 });
    await reader.until(() => reader.entries.length === 10);
    await reader.until(() => readFileSync(join(folder, 'asked'), 'utf8').length > 20);
    writer.write(numbered(11, 12));
    await reader.until(() => reader.entries.length >= 12);
    expect(reader.messages).toEqual(texts(1, 12));
    expect(readFileSync(join(folder, 'began'), 'utf8')).toBe('began\n');
  });

  it('reads only the units that are asked for', async () => {
    writer.write([
      { message: 'mine', fields: { _SYSTEMD_UNIT: 'app.service' } },
      { message: 'other', fields: { _SYSTEMD_UNIT: 'other.service' } },
      { message: 'mine too', fields: { _SYSTEMD_UNIT: 'app.service' } },
    ]);
    const reader = await read(undefined, { units: ['app.service'] });
    await reader.until(() => reader.entries.length >= 2);
    expect(reader.messages).toEqual(['mine', 'mine too']);
  });

  it('reports a gap when the last entry that was read is no longer there', async () => {
    writer.write(numbered(1, 10), 'old.journal');
    const first = await read();
    await first.until(() => first.entries.length === 10);
    const position = await first.stop();
    writer.write(numbered(11, 20), 'new.journal');
    writer.remove('old.journal');
    const second = await read(position);
    await second.until(() => second.entries.length >= 10);
    expect(second.gaps).toMatchObject([{ reason: 'journal' }]);
    expect(second.messages).toEqual(texts(11, 20));
  });

  it.each([
    [
      'from the future',
      (cursor: string) =>
        cursor
          .replace(/i=[^;]*/, 'i=ffffff')
          .replace(/t=[^;]*/, 't=7000000000000')
          .replace(/m=[^;]*/, 'm=7000000000'),
    ],
    ['that is none', () => 'nonsense'],
  ])('reports a gap for a cursor %s, and goes on with what comes', async (_name, change) => {
    writer.write(numbered(1, 10));
    const first = await read();
    await first.until(() => first.entries.length === 10);
    const position = await first.stop();
    if (position?.kind !== 'journal') throw new Error('no cursor');
    const second = await read({ kind: 'journal', cursor: change(position.cursor) });
    await second.until(() => second.gaps.length === 1);
    writer.write(numbered(11, 20));
    await second.until(() => second.entries.length >= 10);
    expect(second.messages).toEqual(texts(11, 20));
    expect(second.gaps).toMatchObject([{ reason: 'journal' }]);
  });

  it('says why it fails, and tries again', async () => {
    const source = new JournalSource({
      id: 'journal',
      units: [],
      identifiers: [],
      program: '/nonexistent/journalctl',
      clock: systemClock,
      logger: silentLogger,
    });
    await source.open([]);
    const abort = new AbortController();
    const pulling = source.next(1000, abort.signal).catch(() => undefined);
    while (source.status().condition !== 'failed') await delay(5);
    expect(source.status().reason).toContain('/nonexistent/journalctl');
    abort.abort();
    await pulling;
    await source.close();
  });

  it('is one record where a process wrote the lines of a trace as entries, whatever others wrote between them', async () => {
    const from = (pid: string, ...messages: readonly string[]) =>
      messages.map((message) => ({ message, fields: { _PID: pid, _SYSTEMD_UNIT: 'shop.service' } }));
    const trace = ['TypeError: "x" is gone', '    at a (/srv/a.js:1:2)', '    at b (/srv/b.js:3:4)'];
    const [head = '', ...frames] = trace;
    writer.write([
      ...from('7', 'before', head),
      ...from('8', 'another process'),
      ...from('7', ...frames, 'after'),
      ...from('9', '    at nothing (/srv/c.js:1:1)'),
    ]);
    const one = new Reader(folder);
    await one.start();
    await one.until(() => one.entries.length === 5);
    expect(one.messages).toEqual(['before', trace.join('\n'), 'another process', 'after', '    at nothing (/srv/c.js:1:1)']);
    await one.stop();
  });
});
