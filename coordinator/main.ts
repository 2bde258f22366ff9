#!/usr/bin/env node
// hephaestus-coordinator: reads arguments, environment and signals, and runs a command.
// Must never hold logic beyond that; compose.ts puts the coordinator together.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { configError, loadConfig } from '../base/config.ts';
import { HephaestusError } from '../base/errors.ts';
import { createNotifier } from '../base/systemd.ts';
import { version } from '../base/version.ts';
import type { CoordinatorConfiguration } from './config.ts';

const defaultFile = '/etc/hephaestus/coordinator.yaml';

const usage = `Usage: hephaestus-coordinator [--config FILE] [run|check|init|rotate-key|backup FILE|restore FILE]

Takes the logs of all agents, groups problems into incidents, and proposes proven fixes.

Commands:
  run           run the coordinator (the default)
  check         check the settings, all mistakes at once, and change nothing
  init          make the certificate authority, keys, database and administrator's token; what is there stays
  rotate-key    seal all secrets under a new master key; the coordinator must not run
  backup FILE   write database, authority and keys to a .tar.gz, also while it runs; keep it as safe as the keys
  restore FILE  put a backup, or a copy that an upgrade made of the database, in place; the coordinator must not run

Options:
  -c, --config FILE  settings (YAML); FILE.d/*.yaml are laid over it (default ${defaultFile})
  --init             run: first make what isn't there yet, as init does
  --replace          restore: put aside what is there
  -h, --help         print this help
  -V, --version      print the version

Settings can be given by the environment: HEPHAESTUS_COORDINATOR__LOG__LEVEL=debug sets log.level.
SIGHUP reads the settings again: log.level, logs.maxAge, logs.maxSize, names and repositories hold at once, others after a restart.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, or a database that a newer version wrote.
`;

const exitUsage = 2;

async function main(): Promise<number> {
  const words = readArguments();
  if (words.kind === 'usage') {
    process.stderr.write(`hephaestus-coordinator: ${words.message} (add --help for what is possible)\n`);
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
      case 'rotate-key': {
        const { rotateMasterKey } = await import('./master-key-rotation.ts');
        await refuseWhileRunning(config);
        const count = await rotateMasterKey(config.stateDirectory, systemClock, `uid ${process.getuid?.() ?? 'unknown'}`);
        process.stdout.write(`sealed ${count} secret(s) under a new master key; back ${config.stateDirectory}/master.key up anew\n`);
        return 0;
      }
      case 'backup': {
        const { backupState } = await import('./state-backup.ts');
        const bytes = await backupState(config.stateDirectory, words.argument, systemClock.now());
        process.stdout.write(`wrote ${words.argument} (${Math.ceil(bytes / 1024)} KiB); it holds every secret of this coordinator\n`);
        return 0;
      }
      case 'restore': {
        const { restoreState } = await import('./state-backup.ts');
        await refuseWhileRunning(config);
        const said = await restoreState(config.stateDirectory, words.argument, { replace: words.replace, nowMs: systemClock.now() });
        process.stdout.write(said.map((line) => `${line}\n`).join(''));
        return 0;
      }
      case 'run':
        if (words.init) {
          const { initializeState } = await import('./state-directory.ts');
          for (const line of await initializeState(config.stateDirectory, systemClock)) process.stdout.write(`made ${line}\n`);
        }
        return await run(config, words.file);
    }
  } catch (thrown) {
    const failure = HephaestusError.from(thrown);
    process.stderr.write(`hephaestus-coordinator: ${failure.message}\n`);
    // What no second attempt mends: systemd leaves it at that.
    return ['config.invalid', 'store.newer'].includes(failure.code) ? exitUsage : 1;
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

/** A coordinator that runs holds its port. */
async function refuseWhileRunning(config: CoordinatorConfiguration): Promise<void> {
  const { splitAddress } = await import('./config.ts');
  const probe = createServer();
  try {
    probe.listen(splitAddress(config.listen));
    await once(probe, 'listening');
  } catch (cause) {
    const message = `${config.listen} is in use, so that a coordinator may be running: stop it first (systemctl stop hephaestus-coordinator)`;
    throw new HephaestusError({ code: 'state.in-use', kind: 'validation', message, cause });
  } finally {
    probe.close();
  }
}

async function run(config: CoordinatorConfiguration, file: string): Promise<number> {
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
  await notifier.ready(coordinator.describe());
  const watchdog = new AbortController();
  const watching = Promise.all([
    notifier.runWatchdog(() => coordinator.api.port() !== 0, watchdog.signal),
    notifier.keepStatus(() => coordinator.describe(), watchdog.signal),
  ]);
  const reload = async (): Promise<void> => {
    await notifier.reloading();
    try {
      const { applied, waiting } = await coordinator.reload(await readConfiguration(file));
      logger.info('settings read again', { config: file, applied });
      if (waiting.length > 0) logger.warn('settings that wait for a restart', { config: file, waiting });
    } catch (error) {
      logger.warn('settings not changed', { config: file, err: error });
    }
    // READY ends a reload, also one that changed nothing.
    await notifier.ready(coordinator.describe());
  };
  process.on('SIGHUP', () => void reload());
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

const plainCommands = ['run', 'check', 'init', 'rotate-key'] as const;
const fileCommands = ['backup', 'restore'] as const;

type Words =
  | { readonly kind: 'run'; readonly file: string; readonly command: (typeof plainCommands)[number]; readonly init: boolean }
  | {
      readonly kind: 'run';
      readonly file: string;
      readonly command: (typeof fileCommands)[number];
      readonly argument: string;
      readonly replace: boolean;
    }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'usage'; readonly message: string };

function readArguments(): Words {
  const wrong = (message: string): Words => ({ kind: 'usage', message });
  try {
    const { values, positionals } = parseArgs({
      options: {
        config: { type: 'string', short: 'c', default: defaultFile },
        init: { type: 'boolean', default: false },
        replace: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'V' },
      },
      allowPositionals: true,
    });
    if (values.help === true) return { kind: 'print', text: usage };
    if (values.version === true) return { kind: 'print', text: `hephaestus-coordinator ${version}\n` };
    const [word = 'run', ...rest] = positionals;
    const plain = plainCommands.find((known) => known === word);
    const withFile = fileCommands.find((known) => known === word);
    if (values.replace && withFile !== 'restore') return wrong('--replace is for restore only');
    if (values.init && plain !== 'run') return wrong('--init is for run only');
    if (plain !== undefined && rest.length > 0) return wrong(`too many words: ${rest.join(' ')}`);
    if (plain !== undefined) return { kind: 'run', file: values.config, command: plain, init: values.init };
    if (withFile === undefined) return wrong(`there is no command "${word}"; there are ${[...plainCommands, ...fileCommands].join(', ')}`);
    const [argument, ...more] = rest;
    if (argument === undefined || more.length > 0) return wrong(`${withFile} takes one FILE, such as /root/hephaestus-backup.tar.gz`);
    return { kind: 'run', file: values.config, command: withFile, argument, replace: values.replace };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : 'the arguments are wrong');
  }
}

process.exitCode = await main();
