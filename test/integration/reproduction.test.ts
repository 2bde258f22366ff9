// Tests that are made from incidents: by the built-in engine from logged and made-up values, and by a model, with the real sandbox.
// Must never pass because a test was kept that doesn't fail without the change.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Analyzer } from '../../analysis/analyzer.ts';
import { createOpenAiCompatibleModel } from '../../coordinator/model/providers/openai-compatible.ts';
import { say, startFakeModelServer, withCanary } from '../support/fake-model-server.ts';
import { git, makeRepository } from '../support/plain-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository } from '../support/solution-samples.ts';
import { solutionBench, type BenchOptions } from '../support/solution-bench.ts';

const hasGo = spawnSync('go', ['version']).status === 0;
if (!hasGo) console.warn('skipped: no test is made for Go, because there is no go here');

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heph-reproduction-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** From a log record to the newest proposal. */
async function solve(
  files: Readonly<Record<string, string>>,
  log: string,
  values: Parameters<typeof sampleRepository>[0] = {},
  more: Partial<BenchOptions> = {},
  later: Parameters<typeof makeRepository>[1] = [],
) {
  const directory = join(folder, 'shop');
  await makeRepository(directory, [{ subject: 'As deployed', files }, ...later]);
  const { record, fingerprint } = new Analyzer().analyze('shop', log, { service: 'shop' });
  // As a service that says which revision it is.
  const fields = {
    ...record.fields,
    ...(later.length === 0 ? {} : { git_commit: (await git(directory, 'rev-list', '--max-parents=0', 'HEAD')).trim() }),
  };
  const title = `${record.trace?.type ?? ''}: ${record.trace?.message ?? ''}`;
  const incident = sampleIncident({ title, fingerprint });
  const bench = await solutionBench({
    directory,
    incident,
    occurrences: [sampleOccurrence(record.trace, { raw: log, message: record.message, fields })],
    repository: sampleRepository(values),
    ...more,
  });
  await bench.jobs.enqueue('propose', incident.id);
  await bench.drain();
  return { directory, bench, proposal: await bench.newest() };
}

const manifest = '{"name":"shop","type":"module","scripts":{"test":"node --test"}}\n';
const passing = "import { test } from 'node:test';\ntest('starts', () => undefined);\n";
const orders = `export function total(order) {
  let sum = 0;
  for (const item of order.items) {
    sum += item.price.amount * item.quantity;
  }
  return sum;
}
`;
const orderLog = `2026-01-02T03:04:05Z ERROR POST /totals failed order={"customer":"Erika Mustermann","items":[{"price":{"amount":3},"quantity":2},{"quantity":1}]}
TypeError: Cannot read properties of undefined (reading 'amount')
    at total (file:///srv/shop/src/orders.js:4:23)
    at handle (node:internal/http:1:1)`;

const parsing = `def parse_amount(text, scale):
    return int(text) * scale


def total(rows):
    return sum(parse_amount(row["amount"], 100) for row in rows)
`;
const parsingTest = `import unittest
from shop.money import total


class Totals(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([{"amount": "1"}]), 100)
`;

describe('a test made from an incident by the built-in engine', () => {
  it('calls what failed with what was logged, reduced to what it takes, and goes along with the change', async () => {
    const { directory, proposal } = await solve(
      { 'package.json': manifest, 'src/orders.js': orders, 'test/start.test.js': passing },
      orderLog,
    );
    const { path = '', origin } = proposal?.reproduction ?? {};
    expect(proposal?.validation?.rungs.find(({ rung }) => rung === 'reproduced')?.outcome).toBe('passed');
    expect(origin).toBe('logged');
    const text = String(proposal?.files[path]);
    expect(text).toContain('total({ items: [{}] })');
    // Names and amounts that the error doesn't need stay out of the repository.
    expect(text).not.toContain('Mustermann');
    expect(proposal?.state).toBe('published');
    expect(await git(directory, 'show', `${proposal?.delivery?.branch ?? ''}:${path}`)).toBe(text);
    expect(await git(directory, 'log', '-1', '--format=%B', proposal?.delivery?.branch ?? '')).toContain('it fails without the change');
  });

  it('finds made-up values where nothing was logged, is less sure, and opens no gate that demands a reproduction', async () => {
    const log = orderLog.replace(/ order=.*/, '');
    const { proposal } = await solve({ 'package.json': manifest, 'src/orders.js': orders, 'test/start.test.js': passing }, log, {
      gate: 'reproduced',
    });
    expect(proposal?.validation?.rungs.find(({ rung }) => rung === 'reproduced')).toMatchObject({ outcome: 'passed', shownBy: 'invented' });
    expect(proposal?.validation?.gatePassed).toBe(false);
    expect(proposal?.state).toBe('diagnosed');
    expect(proposal?.confidence).toBeLessThan(0.7);
  });

  it('writes Python for Python, with a literal that the message quotes', async () => {
    const log = `Traceback (most recent call last):
  File "/srv/shop/shop/money.py", line 6, in total
    return sum(parse_amount(row["amount"], 100) for row in rows)
  File "/srv/shop/shop/money.py", line 2, in parse_amount
    return int(text) * scale
ValueError: invalid literal for int() with base 10: ''`;
    const files = { 'shop/__init__.py': '', 'shop/money.py': parsing, 'tests/test_money.py': parsingTest };
    const { proposal } = await solve(files, log);
    const { path = '' } = proposal?.reproduction ?? {};
    expect(path).toMatch(/^tests\/test_money_incident_\w+\.py$/);
    expect(proposal?.files[path]).toContain("parse_amount('', ");
    expect(proposal?.validation?.rungs.find(({ rung }) => rung === 'reproduced')?.outcome).toBe('passed');
  });

  it.skipIf(!hasGo)('writes Go for Go, in the package of what panicked, and leaves nothing of its search behind', async () => {
    const files = {
      'go.mod': 'module example.com/shop\n\ngo 1.18\n',
      'line/line.go': `package line

import "strings"

// Value reads the value of "name=value".
func Value(line string) (string, error) {
	parts := strings.Split(line, "=")
	return parts[1], nil
}
`,
      'line/line_test.go': 'package line\n\nimport "testing"\n\nfunc TestStarts(t *testing.T) {}\n',
    };
    const log = `panic: runtime error: index out of range [1] with length 1

goroutine 1 [running]:
example.com/shop/line.Value(...)
	/srv/shop/line/line.go:8
main.main()
	/srv/shop/main.go:6 +0x1d
exit status 2`;
    const { proposal, directory } = await solve(files, log);
    const { path = '' } = proposal?.reproduction ?? {};
    expect(path).toMatch(/^line\/line_incident_\w+_test\.go$/);
    expect(proposal?.files[path]).toContain('\tValue("")\n');
    expect(proposal?.validation?.rungs.find(({ rung }) => rung === 'reproduced')).toMatchObject({ outcome: 'passed', shownBy: 'invented' });
    // Who asks for an error gets one.
    expect(proposal?.files['line/line.go']).toContain('return "", errors.New("parts can be shorter');
    expect(proposal?.state).toBe('published');
    expect(await git(directory, 'show', '--name-only', '--format=', proposal?.delivery?.branch ?? '')).toBe(`line/line.go\n${path}\n`);
  });
});

const fix = `shop/money.py
<<<<<<< SEARCH
    return int(text) * scale
=======
    return int(text or 0) * scale
>>>>>>> REPLACE`;
const moneyLog = `Traceback (most recent call last):
  File "/srv/shop/shop/money.py", line 2, in parse_amount
    return int(text) * scale
ValueError: invalid literal for int() with base 10: ''`;
const testOf = (line: string): string => `tests/test_money_blank.py
<<<<<<< SEARCH
=======
import unittest
from shop.money import parse_amount


class Blank(unittest.TestCase):
    def test_blank(self):
        ${line}
>>>>>>> REPLACE`;

/** Diagnoses, edits, and answers requests for tests in turn. */
async function solveByModel(files: Readonly<Record<string, string>>, log: string, tests: string[]) {
  const asked: string[] = [];
  const diagnosis = {
    summary: 'Blank amounts',
    rootCause: 'int of a blank.',
    claims: [],
    action: 'edit',
    files: ['shop/money.py'],
    risk: '',
  };
  const answer = withCanary(({ hasSchema, prompt }) => {
    if (hasSchema) return say(JSON.stringify(diagnosis));
    if (!prompt.includes('write one new test file')) return say(fix);
    asked.push(prompt);
    return say(tests.shift() ?? 'I have none.');
  });
  await using server = await startFakeModelServer({ models: ['scripted'], answer });
  const textModel = createOpenAiCompatibleModel({ baseUrl: `${server.url}/v1`, key: undefined, model: 'scripted' });
  const model = { provider: 'builtin', attempts: 1, connectTimeoutMs: 60_000 };
  return { asked, ...(await solve(files, log, {}, { textModel, model })) };
}

describe('a test written by the model that proposed the change', () => {
  const files = { 'shop/__init__.py': '', 'shop/money.py': parsing, 'tests/test_money.py': parsingTest };
  // No call that the engine tries comes past the assertion.
  const noEngine = parsing.replace('def parse_amount(text, scale):', 'def parse_amount(text, scale):\n    assert scale == 731');
  const deep = {
    ...files,
    'shop/money.py': noEngine,
    'tests/test_money.py': parsingTest.replace('"1"}]), 100', '"1"}] if False else []), 0'),
  };
  const log = moneyLog.replace('line 2', 'line 3');

  it('is asked for when the change held, refused while it shows nothing, and kept when it fails before and passes after', async () => {
    const tests = [testOf('self.assertEqual(1, 1)'), testOf("self.assertEqual(parse_amount('', 731), 0)")];
    const { proposal, asked } = await solveByModel(deep, log, tests);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain('passes without the change');
    expect(proposal?.reproduction).toEqual({ path: 'tests/test_money_blank.py', origin: 'model' });
    expect(proposal?.diff).toContain('tests/test_money_blank.py');
    expect(proposal?.confidence).toBeGreaterThan(0.7);
  });

  it('leaves the change as it held where the model has none', async () => {
    const { proposal } = await solveByModel(deep, log, []);
    expect(proposal?.reproduction).toBeUndefined();
    expect(Object.keys(proposal?.files ?? {})).toEqual(['shop/money.py']);
    expect(proposal?.state).toBe('published');
  });
});

describe('what is fixed already', () => {
  const amount = 'return int(text) * scale';
  const log = `Traceback (most recent call last):
  File "/srv/shop/shop/money.py", line 2, in parse_amount
    ${amount}
ValueError: invalid literal for int() with base 10: ''`;
  const files = { 'shop/__init__.py': '', 'shop/money.py': parsing, 'tests/test_money.py': parsingTest };

  it('is said, with the commit that changed the failing line, instead of a proposal', async () => {
    const fixed = { 'shop/money.py': parsing.replace(amount, 'return int(text or 0) * scale') };
    const { proposal, bench } = await solve(files, log, {}, {}, [{ subject: 'Take blanks as nothing', files: fixed }]);
    expect(proposal?.state).toBe('diagnosed');
    expect(proposal?.stateReason).toMatch(/fixed already: commit [0-9a-f]{10} \("Take blanks as nothing"\)/);
    expect(proposal?.files).toEqual({});
    expect(bench.service.acts).toHaveLength(0);
  });

  it('is told by the revision that runs where the trace prints no line', async () => {
    const fixed = { 'src/orders.js': orders.replace('item.price.amount *', '(item.price?.amount ?? 0) *') };
    const shop = { 'package.json': manifest, 'src/orders.js': orders, 'test/start.test.js': passing };
    const { proposal } = await solve(shop, orderLog, {}, {}, [{ subject: 'Take unpriced items', files: fixed }]);
    expect(proposal?.state).toBe('diagnosed');
    expect(proposal?.stateReason).toMatch(/"Take unpriced items".*Revision [0-9a-f]{40} runs/);
  });

  it('is not believed where the line only moved', async () => {
    const helper = `def to_cents(text, scale):\n    ${amount}\n`;
    const moved = { 'shop/cents.py': helper, 'shop/money.py': parsing.replace(amount, 'return to_cents(text, scale)') };
    const { proposal } = await solve(files, log, {}, {}, [{ subject: 'Move', files: moved }]);
    expect(proposal?.stateReason).not.toContain('fixed already');
  });
});
