// Writes numbered lines to a file at a steady rate, as a service does that keeps its log open.
// Must never skip or repeat a number; `reopen` is what a service does when it is told that its log was rotated.
import { closeSync, openSync, writeSync } from 'node:fs';

/** A writer with its own descriptor. Lines are `line 1`, `line 2`, … */
export class LineWriter {
  readonly #path: string;
  #descriptor: number;
  #written = 0;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'a');
  }

  get written(): number {
    return this.#written;
  }

  write(count: number): void {
    const lines: string[] = [];
    for (let index = 0; index < count; index += 1) {
      this.#written += 1;
      lines.push(`line ${this.#written}\n`);
    }
    writeSync(this.#descriptor, lines.join(''));
  }

  reopen(): void {
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, 'a');
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
