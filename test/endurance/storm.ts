// Storms: many file sources in one process, each with its log, rotated, restarted and cut off within seconds, by the thousand.
// Must never forgive more than a soak does; it finds in minutes which orders of events lose or repeat lines, a soak proves the whole.
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { statSync, truncateSync, unlinkSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { LogFolder } from '../support/log-folder.ts';
import type { SourceDriver } from '../support/source-driver.ts';
import { drawsFrom, type Draw } from './draw.ts';

export interface StormOptions {
  readonly minutes: number;
  readonly seed: number;
  /** At the same time. */
  readonly count: number;
}

const manners = ['create', 'copytruncate', 'dateext', 'olddir', 'compress', 'delaycompress'] as const;
type Manner = (typeof manners)[number];

/** @returns whether no storm lost or repeated anything */
export async function storms({ minutes, seed, count }: StormOptions): Promise<boolean> {
  const endMs = performance.now() + minutes * 60_000;
  let next = seed;
  let done = 0;
  let failed = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const storm = new Storm(next);
      next += 1;
      const trouble = await storm.run();
      done += 1;
      if (trouble === undefined) continue;
      failed += 1;
      if (failed <= 5) console.log(trouble);
    }
  };
  await Promise.all(Array.from({ length: count }, one));
  console.log(`${done} storms, ${failed} lost or repeated something`);
  return failed === 0;
}

class Storm {
  readonly #seed: number;
  readonly #draw: Draw;
  readonly #folder = new LogFolder();
  readonly #manner: Manner;
  readonly #pattern: string;
  readonly #story: string[] = [];
  readonly #startedAtMs = performance.now();
  #descriptor: number | undefined;
  #written = 0;
  #rotations = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#draw = drawsFrom(seed);
    this.#manner = this.#oneOf(manners);
    this.#pattern = this.#draw() < 0.5 ? 'app.log' : 'app.log*';
    mkdirSync(this.#folder.at('old'), { mode: 0o755 });
  }

  /** @returns what went wrong */
  async run(): Promise<string | undefined> {
    try {
      this.#write(1 + this.#below(40));
      // A process that is killed may not have written down yet what it knew.
      const driver = await this.#folder.follow(this.#pattern, this.#draw() < 0.5 ? {} : { onFinished: undefined });
      // Before anything was committed an agent knows no past.
      await driver.until(() => driver.records.length > 0);
      driver.maxBytes = this.#oneOf([300, 4096, 256 * 1024]);
      const rounds = 5 + this.#below(25);
      for (let round = 0; round < rounds; round += 1) {
        await this.#happen(driver);
        if (this.#draw() < 0.6) await sleep(this.#below(150));
      }
      this.#note('calm');
      driver.acknowledge(true);
      driver.commit(true);
      await driver.reconnect();
      this.#write(5);
      const isOver = (): boolean => driver.records.length >= this.#written;
      await driver.until(isOver, 60_000).catch(() => undefined);
      await driver.untilQuiet(700);
      this.#note(`is judged: ${driver.summary()}`);
      return this.#judge(driver);
    } catch (error) {
      return this.#tell(String(error));
    } finally {
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      await this.#folder.remove();
    }
  }

  async #happen(driver: SourceDriver): Promise<void> {
    const drawn = this.#draw();
    if (drawn < 0.35) this.#write(1 + this.#below(60));
    else if (drawn < 0.65) this.#rotate();
    else if (drawn < 0.75) await this.#restart(driver);
    else if (drawn < 0.85) {
      this.#note('reconnects');
      await driver.reconnect();
    } else if (drawn < 0.93) {
      const commits = this.#draw() < 0.5;
      this.#note(commits ? 'commits' : 'commits nothing');
      driver.commit(commits);
    } else {
      const acknowledges = this.#draw() < 0.5;
      this.#note(acknowledges ? 'acknowledges' : 'acknowledges nothing');
      driver.acknowledge(acknowledges);
    }
  }

  async #restart(driver: SourceDriver): Promise<void> {
    this.#note('stops');
    await driver.stop();
    for (let round = this.#below(6); round > 0; round -= 1) {
      if (this.#draw() < 0.5) this.#write(1 + this.#below(30));
      else this.#rotate();
      if (this.#draw() < 0.3) await sleep(this.#below(30));
    }
    this.#note('starts');
    await driver.start();
  }

  #write(count: number): void {
    this.#descriptor ??= openSync(this.#folder.at('app.log'), 'a');
    const first = this.#written + 1;
    this.#written += count;
    const lines = Array.from({ length: count }, (_unused, index) => `line ${first + index}\n`);
    writeSync(this.#descriptor, lines.join(''));
    this.#note(`writes to ${this.#written}`);
  }

  #rotate(): void {
    const path = this.#folder.at('app.log');
    if (!existsSync(path)) return;
    this.#rotations += 1;
    this.#note(`rotates (${this.#manner})`);
    if (this.#manner === 'dateext') renameSync(path, this.#folder.at(`app.log-${20_260_000 + this.#rotations}`));
    else if (this.#manner === 'olddir') renameSync(path, join(this.#folder.at('old'), `app.log-${20_260_000 + this.#rotations}`));
    else this.#shift(path);
    if (this.#manner === 'copytruncate') return;
    closeSync(openSync(path, 'a'));
    if (this.#manner === 'compress') this.#compress(1);
    else if (this.#draw() < 0.5) this.#write(1 + this.#below(3));
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #shift(path: string): void {
    const names = readdirSync(this.#folder.path).filter((name) => /^app\.log\.\d+/.test(name));
    const numberOf = (name: string): number => Number(/\d+/.exec(name)?.[0]);
    for (const name of names.toSorted((one, other) => numberOf(other) - numberOf(one)))
      renameSync(this.#folder.at(name), this.#folder.at(name.replace(/\d+/, (number) => String(Number(number) + 1))));
    if (this.#manner === 'delaycompress' && existsSync(`${path}.2`)) this.#compress(2);
    if (this.#manner !== 'copytruncate') {
      renameSync(path, `${path}.1`);
      return;
    }
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  }

  #compress(number: number): void {
    const path = this.#folder.at(`app.log.${number}`);
    if (statSync(path).size === 0) return;
    const { atime, mtime } = statSync(path);
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
    utimesSync(`${path}.gz`, atime, mtime);
    unlinkSync(path);
  }

  #judge(driver: SourceDriver): string | undefined {
    const times = new Map<string, number>();
    for (const record of driver.records) times.set(record, (times.get(record) ?? 0) + 1);
    const lost: number[] = [];
    const repeated: number[] = [];
    for (let number = 1; number <= this.#written; number += 1) {
      const seen = times.get(`line ${number}`) ?? 0;
      if (seen === 0) lost.push(number);
      if (seen > 1) repeated.push(number);
    }
    const gaps = driver.gaps.map(({ detail, bytes }) => `${detail} (${bytes} bytes)`);
    if (lost.length + repeated.length + gaps.length + driver.faults.length === 0) return undefined;
    for (const { start, end, bytes } of driver.chunks) {
      if (start.kind !== 'file' || end.kind !== 'file') continue;
      const { inode, generation } = end.identity;
      const lines = bytes.toString().trimEnd().split('\n');
      this.#story.push(`  chunk ${inode}:${generation} ${start.offset} to ${end.offset}: ${lines[0]} to ${lines.at(-1)} (${end.path})`);
    }
    return this.#tell(`lost ${lost.join(' ')}; repeated ${repeated.join(' ')}; gaps ${gaps.join(', ')}; ${driver.faults.join(', ')}`);
  }

  #tell(what: string): string {
    return `storm ${this.#seed} (${this.#manner}, ${this.#pattern}): ${what}\n${this.#story.join('\n')}`;
  }

  #note(what: string): void {
    this.#story.push(`  ${Math.round(performance.now() - this.#startedAtMs)} ms: ${what}`);
  }

  #below(limit: number): number {
    return Math.floor(this.#draw() * limit);
  }

  #oneOf<T>(all: readonly T[]): T {
    const drawn = all[this.#below(all.length)];
    if (drawn === undefined) throw new Error('nothing to draw from');
    return drawn;
  }
}
