// Runs journalctl and hands out what it prints, line by line.
// Must never buffer without bound: while nobody takes lines, the pipe fills and journalctl waits.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export interface JournalProcessOptions {
  /** Program, for instance `journalctl`. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** Lines arrived, or it ended. */
  readonly onNews: () => void;
}

/** Lines that wait for a reader, at most so many bytes of them and one more line. */
const mostBufferedBytes = 1024 * 1024;
/** What a process said on standard error, for the status; the end of it is what matters. */
const mostErrorText = 500;
/** A line longer than this is thrown away while it arrives; the journal allows fields of up to 768 MiB. */
const mostLineBytes = 32 * 1024 * 1024;

/** From asking it to end to ending it, and from that to going on without it. */
const politeMs = 2000;
/** For an answer of a few entries. */
const mostAnswerMs = 60_000;

const newline = 0x0a;

/** One run of journalctl. */
export class JournalProcess {
  readonly #child: ChildProcess;
  readonly #onNews: () => void;
  readonly #lines: Buffer[] = [];
  #bufferedBytes = 0;
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** When the newest line that waits came, and when the oldest (monotonic). */
  #newestAtMs = 0;
  #oldestAtMs = 0;
  #errorText = '';
  #exit: { readonly status: number } | undefined;
  /** When it last said something, or began (monotonic). */
  heardAtMs = performance.now();
  /** Lines that were longer than can be held. */
  oversized = 0;

  constructor(options: JournalProcessOptions) {
    this.#onNews = options.onNews;
    this.#child = spawn(options.program, options.arguments, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (bytes: Buffer) => {
      this.#take(bytes);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errorText = (this.#errorText + text).slice(-mostErrorText);
    });
    this.#child.on('error', (error) => {
      this.#errorText = error.message;
      this.#end(127);
    });
    this.#child.on('close', (status, signal) => {
      if (signal !== null && this.#errorText === '') this.#errorText = `${options.program} was ended by ${signal}`;
      this.#end(status ?? 128);
    });
  }

  /** Set once it ended and all its lines were taken. 127: it could not be started; 128: a signal ended it. */
  get exitStatus(): number | undefined {
    return this.#lines.length === 0 ? this.#exit?.status : undefined;
  }

  /** Bytes that were printed and not taken. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** How long it pays to wait for more of what was printed; 0 if there is enough, it is old enough, or it ended. */
  restMs(enoughBytes: number, { quietMs, mostMs }: { readonly quietMs: number; readonly mostMs: number }): number {
    if (this.#lines.length === 0 || this.#exit !== undefined || this.#bufferedBytes >= enoughBytes) return 0;
    const nowMs = performance.now();
    return Math.max(0, Math.min(this.#newestAtMs + quietMs, this.#oldestAtMs + mostMs) - nowMs);
  }

  get errorText(): string {
    return this.#errorText.trim();
  }

  /** The next line, its end included, without taking it. */
  peek(): Buffer | undefined {
    return this.#lines[0];
  }

  take(): Buffer | undefined {
    const line = this.#lines.shift();
    if (line === undefined) return undefined;
    this.#bufferedBytes -= line.length;
    if (this.#bufferedBytes < mostBufferedBytes / 2) this.#child.stdout?.resume();
    return line;
  }

  /** Ends it, by force if it doesn't listen, as one that was stopped. Resolves when it is gone, or can't be waited for. */
  async stop(isForced = false): Promise<void> {
    this.#child.stdout?.resume();
    if (this.#exit !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#child.once('close', () => {
      resolve(undefined);
    });
    this.#child.kill(isForced ? 'SIGKILL' : 'SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), politeMs);
    const leave = setTimeout(() => {
      // The kernel holds it in a read that doesn't end; it goes when that does.
      this.#child.stdout?.destroy();
      this.#child.stderr?.destroy();
      this.#child.unref();
      resolve(undefined);
    }, 2 * politeMs);
    await promise;
    clearTimeout(force);
    clearTimeout(leave);
  }

  #take(bytes: Buffer): void {
    this.heardAtMs = performance.now();
    let start = 0;
    for (;;) {
      const found = bytes.indexOf(newline, start);
      if (found < 0) break;
      this.#add(bytes.subarray(start, found + 1));
      this.#finishLine();
      start = found + 1;
    }
    if (start < bytes.length) this.#add(bytes.subarray(start));
    if (this.#bufferedBytes > mostBufferedBytes) this.#child.stdout?.pause();
    if (this.#lines.length > 0) this.#onNews();
  }

  #add(part: Buffer): void {
    this.#partBytes += part.length;
    if (this.#partBytes <= mostLineBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  #finishLine(): void {
    if (this.#partBytes > mostLineBytes) {
      this.oversized += 1;
    } else {
      const line = this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
      this.#newestAtMs = performance.now();
      if (this.#lines.length === 0) this.#oldestAtMs = this.#newestAtMs;
      this.#lines.push(line);
      this.#bufferedBytes += line.length;
    }
    this.#parts = [];
    this.#partBytes = 0;
  }

  #end(status: number): void {
    this.#exit ??= { status };
    this.#onNews();
  }
}

/** Runs it to its end. @returns what it printed, or why it failed. */
export async function runJournal(program: string, journalArguments: readonly string[]): Promise<JournalAnswer> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const lines: Buffer[] = [];
  let isLate = false;
  const run = new JournalProcess({
    program,
    arguments: journalArguments,
    onNews: () => {
      for (let line = run.take(); line !== undefined; line = run.take()) lines.push(line);
      if (run.exitStatus !== undefined) resolve(undefined);
    },
  });
  const limit = setTimeout(() => {
    isLate = true;
    void run.stop().finally(() => resolve(undefined));
  }, mostAnswerMs);
  await promise;
  clearTimeout(limit);
  if (isLate) return { kind: 'failed', reason: `${program} did not answer within ${mostAnswerMs / 1000} s` };
  return run.exitStatus === 0 ? { kind: 'lines', lines } : { kind: 'failed', reason: run.errorText };
}

export type JournalAnswer =
  | { readonly kind: 'lines'; readonly lines: readonly Buffer[] }
  | { readonly kind: 'failed'; readonly reason: string };
