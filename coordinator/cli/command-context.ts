// What every command gets: a connection, an output and the moment, made from the global options when it runs.
// Must never read the process's environment or streams itself; main.ts hands them in.
import { access, constants, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { HephaestusError, errnoOf } from '../../base/errors.ts';
import { connectOperator, type OperatorConnection } from './client.ts';
import { createOutput, type Format, type Output } from './output.ts';
import { parseDuration } from './presentation.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  /** Undefined if standard output isn't a terminal. */
  readonly terminalWidth: number | undefined;
  readonly readStandardInput: () => Promise<string>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export interface CommandContext {
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly readStandardInput: () => Promise<string>;
  open(command: Command): Promise<{ connection: OperatorConnection; output: Output }>;
  /** The output alone, for commands that need no coordinator. */
  output(command: Command): Output;
  address(command: Command): string;
  close(): void;
}

interface GlobalOptions {
  readonly coordinator?: string;
  readonly ca?: string;
  readonly tokenFile?: string;
  readonly stateDirectory?: string;
  readonly timeout?: string;
  readonly output?: Format;
  readonly color?: boolean;
}

/** Where `hephaestus-coordinator init` leaves what root needs on the coordinator's own host. */
const defaultStateDirectory = '/var/lib/hephaestus';
const defaultAddress = 'localhost:7443';
const socketName = 'coordinator.sock';

export function createCommandContext(surroundings: Surroundings): CommandContext {
  const { env } = surroundings;
  const opened: OperatorConnection[] = [];
  const optionsOf = (command: Command) => command.optsWithGlobals<GlobalOptions>();
  const addressOf = (command: Command) => optionsOf(command).coordinator ?? env['HEPHAESTUS_COORDINATOR'] ?? defaultAddress;

  function output(command: Command): Output {
    const options = optionsOf(command);
    const colours = surroundings.terminalWidth !== undefined && options.color !== false && (env['NO_COLOR'] ?? '') === '';
    return createOutput(options.output ?? 'table', { width: surroundings.terminalWidth, colours }, surroundings.write);
  }

  return {
    signal: surroundings.signal,
    now: surroundings.now,
    readStandardInput: surroundings.readStandardInput,
    output,
    address: addressOf,
    async open(command) {
      const options = optionsOf(command);
      const directory = options.stateDirectory ?? env['HEPHAESTUS_STATE_DIRECTORY'] ?? defaultStateDirectory;
      const timeoutMs = parseDuration(options.timeout ?? '30s');
      if (timeoutMs === undefined) throw usage(`--timeout ${options.timeout}: write it as 500ms, 30s or 2m`);
      const socket = await localSocket(options, env, directory);
      if (socket !== undefined) {
        const connection = connectOperator({ address: `unix:${socket}`, caPem: undefined, token: undefined, timeoutMs });
        opened.push(connection);
        return { connection, output: output(command) };
      }
      const caFile = options.ca ?? env['HEPHAESTUS_CA'] ?? join(directory, 'ca.crt');
      const caPem = await readFile(caFile).catch((error: unknown) => {
        throw unreadable('the CA certificate', caFile, '--ca or HEPHAESTUS_CA', error);
      });
      const connection = connectOperator({
        address: addressOf(command),
        caPem,
        token: await readToken(options, env, directory),
        timeoutMs,
      });
      opened.push(connection);
      return { connection, output: output(command) };
    },
    close() {
      for (const connection of opened.splice(0)) connection.close();
    },
  };
}

/** A mistake in how the command was called; exit code 2. */
export function usage(message: string): HephaestusError {
  return new HephaestusError({ code: 'usage', kind: 'validation', message });
}

/**
 * The coordinator's own socket, for whoever may open it: where it is asked for by its path, or where nothing says that another
 * coordinator or operator is meant.
 */
async function localSocket(options: GlobalOptions, env: Surroundings['env'], directory: string): Promise<string | undefined> {
  const address = options.coordinator ?? env['HEPHAESTUS_COORDINATOR'];
  if (address?.startsWith('unix:') === true) return address.slice('unix:'.length).replace(/^\/\//, '');
  const isOther = [
    address,
    options.ca,
    env['HEPHAESTUS_CA'],
    options.tokenFile,
    env['HEPHAESTUS_TOKEN_FILE'],
    env['HEPHAESTUS_TOKEN'],
  ].some((given) => given !== undefined && given !== '');
  if (isOther) return undefined;
  const path = join(directory, socketName);
  try {
    await access(path, constants.W_OK);
    return (await stat(path)).isSocket() ? path : undefined;
  } catch {
    // Not there, or not ours: the port and a token are the other way in.
    return undefined;
  }
}

async function readToken(options: GlobalOptions, env: Surroundings['env'], directory: string): Promise<string> {
  const given = env['HEPHAESTUS_TOKEN'];
  if (options.tokenFile === undefined && given !== undefined && given !== '') return given.trim();
  const file = options.tokenFile ?? env['HEPHAESTUS_TOKEN_FILE'] ?? join(directory, 'admin.token');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw unreadable('the operator token', file, '--token-file, HEPHAESTUS_TOKEN_FILE or HEPHAESTUS_TOKEN', error);
  }
}

function unreadable(what: string, file: string, how: string, cause: unknown): HephaestusError {
  const why = errnoOf(cause) === 'ENOENT' ? 'there is no such file' : errnoOf(cause) === 'EACCES' ? 'permission denied' : String(cause);
  return new HephaestusError({
    code: 'usage',
    kind: 'validation',
    message: `cannot read ${what} from ${file}: ${why}; give it by ${how}`,
    cause,
  });
}
