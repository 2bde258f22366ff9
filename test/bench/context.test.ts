// The benchmark `context` on a repository made here: cases in, rates out; and what a context holds at several sizes.
// Must never need the shared data or clones of others.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../bench/context.ts';
import { parseTrace } from '../../analysis/traces/trace-reader.ts';
import { createSyntaxTrees } from '../../base/syntax-tree.ts';
import { Git } from '../../coordinator/repository/git.ts';
import { Mirror } from '../../coordinator/repository/mirror.ts';
import { buildContext } from '../../coordinator/solutions/context.ts';
import { layGroundwork, type Groundwork } from '../../coordinator/solutions/groundwork.ts';
import { openClone } from '../support/clone-repository-service.ts';
import { git, makeRepository } from '../support/plain-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository } from '../support/solution-samples.ts';

const filler = (name: string, count: number): string =>
  Array.from({ length: count }, (_, index) => `def ${name}_${index}(value):\n    total = value + ${index}\n    return total\n`).join(
    '\n\n',
  );

/** The fault is far from the frame's line: the trace is of an older revision. */
const cart = `${filler('before', 120)}\n\ndef price_of(item, rates):\n    rate = rates[item.country]\n    return item.net * rate\n\n\n${filler('after', 120)}`;
const priceLine = cart.split('\n').findIndex((line) => line.startsWith('def price_of')) + 1;
const trace = [
  'Traceback (most recent call last):',
  '  File "/srv/shop/current/shop/app.py", line 4, in checkout',
  '    return price_of(item, load_rates())',
  `  File "/srv/shop/current/shop/cart.py", line ${priceLine - 300}, in price_of`,
  '    rate = rates[item.country]',
  "KeyError: 'LI'",
].join('\n');

let root = '';
let commit = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heph-context-'));
  const directory = join(root, 'clones', 'acme+shop', 'repo');
  const files = {
    'shop/app.py':
      'from shop.cart import price_of\n\ndef checkout(item):\n    return price_of(item, load_rates())\n\ndef load_rates():\n    return {}\n',
    'shop/cart.py': cart,
    'billing/terms.py': 'DAYS = 30\n',
    'tests/test_cart.py': 'def test_price():\n    assert True\n',
  };
  await makeRepository(directory, [{ subject: 'As deployed', files }]);
  commit = (await git(directory, 'rev-parse', 'HEAD')).trim();
  const base = { language: 'python', kind: 'test-trace', repo: 'acme/shop', mirror: 'acme+shop/repo', log_text: trace };
  const cases = [
    {
      ...base,
      id: 'one',
      buggy_commit: commit,
      gold: [{ file: 'shop/cart.py', kind: 'modify', ranges: [[priceLine + 1, priceLine + 1]] }],
    },
    { ...base, id: 'two', buggy_commit: commit, gold: [{ file: 'billing/terms.py', kind: 'modify', ranges: [[1, 1]] }] },
    { ...base, id: 'three', buggy_commit: 'f'.repeat(40), gold: [] },
  ];
  const data = join(root, 'data', 'localization');
  await mkdir(data, { recursive: true });
  await writeFile(join(data, 'cases_wild.jsonl.gz'), gzipSync(cases.map((one) => JSON.stringify(one)).join('\n')));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function groundwork(): Promise<Groundwork> {
  const mirror = new Mirror({
    git: new Git({ searchPath: process.env['PATH'] ?? '' }),
    directory: join(root, 'clones', 'acme+shop', 'repo', '.git'),
    clone: 'full',
  });
  const service = openClone(mirror, commit, 'shop');
  const occurrence = sampleOccurrence(parseTrace(trace), { raw: trace });
  const ground = { repositoryService: service, trees: createSyntaxTrees() };
  return layGroundwork(ground, sampleRepository(), sampleIncident(), [occurrence], () => undefined, new AbortController().signal);
}

describe('the benchmark context', () => {
  it('counts the cases whose changed lines are shown, and tells of those it had no clone for', async () => {
    const result = await run({ data: join(root, 'data'), repositories: join(root, 'clones'), rest: [] });
    expect(result.figures).toMatchObject({ any8k: 0.5, all16k: 0.5 });
    expect(result.conditions).toMatchObject({ cases: 2, withoutClone: 1 });
  });

  it('asks for the folder of clones where none is given', async () => {
    await expect(run({ data: join(root, 'data'), repositories: undefined, rest: [] })).rejects.toThrow('--repositories DIR');
  });
});

describe('a context', () => {
  it('follows a line to where the printed source stands now, and shows the function whole', async () => {
    const ground = await groundwork();
    expect(ground.locations[0]).toMatchObject({ path: 'shop/cart.py', line: priceLine + 1 });
    const { text } = buildContext(ground, 8_000);
    expect(text).toContain(`${priceLine} | def price_of(item, rates):`);
    expect(text).toContain('| def checkout(item):');
    expect(text).toContain('test: tests/test_cart.py');
  });

  it.each([4_000, 8_000, 32_000, 128_000])(
    'of %i tokens keeps its budget, is the same twice, and tells what is left out',
    async (budget) => {
      const ground = await groundwork();
      const one = buildContext(ground, budget);
      expect(one.tokens).toBeLessThanOrEqual(budget);
      expect(buildContext(ground, budget).text).toBe(one.text);
      const isWhole = one.text.includes('| def after_119') && one.text.includes('| def before_0(');
      expect(one.leftOut.includes('lines of shop/cart.py')).toBe(!isWhole);
      expect(one.leftOut.length > 0).toBe(one.text.includes('Left out for lack of room'));
    },
  );
});
