#!/usr/bin/env node
// hephaestus-agent: hands the process's arguments, streams and signals to the program.
// Must never hold a command.
import { text } from 'node:stream/consumers';
import { version } from '../base/version.ts';
import { runProgram } from './program.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  // The second one ends it at once, by the system's default.
  process.once(signal, () => stop.abort());
}

const exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  write: (chunk) => process.stdout.write(chunk),
  writeError: (chunk) => process.stderr.write(chunk),
  isTerminal: process.stderr.isTTY,
  readStandardInput: () => text(process.stdin),
  stop: stop.signal,
  onReload: (listener) => process.on('SIGHUP', listener),
  version,
});
// Sockets of a connection that was given up may still be open.
process.exit(exitCode);
