#!/usr/bin/env node
// hephaestus-coordinator: reads arguments, environment and signals, and runs check, init or run.
// Must never hold logic beyond that; compose.ts puts the coordinator together.
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { configError, loadConfig } from '../base/config.ts';
import { HephaestusError } from '../base/errors.ts';
import { createNotifier } from '../base/systemd.ts';
import { version } from '../base/version.ts';
import type { CoordinatorConfiguration } from './config.ts';

const usage = `Usage: hephaestus-coordinator --config FILE [check|init|run]

Commands:
  check   read the configuration and say what is wrong with it
  init    make the certificate authority, keys, database and administrator's token; what is there stays
  run     run the coordinator (the default)

Options:
  --config FILE   the configuration (YAML); FILE.d/*.yaml are merged over it
  --help          print this help
  --version       print the version

Settings can be given by the environment: HEPHAESTUS_COORDINATOR__LOG__LEVEL=debug sets log.level.
Exit status: 0 done, 1 failed, 2 wrong usage.
`;

const exitUsage = 2;

async function main(): Promise<number> {
  const words = readArguments();
  if (words.kind === 'usage') {
    process.stderr.write(`${words.message}\n\n${usage}`);
    return exitUsage;
  }
  if (words.kind === 'print') {
    process.stdout.write(words.text);
    return 0;
  }
  try {
    const config = await readConfiguration(words.file);
    switch (words.command) {
      case 'check':
        process.stdout.write(`${words.file} is fine: listens on ${config.listen}, keeps its state in ${config.stateDirectory}\n`);
        return 0;
      case 'init': {
        const { initializeState } = await import('./state-directory.ts');
        const made = await initializeState(config.stateDirectory, systemClock);
        process.stdout.write(
          made.length === 0 ? `everything is there already in ${config.stateDirectory}\n` : made.map((line) => `made ${line}\n`).join(''),
        );
        return 0;
      }
      case 'run':
        return await run(config);
    }
  } catch (thrown) {
    process.stderr.write(`hephaestus-coordinator: ${HephaestusError.from(thrown).message}\n`);
    return 1;
  }
}

async function readConfiguration(file: string): Promise<CoordinatorConfiguration> {
  // Each command loads what it needs: --help and check answer without the whole coordinator.
  const { coordinatorConfigurationSchema } = await import('./config.ts');
  const outcome = await loadConfig({
    schema: coordinatorConfigurationSchema,
    file,
    fragmentsFolder: `${file}.d`,
    environment: process.env,
    environmentPrefix: 'HEPHAESTUS_COORDINATOR',
  });
  if (outcome.kind === 'invalid') throw configError(outcome.problems);
  return outcome.config;
}

async function run(config: CoordinatorConfiguration): Promise<number> {
  const { compose } = await import('./compose.ts');
  const coordinator = await compose(config, {
    searchPath: (process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/')),
    credentialsDirectory: process.env['CREDENTIALS_DIRECTORY'],
    colour: process.stderr.isTTY,
  });
  const { logger } = coordinator;
  const asked = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      asked.resolve(signal);
      // Asked twice: somebody is in a hurry, and everything acknowledged is durable.
      process.once(signal, () => process.exit(1));
    });
  }
  const notifier = createNotifier({
    environment: { notifySocket: process.env['NOTIFY_SOCKET'], watchdogUsec: process.env['WATCHDOG_USEC'], path: process.env['PATH'] },
    logger,
    clock: systemClock,
  });
  await coordinator.start();
  await notifier.ready(`listening on ${config.listen}`);
  const watchdog = new AbortController();
  const watching = notifier.runWatchdog(() => coordinator.api.port() !== 0, watchdog.signal);
  logger.info('coordinator runs', { version, listen: config.listen, port: coordinator.api.port(), ops: coordinator.ops.address() });
  const signal = await asked.promise;
  watchdog.abort();
  await watching;
  await notifier.stopping();
  logger.info('coordinator stops', { signal });
  const outcome = await coordinator.stop();
  logger.info('coordinator stopped', { outcome: outcome.kind });
  logger.sync();
  return outcome.kind === 'stopped' ? 0 : 1;
}

type Words =
  | { readonly kind: 'run'; readonly file: string; readonly command: 'check' | 'init' | 'run' }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'usage'; readonly message: string };

function readArguments(): Words {
  try {
    const { values, positionals } = parseArgs({
      options: { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
      allowPositionals: true,
    });
    if (values.help === true) return { kind: 'print', text: usage };
    if (values.version === true) return { kind: 'print', text: `hephaestus-coordinator ${version}\n` };
    const [command = 'run', ...rest] = positionals;
    if (rest.length > 0) return { kind: 'usage', message: `too many words: ${rest.join(' ')}` };
    if (command !== 'check' && command !== 'init' && command !== 'run') return { kind: 'usage', message: `there is no command ${command}` };
    if (values.config === undefined) return { kind: 'usage', message: '--config FILE is missing' };
    return { kind: 'run', file: values.config, command };
  } catch (error) {
    return { kind: 'usage', message: error instanceof Error ? error.message : 'the arguments are wrong' };
  }
}

process.exitCode = await main();
