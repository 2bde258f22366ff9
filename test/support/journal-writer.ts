// Writes real journal files, with systemd-journal-remote, so that any field, boot and time can be had.
// Must never touch the system's own journal.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const converter = '/lib/systemd/systemd-journal-remote';

/** Both tools are there; without them a test of the journal can't be made. */
export function hasJournalTools(): boolean {
  return existsSync(converter) && spawnSync('journalctl', ['--version']).status === 0;
}

export interface WrittenEntry {
  readonly message: string | Buffer;
  /** A repeated field has several values. */
  readonly fields?: Readonly<Record<string, string | Buffer | readonly string[]>>;
  /** 32 hexadecimal digits. */
  readonly boot?: string;
}

/** A folder with journal files. */
export class JournalWriter {
  readonly folder: string;
  #timeUs = (Date.now() - 3_600_000) * 1000;
  #monotonicUs = 1_000_000;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Appends to one file of the folder. */
  write(entries: readonly WrittenEntry[], file = 'system.journal'): void {
    const input = join(this.folder, 'input.export');
    writeFileSync(input, Buffer.concat(entries.map((entry) => this.#export(entry))));
    const done = spawnSync(converter, [`--output=${join(this.folder, file)}`, input], { encoding: 'utf8' });
    rmSync(input);
    if (done.status !== 0) throw new Error(`the journal could not be written: ${done.stderr}`);
  }

  /** What vacuuming does: a file goes. */
  remove(file: string): void {
    rmSync(join(this.folder, file));
  }

  files(): readonly string[] {
    return readdirSync(this.folder).filter((name) => name.endsWith('.journal'));
  }

  /** The journal export format (systemd's docs/JOURNAL_EXPORT_FORMATS). */
  #export({ message, fields = {}, boot = 'b'.repeat(32) }: WrittenEntry): Buffer {
    this.#timeUs += 1000;
    this.#monotonicUs += 1000;
    const parts = [
      field('__REALTIME_TIMESTAMP', String(this.#timeUs)),
      field('__MONOTONIC_TIMESTAMP', String(this.#monotonicUs)),
      field('_BOOT_ID', boot),
      field('_MACHINE_ID', 'c'.repeat(32)),
      field('MESSAGE', message),
    ];
    for (const [name, value] of Object.entries(fields)) {
      const values = typeof value === 'string' || Buffer.isBuffer(value) ? [value] : value;
      for (const each of values) parts.push(field(name, each));
    }
    return Buffer.concat([...parts, Buffer.from('\n')]);
  }
}

function field(name: string, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const isText = !bytes.some((byte) => byte < 0x20 && byte !== 0x09);
  if (isText) return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from('\n')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
}
