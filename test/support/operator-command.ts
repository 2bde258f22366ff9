// hephaestusctl in this process against a staged coordinator, as an operator types it.
// Must never bypass the command line.
import { join } from 'node:path';
import { runProgram } from '../../coordinator/cli/program.ts';
import type { CoordinatorStage } from './coordinator-stage.ts';

/** @returns what was printed; on a failure what was complained of, with the exit code before it */
export async function ctl(stage: CoordinatorStage, ...words: readonly string[]): Promise<string> {
  let out = '';
  let err = '';
  const connection: Readonly<Record<string, string>> = {
    '--coordinator': `127.0.0.1:${stage.port}`,
    '--ca': join(stage.directory, 'ca.crt'),
    '--token-file': join(stage.directory, 'admin.token'),
  };
  const exitCode = await runProgram([...Object.entries(connection).flat(), ...words], {
    env: {},
    write: (text) => (out += text),
    writeError: (text) => (err += text),
    terminalWidth: undefined,
    readStandardInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
    now: Date.now,
    version: 'test',
  });
  return exitCode === 0 ? out : `${exitCode}: ${err}`;
}
