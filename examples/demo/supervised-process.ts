// Keeps one child process running, as systemd would: when it dies it is started again, and somebody is told.
// Must never be used for more than the demo; on a host systemd does this.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export interface ProcessOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Everything it prints. */
  readonly outputFile: string;
  readonly onDeath: (name: string, how: string) => void;
}

/** Often enough to be back at once, seldom enough not to spin if it can't start at all. */
const restartDelayMs = 300;
const mostRestarts = 20;

export class SupervisedProcess {
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  start(): void {
    const { command, directory, env, outputFile, name, onDeath } = this.#options;
    const [file = '', ...words] = command;
    const output = createWriteStream(outputFile, { flags: 'a' });
    const child = spawn(file, words, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    this.#child = child;
    child.once('error', (error) => output.write(`${error.message}\n`));
    child.once('close', (status, signal) => {
      output.end();
      if (this.#stopping) return;
      this.#restarts += 1;
      onDeath(name, signal ?? `exit status ${status}`);
      if (this.#restarts <= mostRestarts) this.#restartTimer = setTimeout(() => this.start(), restartDelayMs);
    });
  }

  /** SIGTERM, and SIGKILL after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await closed;
    clearTimeout(timer);
  }
}
