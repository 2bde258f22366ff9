// What a service owes systemd: readiness, status, watchdog and reload notices, and reading its credentials.
// Must never fail the program: without systemd every notice is a no-op. The environment is given by main.ts.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { HephaestusError, errnoOf } from './errors.ts';
import type { Logger } from './logger.ts';
import { describeProcessResult, runProcess } from './process.ts';
import { Secret } from './secret.ts';

export interface SystemdEnvironment {
  /** NOTIFY_SOCKET; undefined outside of systemd. */
  readonly notifySocket: string | undefined;
  /** WATCHDOG_USEC. */
  readonly watchdogUsec: string | undefined;
  /** PATH, in which `systemd-notify` is found. */
  readonly path: string | undefined;
}

/** sd_notify(3). Each resolves once systemd has the notice, or it was logged that it hasn't. */
export interface Notifier {
  ready(status: string): Promise<void>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
  /** A reload begins; `ready` ends it. */
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  /** Reports life at half of the unit's WatchdogSec while `isAlive` says so; returns at once where no watchdog is set. */
  runWatchdog(isAlive: () => boolean, signal: AbortSignal): Promise<void>;
  /** Looks every few seconds what there is to say, and says it where it changed; returns at once outside of systemd. */
  keepStatus(describe: () => string, signal: AbortSignal): Promise<void>;
}

export interface NotifierOptions {
  readonly environment: SystemdEnvironment;
  readonly logger: Logger;
  readonly clock: Clock;
}

const notifyTimeoutMs = 5000;
/** A notice is a process of its own, so that a text which changes at every look should not be one. */
const statusEveryMs = 10_000;

/**
 * Node can't open the datagram socket that systemd listens on, so that `systemd-notify` (part of systemd, so there wherever
 * this matters) is run for each notice: a few milliseconds, twice a watchdog period. It is another process than the
 * service's main one, which the unit must allow with `NotifyAccess=all`; it waits until systemd has read the notice, so
 * that it can still be told whose it is.
 */
export function createNotifier({ environment, logger, clock }: NotifierOptions): Notifier {
  const { notifySocket, path } = environment;
  let hasWarned = false;

  async function notify(...assignments: readonly string[]): Promise<void> {
    if (notifySocket === undefined || notifySocket === '') return;
    const result = await runProcess({
      command: 'systemd-notify',
      args: [...assignments],
      cwd: '/',
      env: { NOTIFY_SOCKET: notifySocket, PATH: path ?? '/usr/bin:/bin' },
      timeoutMs: notifyTimeoutMs,
      maxOutputBytes: 4096,
    });
    if (result.kind === 'exited' && result.exitCode === 0) return;
    const detail = 'stderr' in result ? result.stderr.toString('utf8').trim() : '';
    // Once is enough for a missing program; a watchdog would repeat it for ever.
    if (hasWarned) logger.debug('systemd was not notified', { notice: assignments[0], result: describeProcessResult(result), detail });
    else logger.warn('systemd was not notified', { notice: assignments[0], result: describeProcessResult(result), detail });
    hasWarned = true;
  }

  return {
    ready: (status) => notify('READY=1', `STATUS=${oneLine(status)}`),
    status: (text) => notify(`STATUS=${oneLine(text)}`),
    // Type=notify-reload demands the time, to tell this reload from an earlier one.
    reloading: () => notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => notify('STOPPING=1'),
    async runWatchdog(isAlive, signal) {
      const periodUsec = Number(environment.watchdogUsec);
      if (notifySocket === undefined || !Number.isFinite(periodUsec) || periodUsec <= 0) return;
      while (!signal.aborted) {
        if (isAlive()) await notify('WATCHDOG=1');
        else logger.warn('watchdog not reported: the program is not well');
        await pause(periodUsec / 2000, signal);
      }
    },
    async keepStatus(describe, signal) {
      if (notifySocket === undefined || notifySocket === '') return;
      let said = '';
      while (!signal.aborted) {
        const text = describe();
        if (text !== said) await notify(`STATUS=${oneLine(text)}`);
        said = text;
        await pause(statusEveryMs, signal);
      }
    },
  };

  async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
    try {
      await clock.sleep(durationMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/**
 * Reads one credential (systemd.exec(5), LoadCredential=), without the newline at its end.
 * @param folder CREDENTIALS_DIRECTORY
 * @returns undefined if there is no such credential
 * @throws HephaestusError if the name is not one, or the file can't be read
 */
export async function readCredential(folder: string | undefined, name: string): Promise<Secret | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new HephaestusError({
      code: 'credential.bad-name',
      kind: 'validation',
      message: `"${name}" is no credential's name: letters, digits, dots, dashes`,
    });
  }
  if (folder === undefined || folder === '') return undefined;
  try {
    return new Secret((await readFile(join(folder, name), 'utf8')).replace(/\r?\n$/, ''));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw HephaestusError.from(error);
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
