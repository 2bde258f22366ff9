// A temporary folder with log files of numbered lines, and a source that follows them.
// Must never outlive its test: `remove` stops the source and deletes the folder.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceDriver } from './source-driver.ts';
import type { DriverOptions } from './source-driver.ts';

/** `line 7` to `line 9`. */
export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_unused, index) => `line ${from + index}`);
}

/** The lines as a file holds them. */
export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** The records in the order of their numbers, as far as they have one. */
export function byNumber(records: readonly string[]): string[] {
  return records.toSorted((one, other) => Number(one.slice(5)) - Number(other.slice(5)));
}

export class LogFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'hephaestus-files-'));
  readonly #drivers: SourceDriver[] = [];

  at(name: string): string {
    return join(this.path, name);
  }

  append(name: string, from: number, to: number): void {
    appendFileSync(this.at(name), textOf(numbered(from, to)));
  }

  /** Starts following `pattern`. */
  async follow(pattern: string, options: Partial<DriverOptions> = {}): Promise<SourceDriver> {
    const driver = new SourceDriver({ include: [this.at(pattern)], ...options });
    this.#drivers.push(driver);
    await driver.start();
    return driver;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.stop()));
    rmSync(this.path, { recursive: true, force: true });
  }
}
