// What hephaestus-agent says to somebody who got a command line wrong.
// Must never reach a coordinator; what a session does is test/integration's.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../../agent/program.ts';

async function say(...words: string[]): Promise<{ code: number; errors: string }> {
  let errors = '';
  const code = await runProgram(words, {
    env: {},
    write: () => undefined,
    writeError: (text) => void (errors += text),
    isTerminal: false,
    readStandardInput: async () => '',
    stop: new AbortController().signal,
    onReload: () => undefined,
    version: '1.2.3',
  });
  return { code, errors };
}

test('a command that there isn’t is answered with those that there are', async () => {
  const { code, errors } = await say('frobnicate');
  expect(errors).toMatch(/no command "frobnicate".* enroll/);
  expect(code).toBe(2);
});

test('enrolling a host without settings asks for the coordinator, and writes nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agent-program-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { code, errors } = await say('--config', join(folder, 'agent.yaml'), 'enroll');
  expect(errors).toMatch(/--coordinator HOST:PORT/);
  expect(code).toBe(2);
  expect(await readdir(folder)).toEqual([]);
});
