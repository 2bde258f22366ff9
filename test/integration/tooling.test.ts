// Every check of `npm run check` can fail: a small clean project passes, and each planted mistake is found by name.
// Must never touch the repository; the project is made in a temporary folder with the repository's own settings.
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProcess } from '../../base/process.ts';

const repository = join(import.meta.dirname, '..', '..');
const head = '// What it owns.\n// What it must never do.\n';

let scratch: string;
let project: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'hephaestus-tooling-'));
  // The packages lie above the project, so that no tool takes them for a part of it.
  await symlink(join(repository, 'node_modules'), join(scratch, 'node_modules'));
  project = join(scratch, 'project');
  await mkdir(project);
  for (const name of ['tsconfig.json', '.oxlintrc.json', '.oxfmtrc.json', 'knip.json'])
    await copyFile(join(repository, name), join(project, name));
  await plant('package.json', manifest('pino'));
  await plant('agent/main.ts', `${head}import { pino } from 'pino';\nimport { two } from '../base/two.ts';\n\npino().info(two);\n`);
  await plant('base/two.ts', `${head}export const two = '2';\n`);
});
afterEach(async () => {
  await rm(scratch, { recursive: true });
});

async function plant(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(project, path)), { recursive: true });
  await writeFile(join(project, path), text);
}

function manifest(dependency: string): string {
  const scripts = { agent: 'node agent/main.ts' };
  return `${JSON.stringify({ name: 'planted', private: true, type: 'module', scripts, dependencies: { [dependency]: '*' } }, undefined, 2)}\n`;
}

async function check(command: string, ...args: string[]): Promise<{ ok: boolean; text: string }> {
  const bin = join(repository, 'node_modules', '.bin');
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: project, NO_COLOR: '1' };
  const result = await runProcess({ command: join(bin, command), args, cwd: project, env, timeoutMs: 50_000, maxOutputBytes: 200_000 });
  if (result.kind !== 'exited') throw new Error(`${command} ended as ${result.kind}`);
  return { ok: result.exitCode === 0, text: `${result.stdout.toString('utf8')}${result.stderr.toString('utf8')}` };
}

const checks: Record<string, () => Promise<{ ok: boolean; text: string }>> = {
  types: () => check('tsc'),
  lint: () => check('oxlint', '--deny-warnings', '-f', 'unix'),
  architecture: () => check('node', join(repository, 'test', 'architecture', 'check.ts'), project),
  format: () => check('oxfmt', '--check', '.'),
  'dead code': () => check('knip'),
};

async function run(name: string): Promise<{ ok: boolean; text: string }> {
  const chosen = checks[name];
  if (chosen === undefined) throw new Error(`there is no check ${name}`);
  return chosen();
}

describe('a clean project', () => {
  it.each(Object.keys(checks))('passes the check of %s', async (name) => {
    expect(await run(name)).toMatchObject({ ok: true });
  });
});

const asyncWork = 'async function work(): Promise<void> {\n  await Promise.resolve();\n}\n';

/** What is planted, and what the check must say of it in the same line. */
const mistakes: Record<string, readonly (readonly [expected: string, body: string])[]> = {
  types: [
    ['TS2322', 'export const a: number = "text";'],
    ['TS2375', 'const none: string | undefined = undefined;\nexport const a: { x?: string } = { x: none };'],
    ['TS2532', 'export const f = (list: number[]): number => list[0].valueOf();'],
    ['TS1294', 'export enum Kind {\n  a,\n}'],
    ['TS6133', 'const unused = 1;\nexport {};'],
  ],
  lint: [
    ['no-floating-promises', `export function f(): void {\n  work();\n}\n${asyncWork}`],
    ['no-misused-promises', `export const f = (): void => [1].forEach(async () => work());\n${asyncWork}`],
    [
      'switch-exhaustiveness-check',
      "export function f(k: 'a' | 'b'): number {\n  switch (k) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}",
    ],
    ['no-explicit-any', 'export const a: any = 1;'],
    ['no-unsafe-assignment', "export const a: number = JSON.parse('1');"],
    ['no-unsafe-return', "export const f = (): number => JSON.parse('1');"],
    ['no-unsafe-member-access', "export const a = String(JSON.parse('{}').b);"],
    ['no-non-null-assertion', 'export const f = (list: number[]): number => list[0]!;'],
    ['consistent-type-imports', "import { A } from './planted-type.ts';\nexport type B = A;"],
    ['no-cycle', "import type { B } from './planted-cycle.ts';\nexport interface A {\n  readonly b: B;\n}"],
    ['only-throw-error', "export function f(): never {\n  throw 'text';\n}"],
    ['no-empty', 'export function f(): void {\n  try {\n    f();\n  } catch {}\n}'],
    ['no-console', "console.log('x');"],
    ['no-warning-comments', `// ${['TO', 'DO'].join('')} later\nexport {};`],
    ['no-default-export', 'export default 1;'],
  ],
  architecture: [
    ['base must not import agent', "export * from '../agent/main.ts';"],
    ['only main.ts does', "export const home = process.env['HOME'];"],
    ['default export', 'export default 1;'],
    ['one file an SDK', "export { pino } from 'pino';"],
  ],
  format: [['planted-0.ts', 'export  const a = "double"']],
  'dead code': [['planted-0.ts', 'export const nobodyUsesThis = 1;']],
};

describe('a planted mistake', () => {
  it.each(Object.entries(mistakes))('is found by the check of %s', async (name, planted) => {
    await plant('base/planted-type.ts', `${head}export interface A {\n  readonly a: 1;\n}\n`);
    const cycle = planted.findIndex(([expected]) => expected === 'no-cycle');
    if (cycle >= 0)
      await plant(
        'base/planted-cycle.ts',
        `${head}import type { A } from './planted-${cycle}.ts';\nexport interface B {\n  readonly a: A;\n}\n`,
      );
    for (const [index, [, body]] of planted.entries()) await plant(`base/planted-${index}.ts`, `${head}${body}\n`);
    const { ok, text } = await run(name);
    expect(ok).toBe(false);
    for (const [index, [expected]] of planted.entries()) {
      const said = text.split('\n').filter((line) => line.includes(`planted-${index}.ts`));
      expect(said.join('\n')).toContain(expected);
    }
  });

  it('is found by the check of dead code: an export that nobody imports', async () => {
    await plant('base/two.ts', `${head}export const two = '2';\nexport const three = '3';\n`);
    expect(await run('dead code')).toMatchObject({ ok: false, text: expect.stringContaining('three') as string });
  });

  it('is found by the check of dead code: a dependency that nobody imports, and one that is not declared', async () => {
    await plant('package.json', manifest('yaml'));
    const { ok, text } = await run('dead code');
    expect(ok).toBe(false);
    expect(text).toMatch(/Unused dependencies[\s\S]*yaml/);
    expect(text).toMatch(/Unlisted dependencies[\s\S]*pino/);
  });
});
