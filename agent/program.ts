// The commands of hephaestus-agent, and what a failure prints and exits with.
// Must never touch the process; main.ts does.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { configError, loadConfig } from '../base/config.ts';
import { systemClock } from '../base/clock.ts';
import { HephaestusError } from '../base/errors.ts';
import { createLogger, type Logger } from '../base/logger.ts';
import { createNotifier, type SystemdEnvironment } from '../base/systemd.ts';
import type { Metrics } from '../base/metrics.ts';
import { giveToOwner } from '../base/ownership.ts';
import { silentMetrics } from '../base/silent-metrics.ts';
import { environmentPrefix, readCommandLine, usage } from './command-line.ts';
import { compose, type Agent } from './compose.ts';
import { agentConfigSchema, nodeSettingsOf, type AgentConfig } from './config.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-code.ts';
import { readRunningSettings } from './node-configuration.ts';
import type { CheckRow } from './self-check.ts';
import { setCoordinator } from './settings-file.ts';
import { reportSources, showSources } from './source-report.ts';
import { readJoinToken, type JoinToken } from './session/join-token.ts';

export interface ProgramSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly isTerminal: boolean;
  readonly readStandardInput: () => Promise<string>;
  /** SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
  /** Calls back on each SIGHUP. */
  readonly onReload: (listener: () => void) => void;
  readonly version: string;
}

/** Runs one command line (without the program's own name) to its end. */
export async function runProgram(words: readonly string[], surroundings: ProgramSurroundings): Promise<ExitCode> {
  const { write, writeError } = surroundings;
  const line = readCommandLine(words);
  switch (line.kind) {
    case 'help':
      write(usage);
      return exitCodes.done;
    case 'version':
      write(`${surroundings.version}\n`);
      return exitCodes.done;
    case 'wrong':
      writeError(`hephaestus-agent: ${line.message} (add --help for what is possible)\n`);
      return exitCodes.usage;
    case 'command':
      break;
  }
  try {
    if (line.command === 'check') return await check(line.file, line.output, surroundings);
    else if (line.command === 'sources') await listSources(line.file, line.output, surroundings);
    else if (line.command === 'enroll') await enroll(line, surroundings);
    else await run(line.file, surroundings);
    return exitCodes.done;
  } catch (error) {
    const failure = HephaestusError.from(error);
    writeError(`hephaestus-agent: ${failure.message}\n`);
    return exitCodeOf(failure);
  }
}

async function check(file: string, output: 'text' | 'json', surroundings: ProgramSurroundings): Promise<ExitCode> {
  const config = await load(file, surroundings);
  const { checkHost } = await import('./self-check.ts');
  const valid = { outcome: 'ok', subject: 'configuration', message: `${file} is valid, ${config.sources.length} source(s)` } as const;
  if (output === 'text') surroundings.write(showRow(valid));
  const rows = await checkHost(config, { clock: systemClock, path: surroundings.env['PATH'] });
  if (output === 'text') for (const row of rows) surroundings.write(showRow(row));
  else surroundings.write(`${JSON.stringify({ checks: [valid, ...rows] }, undefined, 2)}\n`);
  if (rows.some(({ outcome }) => outcome === 'failed')) return exitCodes.failed;
  return rows.some(({ outcome }) => outcome === 'unreachable') ? exitCodes.unreachable : exitCodes.done;
}

function showRow({ outcome, subject, message }: CheckRow): string {
  return `${outcome.padEnd(12)}${subject}: ${message}\n`;
}

async function load(file: string, { env }: ProgramSurroundings): Promise<AgentConfig> {
  const outcome = await loadConfig({ file, fragmentsFolder: `${file}.d`, schema: agentConfigSchema, environment: env, environmentPrefix });
  if (outcome.kind === 'invalid') throw configError(outcome.problems);
  return outcome.config;
}

async function listSources(file: string, output: 'text' | 'json', surroundings: ProgramSurroundings): Promise<void> {
  const config = await load(file, surroundings);
  const report = reportSources(file, await readRunningSettings(config.stateDirectory, nodeSettingsOf(config)));
  surroundings.write(output === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : showSources(report));
}

interface EnrolWords {
  readonly file: string;
  readonly coordinator: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
}

function missingCoordinator(file: string): HephaestusError {
  const message = `name the coordinator with --coordinator HOST:PORT; it is written into ${file}, which isn't there yet`;
  return new HephaestusError({ code: 'config.invalid', kind: 'validation', message });
}

async function enroll({ file, coordinator, token, tokenFile }: EnrolWords, surroundings: ProgramSurroundings): Promise<void> {
  const given = token === undefined ? await readGivenToken(tokenFile, surroundings) : parseToken(token, '--token');
  if (coordinator !== undefined) await setCoordinator(file, coordinator);
  else if (!existsSync(file)) throw missingCoordinator(file);
  const config = await load(file, surroundings);
  const agent = compose(config, {
    clock: systemClock,
    metrics: silentMetrics,
    logger: createLogger({ level: 'warn', output: 'pretty', context: { service: 'hephaestus-agent' }, colour: surroundings.isTerminal }),
    joinToken: () => readConfiguredToken(config),
  });
  const { kind, credentials } = await agent.enrol(given);
  // The service isn't root.
  await giveToOwner(config.stateDirectory);
  const until = new Date(credentials.expiresAtMs).toISOString();
  surroundings.write(
    kind === 'already'
      ? `this host is node ${credentials.nodeId} already; its certificate holds until ${until}\n`
      : `this host is now node ${credentials.nodeId}; its certificate holds until ${until} and renews itself\n`,
  );
}

async function run(file: string, surroundings: ProgramSurroundings): Promise<void> {
  const config = await load(file, surroundings);
  const { env, stop, isTerminal } = surroundings;
  const logger = createLogger({
    level: config.log.level ?? 'info',
    output: config.log.output ?? (env['JOURNAL_STREAM'] === undefined ? (isTerminal ? 'pretty' : 'json') : 'journald'),
    context: { service: 'hephaestus-agent' },
    colour: isTerminal,
  });
  const environment: SystemdEnvironment = { notifySocket: env['NOTIFY_SOCKET'], watchdogUsec: env['WATCHDOG_USEC'], path: env['PATH'] };
  const notifier = createNotifier({ environment, logger, clock: systemClock });
  const agent = compose(config, {
    clock: systemClock,
    logger,
    metrics: await openMetrics(config),
    joinToken: () => readConfiguredToken(config),
  });
  surroundings.onReload(() => {
    const reloaded = async (): Promise<void> => {
      await notifier.reloading();
      await reload(agent, file, surroundings, logger);
      // READY ends a reload, also one that changed nothing.
      await notifier.ready(agent.describe());
    };
    reloaded().catch((error: unknown) => logger.error('reload failed', { err: error }));
  });
  const over = new AbortController();
  const until = AbortSignal.any([stop, over.signal]);
  const watchdog = notifier.runWatchdog(() => true, until);
  let telling: Promise<void> | undefined;
  try {
    logger.info('agent starting', { version: surroundings.version, config: file, coordinator: config.coordinator });
    await agent.run(stop, () => {
      telling = notifier.ready(agent.describe()).then(() => notifier.keepStatus(() => agent.describe(), until));
    });
    await notifier.stopping();
    logger.info('agent stopped');
  } finally {
    over.abort();
    await watchdog;
    await telling;
    logger.sync();
  }
}

/** The library behind them takes a tenth of the agent's memory, so that it is loaded only where somebody can ask. */
async function openMetrics(config: AgentConfig): Promise<Metrics> {
  if (config.ops === undefined) return silentMetrics;
  const { createMetrics } = await import('../base/metrics.ts');
  return createMetrics({
    prefix: 'hephaestus_agent',
    toError: (thrown) => HephaestusError.from(thrown),
    monotonicMs: () => systemClock.monotonicMs(),
    processMetrics: true,
  });
}

async function reload(agent: Agent, file: string, surroundings: ProgramSurroundings, logger: Logger): Promise<void> {
  try {
    await agent.reload(await load(file, surroundings));
    logger.info('settings read again', { config: file });
  } catch (error) {
    logger.warn('settings not changed', { config: file, err: error });
  }
}

async function readGivenToken(tokenFile: string | undefined, surroundings: ProgramSurroundings): Promise<JoinToken | undefined> {
  const fromEnvironment = surroundings.env[`${environmentPrefix}_JOIN_TOKEN`];
  if (tokenFile === '-') return parseToken(await surroundings.readStandardInput(), 'standard input');
  if (tokenFile !== undefined) return parseToken(await readTokenFile(tokenFile), tokenFile);
  return fromEnvironment === undefined ? undefined : parseToken(fromEnvironment, `${environmentPrefix}_JOIN_TOKEN`);
}

async function readConfiguredToken({ joinTokenFile }: AgentConfig): Promise<JoinToken | undefined> {
  return joinTokenFile === undefined ? undefined : parseToken(await readTokenFile(joinTokenFile), joinTokenFile);
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const message = `the join token cannot be read from ${path}: ${HephaestusError.from(cause).message}`;
    throw new HephaestusError({ code: 'join-token.unreadable', kind: 'validation', message, cause });
  }
}

function parseToken(text: string, place: string): JoinToken {
  const outcome = readJoinToken(text);
  if (outcome.kind === 'read') return outcome.token;
  throw new HephaestusError({
    code: 'join-token.malformed',
    kind: 'validation',
    message: `the join token in ${place} is malformed: ${outcome.reason}`,
  });
}
