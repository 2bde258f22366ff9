// The Logger: structured messages as JSON lines, as coloured text for people, or with priorities for the journal.
// Must never be a global; compose.ts creates one and every component gets a child of it. The only file that knows pino.
import { pino, stdTimeFunctions, destination as openDestination } from 'pino';
import { isHephaestusError } from './errors.ts';
import { formatJournalLine, formatPrettyLine } from './log-format.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** `json`: one object a line. `pretty`: for a terminal. `journald`: `<3>` priority prefixes of sd-daemon(3), one line a message. */
export const logOutputs = ['json', 'pretty', 'journald'] as const;
export type LogOutput = (typeof logOutputs)[number];

/** Data beside a static message. An error goes under `err`; a secret goes nowhere (see secret.ts). */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  /** Also a user's mistake that we handled. */
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** Our bug or lost data; nothing else, so that an alert on it means something. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to everything it writes: `logger.withContext({ component: 'node-manager' })`. */
  withContext(fields: LogFields): Logger;
  /** Changes the level of this logger and of all its relatives, at once. */
  setLevel(level: LogLevel): void;
  level(): LogLevel;
  /** Writes out what is buffered; call it before the process ends. */
  sync(): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly output: LogOutput;
  /** Added to every line, for instance `{ service: 'hephaestus-agent' }`. */
  readonly context?: LogFields | undefined;
  /** A file descriptor or path; default standard error, which leaves standard output to results. A function gets each line, newline included. */
  readonly destination?: number | string | ((line: string) => void) | undefined;
  /** For `pretty`. Default false; main.ts knows whether it is a terminal. */
  readonly colour?: boolean | undefined;
}

interface LineSink {
  write(line: string): void;
  flush(): void;
}

/** Creates the process's logger (Initialize). */
export function createLogger(options: LoggerOptions): Logger {
  const sink = openSink(options.destination ?? 2);
  const stream = { write: (line: string) => sink.write(formatLine(line, options)) };
  const root = pino(
    {
      // Our own level guards each call, because a pino child keeps the level that it was created with.
      level: 'debug',
      messageKey: 'message',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error) => serializeError(error) },
    },
    stream,
  );
  return wrap(root.child({ ...options.context }), { level: options.level, sink });
}

/** Says nothing; for tests and for callers without a logger. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  withContext: () => silentLogger,
  setLevel: () => undefined,
  level: () => 'error',
  sync: () => undefined,
};

interface Family {
  level: LogLevel;
  readonly sink: LineSink;
}

type PinoLogger = ReturnType<typeof pino>;

function wrap(inner: PinoLogger, family: Family): Logger {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (logLevels.indexOf(level) < logLevels.indexOf(family.level)) return;
    inner[level](fields ?? {}, message);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    withContext: (fields) => wrap(inner.child(fields), family),
    setLevel: (level) => {
      family.level = level;
    },
    level: () => family.level,
    sync: () => family.sink.flush(),
  };
}

function openSink(destination: number | string | ((line: string) => void)): LineSink {
  if (typeof destination === 'function') return { write: destination, flush: () => undefined };
  // Synchronous: an asynchronous sink loses its last lines in a crash, and its flushSync overtakes a write under way.
  const boom = openDestination({ dest: destination, sync: true });
  return { write: (line) => void boom.write(line), flush: () => boom.flushSync() };
}

function formatLine(line: string, options: LoggerOptions): string {
  switch (options.output) {
    case 'json':
      return line;
    case 'pretty':
      return formatPrettyLine(line, options.colour ?? false);
    case 'journald':
      return formatJournalLine(line);
  }
}

/** Deepest `cause` chain that is written. */
const mostCauses = 8;

function serializeError(error: unknown, depth = 0, withStack = true): unknown {
  if (!(error instanceof Error)) return error;
  const ours = isHephaestusError(error)
    ? { code: error.code, kind: error.kind, retry: error.retry, details: error.details }
    : codeOf(error);
  // A mistake of whoever wrote the settings is no bug: where we noticed it helps nobody.
  const hasStack = withStack && !(isHephaestusError(error) && error.kind === 'validation');
  const cause = error.cause === undefined || depth >= mostCauses ? {} : { cause: serializeError(error.cause, depth + 1, hasStack) };
  return { type: error.name, message: error.message, ...ours, ...(hasStack ? { stack: error.stack } : {}), ...cause };
}

function codeOf(error: Error): { code?: string | number } {
  if (!('code' in error)) return {};
  return typeof error.code === 'string' || typeof error.code === 'number' ? { code: error.code } : {};
}
