// What hephaestus-agent says to somebody who got a command line wrong.
// Must never reach a coordinator; what a session does is test/integration's.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../../agent/program.ts';

async function say(...words: string[]): Promise<{ code: number; errors: string; text: string }> {
  let errors = '';
  let text = '';
  const code = await runProgram(words, {
    env: {},
    write: (part) => void (text += part),
    writeError: (part) => void (errors += part),
    isTerminal: false,
    readStandardInput: async () => '',
    stop: new AbortController().signal,
    onReload: () => undefined,
    version: '1.2.3',
  });
  return { code, errors, text };
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

test('sources and check speak JSON to programs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agent-program-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'agent.yaml');
  const source = `{ id: app, file: { include: ['${folder}/*.log'] } }`;
  await writeFile(file, `coordinator: 127.0.0.1:1\nstateDirectory: ${folder}\nsources: [${source}]\n`);
  await writeFile(join(folder, 'app.log'), 'a line\n');
  const sources = await say('--config', file, 'sources', '--output', 'json');
  const { files } = JSON.parse(sources.text) as { files: { path: string }[] };
  expect(files.find(({ path }) => path === join(folder, 'app.log'))).toMatchObject({ isTailed: true, sources: ['app'] });
  const check = await say('--config', file, 'check', '-o', 'json');
  const { checks } = JSON.parse(check.text) as { checks: { subject: string }[] };
  expect(checks.find(({ subject }) => subject === 'source app')).toMatchObject({ outcome: 'ok' });
  expect(check.code).toBe(3);
  expect(await say('run', '-o', 'json')).toMatchObject({ code: 2 });
  const wrong = await say('sources', '-o', 'xml');
  expect(wrong.errors).toContain('text and json');
  expect(wrong.code).toBe(2);
});
