// Command lines that never get as far as a coordinator: help, version, wrong usage, nobody there.
// Must never need a coordinator that runs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { version } from '../../../base/version.ts';
import { runProgram } from '../../../coordinator/cli/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'hephaestusctl-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...words: string[]) {
  let out = '';
  let err = '';
  const exitCode = await runProgram(words, {
    env: {},
    write: (text) => (out += text),
    writeError: (text) => (err += text),
    terminalWidth: undefined,
    readStandardInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
    now: () => 0,
    version,
  });
  return { exitCode, out, err };
}

describe('help and version', () => {
  it('are printed for the program and every command', async () => {
    expect(await run('--version')).toEqual({ exitCode: 0, out: `${version}\n`, err: '' });
    for (const words of [[], ['nodes'], ['nodes', 'list'], ['repositories', 'add']]) {
      const { exitCode, out } = await run(...words, '--help');
      expect(exitCode).toBe(0);
      expect(out).toContain('Usage: hephaestusctl');
    }
  });

  it('lists every resource and the exit codes', async () => {
    const { out } = await run('--help');
    for (const resource of [
      'nodes',
      'tokens',
      'sources',
      'incidents',
      'solutions',
      'repositories',
      'deployments',
      'logs',
      'status',
      'doctor',
    ]) {
      expect(out).toMatch(new RegExp(`^ {2}${resource} `, 'm'));
    }
    expect(out).toContain('3 cannot reach the coordinator');
  });
});

describe('wrong usage ends with 2', () => {
  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['nodes', 'get'], "missing required argument 'node'"],
    [['nodes', 'list', '--output', 'xml'], 'Allowed choices are table, json, yaml'],
    [['tokens', 'create', '--ttl', 'soon'], '--ttl "soon"'],
    [
      ['nodes', 'list', '--state-directory', '/nonexistent'],
      'cannot read the CA certificate from /nonexistent/ca.crt: there is no such file',
    ],
  ])('%j', async (words, message) => {
    const { exitCode, err } = await run(...words);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
  });
});

it('a coordinator that is not there ends with 3, and says where it was looked for', async () => {
  // Any certificate will do: nobody listens on port 1.
  const key = join(folder, 'ca.key');
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      join(folder, 'ca.crt'),
      '-subj',
      '/CN=test',
    ],
    { stdio: 'ignore' },
  );
  writeFileSync(join(folder, 'admin.token'), 'token');
  const { exitCode, err } = await run('status', '--state-directory', folder, '--coordinator', '127.0.0.1:1', '--timeout', '10s');
  expect(exitCode).toBe(3);
  expect(err).toContain('cannot reach the coordinator at 127.0.0.1:1');
});

describe('completion', () => {
  it('completes resources, verbs and options in bash', async () => {
    const { out } = await run('completion', 'bash');
    const script = join(folder, 'completion.bash');
    writeFileSync(script, out);
    const complete = (...words: string[]) =>
      execFileSync('bash', [
        '-c',
        `source ${script}; COMP_WORDS=(hephaestusctl ${words.join(' ')}); COMP_CWORD=${words.length}; _hephaestusctl; echo "\${COMPREPLY[@]}"`,
      ])
        .toString()
        .trim();
    expect(complete('inc')).toBe('incidents');
    expect(complete('incidents', 'res')).toBe('resolve');
    expect(complete('repositories', 'add', '--rep')).toBe('--reproduce');
  });

  it('is there for zsh and fish', async () => {
    expect((await run('completion', 'zsh')).out).toContain('bashcompinit');
    expect((await run('completion', 'fish')).out).toContain("complete -c hephaestusctl -n '__fish_seen_subcommand_from nodes' -a list");
  });
});
