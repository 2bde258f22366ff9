#!/usr/bin/env node
// hephaestusctl: hands the process's arguments, streams and signals to the program.
// Must never hold a command.
import { text } from 'node:stream/consumers';
import { version } from '../../base/version.ts';
import { runProgram } from './program.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
// A reader such as `head` that leaves early is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  write: (chunk) => process.stdout.write(chunk),
  writeError: (chunk) => process.stderr.write(chunk),
  terminalWidth: process.stdout.isTTY ? process.stdout.columns : undefined,
  readStandardInput: () => text(process.stdin),
  signal: interrupted.signal,
  now: () => Date.now(),
  version,
});
