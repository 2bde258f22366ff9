// States what happens with repositories that are large, odd or on the move: a clear outcome within the budget, and nothing half-applied.
// Must never assert a duration: what is bounded is how often git is asked, and how much is shown.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseTrace } from '../../analysis/traces/trace-reader.ts';
import { createSyntaxTrees } from '../../base/syntax-tree.ts';
import { Git } from '../../coordinator/repository/git.ts';
import { buildContext } from '../../coordinator/solutions/context.ts';
import { layGroundwork, type Groundwork } from '../../coordinator/solutions/groundwork.ts';
import { makeRepositoryService } from '../support/git-fixture.ts';
import { git, makeRepository } from '../support/plain-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository, sampleTrace } from '../support/solution-samples.ts';
import { solutionBench } from '../support/solution-bench.ts';

const trees = createSyntaxTrees();
const code = 'export function total(cart) {\n  return cart.items.length;\n}\n';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heph-odd-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

/** A bare repository with one commit, as `git fast-import` makes it. */
function importRepository(files: Readonly<Record<string, Buffer | string>>, more = ''): string {
  const directory = join(folder, 'odd.git');
  const entries = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }));
  const blobs = entries.flatMap(({ content }, index) => [
    Buffer.from(`blob\nmark :${String(index + 1)}\ndata ${String(content.length)}\n`),
    content,
    Buffer.from('\n'),
  ]);
  const rows = entries.map(({ path }, index) => `M 100644 :${String(index + 1)} ${path}\n`).join('');
  const commit = `commit refs/heads/main\ncommitter A <a@test.invalid> 1767225600 +0000\ndata 3\nOne\n${rows}${more}\n`;
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', directory]);
  execFileSync('git', ['fast-import', '--quiet'], { cwd: directory, input: Buffer.concat([...blobs, Buffer.from(commit)]) });
  return directory;
}

async function groundworkOf(directory: string, raw: string): Promise<Groundwork> {
  const { service } = makeRepositoryService(join(folder, 'state'));
  const occurrence = sampleOccurrence(parseTrace(raw), { raw, message: raw });
  const incident = sampleIncident({ title: raw.split('\n', 1)[0] ?? '' });
  const never = new AbortController().signal;
  return layGroundwork(
    { repositoryService: service, trees },
    sampleRepository({ url: directory }),
    incident,
    [occurrence],
    () => undefined,
    never,
  );
}

test('a repository of 100,000 files is located in with few calls of git, and shown within the budget', async () => {
  const rows = Array.from(
    { length: 100_000 },
    (_, index) => `M 100644 :1 packages/p${String(index % 300)}/src/d${String(index % 17)}/file${String(index)}.js\n`,
  );
  const directory = importRepository({ 'src/cart.js': code, 'assets/huge.js': 'x'.repeat(3_000_000) }, rows.join(''));
  const calls = vi.spyOn(Git.prototype, 'run');
  const found = await groundworkOf(
    directory,
    'TypeError: x is undefined\n    at total (/srv/packages/p7/src/d8/file4207.js:2:10)\n    at main (/srv/src/cart.js:2:1)',
  );
  expect(found.locations.slice(0, 2).map(({ path }) => path)).toEqual(['packages/p7/src/d8/file4207.js', 'src/cart.js']);
  const context = buildContext(found, 8_000);
  expect(context.tokens).toBeLessThanOrEqual(8_000);
  expect(context.text).toContain('cart.items.length');
  const lost = await groundworkOf(directory, 'the payment provider refused the card: limit reached');
  expect(lost.locations).toEqual([]);
  expect(calls.mock.calls.length).toBeLessThan(120);
});

test('submodules, large files, pointers of LFS, binary files and other encodings are located, and only what is text is shown', async () => {
  const latin = Buffer.from('export const größe = (cart) => cart.items;\n', 'latin1');
  const directory = importRepository(
    {
      'src/utf16.js': Buffer.from(`\uFEFF${code}`, 'utf16le'),
      'src/latin.js': latin,
      'src/mark.js': `\uFEFF${code}`,
      'src/carriage.js': code.replaceAll('\n', '\r\n'),
      'src/pointer.js': 'version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12345\n',
      'src/binary.js': Buffer.from([0, 1, 2, 255, 10, 0]),
      'src/huge.js': `${code}${'// x\n'.repeat(200_000)}`,
      '.gitmodules': '[submodule "vendor/lib"]\n\tpath = vendor/lib\n\turl = https://example.com/lib.git\n',
    },
    'M 160000 1111111111111111111111111111111111111111 vendor/lib\n',
  );
  const names = ['utf16', 'latin', 'mark', 'carriage', 'pointer', 'binary', 'huge'];
  const frames = names.map((name) => `    at total (/srv/src/${name}.js:2:10)`).join('\n');
  const found = await groundworkOf(directory, `TypeError: x is undefined\n${frames}\n    at lib (/srv/vendor/lib/index.js:1:1)`);
  expect(found.locations.map(({ path }) => path)).toEqual(expect.arrayContaining(names.map((name) => `src/${name}.js`)));
  expect([...found.files.keys()].toSorted()).toEqual(['src/carriage.js', 'src/latin.js', 'src/mark.js']);
  expect(buildContext(found, 4_000).text).not.toContain('git-lfs');
});

const broken = `export function discountOf(customer, subtotal) {
  return subtotal * (customer.tier === 'gold' ? 0.1 : 0);
}
`;
const trace = sampleTrace({
  message: "Cannot read properties of undefined (reading 'tier')",
  frames: [
    { function: 'discountOf', file: '/srv/shop/src/discount.js', line: 2, column: 31, module: undefined, inApp: true, source: undefined },
  ],
});

describe('nothing is half-applied', () => {
  const bench = async (mode: 'deploy' | 'suggest'): ReturnType<typeof solutionBench> =>
    solutionBench({
      directory: join(folder, 'shop'),
      incident: sampleIncident(),
      occurrences: [sampleOccurrence(trace)],
      repository: sampleRepository({ mode, gate: 'syntax' }),
      issues: true,
    });

  test('where a file is in another encoding, an edit of it is refused: other characters in it would be lost', async () => {
    await makeRepository(join(folder, 'shop'), [{ subject: 'Begin', files: { 'README.md': 'Shop\n' } }]);
    const latin = Buffer.concat([Buffer.from(broken), Buffer.from('// Größe\n', 'latin1')]);
    await makeRepository(join(folder, 'shop'), [{ subject: 'Sell', files: { 'src/discount.js': latin } }]);
    const own = await bench('deploy');
    await own.jobs.enqueue('propose', sampleIncident().id);
    await own.drain();
    const proposal = await own.newest();
    expect(proposal).toMatchObject({ state: 'diagnosed', diff: '' });
    expect(own.service.acts).toEqual([`issue ${sampleIncident().id}`]);
  });

  test('where the branch is force-pushed while a change waits, nothing is opened on what is gone, and it is proposed anew', async () => {
    const directory = join(folder, 'shop');
    await makeRepository(directory, [
      { subject: 'Begin', files: { 'README.md': 'Shop\n' } },
      { subject: 'Sell', files: { 'src/discount.js': broken } },
    ]);
    const own = await bench('suggest');
    await own.jobs.enqueue('propose', sampleIncident().id);
    await own.drain();
    const first = await own.newest();
    expect(first?.state).toBe('awaiting-approval');
    await git(directory, 'commit', '--quiet', '--amend', '--message', 'Sell, said better');
    await own.solutions.approve(first?.id ?? '', 'operator', '');
    await own.drain();
    const gone = await own.proposals.get(first?.id ?? '');
    expect(gone).toMatchObject({ state: 'superseded', delivery: undefined });
    expect(gone?.stateReason).toContain('main was rewritten since');
    expect(own.service.acts).toEqual([]);
    const anew = await own.newest();
    expect(anew?.id).not.toBe(first?.id);
    expect(anew).toMatchObject({ state: 'awaiting-approval', baseCommit: (await git(directory, 'rev-parse', 'main')).trim() });
  });
});
