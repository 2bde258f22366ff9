// Benchmark `proof`: the ladder accepts right changes, refuses changes that do nothing or break something, and kills what hangs.
// Must never tell the ladder which kind of change it is looking at.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSyntaxTrees } from '../base/syntax-tree.ts';
import { applyEdits } from '../coordinator/solutions/edits/apply.ts';
import type { Edit } from '../coordinator/solutions/edits/edit.ts';
import { writeToTree } from '../coordinator/solutions/edits/tree-writer.ts';
import { createSandbox, defaultSandboxOptions } from '../coordinator/solutions/sandbox.ts';
import { Validator, type Baseline, type Trial } from '../coordinator/solutions/validator.ts';
import type { RungResult } from '../coordinator/solutions/proposal.ts';
import { searchPath } from '../test/support/solution-bench.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { findRepairData, readDemos, readPrograms, type Demo, type Program } from './repair-data.ts';

/** Ample for these programs, short for a hang. */
const timeoutMs = 60_000;

type Files = Readonly<Record<string, string>>;

export interface Proof {
  readonly name: string;
  readonly files: Files;
  readonly edits: readonly Edit[];
  readonly test: readonly string[] | undefined;
  readonly reproduce: readonly string[] | undefined;
  readonly shouldHold: boolean;
}

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const proofs = listProofs(options.data);
  const trees = createSyntaxTrees();
  const timeouts = { setupTimeoutMs: timeoutMs, buildTimeoutMs: timeoutMs, testTimeoutMs: timeoutMs, reproduceTimeoutMs: timeoutMs };
  const limits = { ...timeouts, candidates: 1 };
  const validator = new Validator({ sandbox: createSandbox({ ...defaultSandboxOptions, searchPath }), trees, limits });
  const table: string[] = [];
  let passed = 0;
  const baselines = new Map<string, Baseline>();
  for (const proof of proofs) {
    const verdict = await prove(proof, validator, trees, baselines);
    if (verdict.held === proof.shouldHold) passed += 1;
    else table.push(`${proof.name}: ${verdict.held ? 'accepted' : 'refused'}, ${verdict.why}`);
  }
  return { figures: { passed, total: proofs.length }, conditions: { timeoutMs }, table };
}

/** Right changes, changes that do nothing, that break something, that hang. */
export function listProofs(data: string): readonly Proof[] {
  const folder = findRepairData(data);
  return [...readDemos(folder).flatMap(proofsOfDemo), ...readPrograms(folder).flatMap(proofsOfProgram)];
}

/** @param baselines what the base revision did, by its files and commands: measured once for all changes of the same program */
export async function prove(
  proof: Omit<Proof, 'shouldHold'>,
  validator: Validator,
  trees: ReturnType<typeof createSyntaxTrees>,
  baselines: Map<string, Baseline>,
): Promise<{ held: boolean; why: string; results: readonly RungResult[] }> {
  const files = { paths: new Set(Object.keys(proof.files)), links: new Set<string>(), read: (path: string) => proof.files[path] };
  const applied = await applyEdits(files, proof.edits, { allowedPaths: [], trees });
  if (applied.kind === 'refused') return { held: false, why: `${applied.reason}: ${applied.message}`, results: [] };
  const before = await mkdtemp(join(tmpdir(), 'heph-proof-'));
  const after = await mkdtemp(join(tmpdir(), 'heph-proof-'));
  try {
    await writeToTree(before, proof.files);
    await writeToTree(after, proof.files);
    await writeToTree(after, applied.files);
    const check = (command: readonly string[] | undefined) => (command === undefined ? undefined : { command, origin: 'benchmark' });
    const checks = { setup: undefined, build: undefined, test: check(proof.test), reproduce: check(proof.reproduce) };
    const trial = (directory: string): Trial => ({
      directory,
      checks,
      replay: '{}',
      reason: { type: undefined, message: 'timed out', logged: '' },
      signal: new AbortController().signal,
    });
    const key = JSON.stringify([proof.files, proof.test, proof.reproduce]);
    const baseline = baselines.get(key) ?? (await validator.measureBaseline(trial(before)));
    baselines.set(key, baseline);
    const results = await validator.climb(trial(after), applied.files, baseline, async () => undefined);
    const bad = results.find(({ outcome }) => outcome === 'failed');
    const isProven = results.some(({ rung, outcome }) => outcome === 'passed' && (rung === 'tests' || rung === 'reproduced'));
    return {
      held: bad === undefined && isProven,
      why: bad === undefined ? 'nothing failed' : `${bad.rung}: ${bad.output.slice(0, 300)}`,
      results,
    };
  } finally {
    await rm(before, { recursive: true, force: true });
    await rm(after, { recursive: true, force: true });
  }
}

/** The right change, one that changes nothing, one that loses what the file did, and one that hangs. */
function proofsOfDemo(demo: Demo): readonly Proof[] {
  const first = demo.gold[0];
  if (first === undefined || demo.test === undefined) return [];
  const base = { files: demo.files, test: ['sh', '-c', demo.test], reproduce: undefined };
  const gold = demo.gold.map((edit): Edit => ({ op: 'replace', ...edit }));
  const text = demo.files[first.path] ?? '';
  const hang = hangFor(first.path, text);
  return [
    { ...base, name: `${demo.name} gold`, edits: gold, shouldHold: true },
    {
      ...base,
      name: `${demo.name} no-op`,
      edits: [{ op: 'replace', path: first.path, search: first.search, replace: first.search }],
      shouldHold: false,
    },
    { ...base, name: `${demo.name} deleted`, edits: [{ op: 'delete', path: first.path }], shouldHold: false },
    ...(hang === undefined ? [] : [{ ...base, name: `${demo.name} hang`, edits: [hang], shouldHold: false }]),
  ];
}

function hangFor(path: string, text: string): Edit | undefined {
  if (path.endsWith('.js')) return { op: 'replace_file', path, content: `${text}\nfor (;;) {}\n` };
  if (path.endsWith('.py')) return { op: 'replace_file', path, content: `${text}\nwhile True:\n    pass\n` };
  if (path.endsWith('.go')) return { op: 'replace_file', path, content: `${text}\nfunc init() {\n\tfor {\n\t}\n}\n` };
  return undefined;
}

/**
 * Replays the known cases; a result is compared as JSON, numbers with a tolerance. Some cases take right programs minutes, too
 * (exponential recursion): one that takes longer than 6 s is left out, unless most do.
 */
const judge = `import importlib, json, signal, sys, types
class Slow(Exception):
    pass
def stop(*_):
    raise Slow()
signal.signal(signal.SIGALRM, stop)
module = importlib.import_module(sys.argv[1])
function = getattr(module, sys.argv[1])
def plain(value):
    if isinstance(value, (types.GeneratorType, tuple, set, map, filter, zip, range)):
        return [plain(item) for item in value]
    return [plain(item) for item in value] if isinstance(value, list) else value
def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return abs(a - b) <= 1e-6 * max(1, abs(a), abs(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b
bad = 0
slow = 0
cases = json.load(open('cases.json'))
for arguments, expected in cases:
    arguments = arguments if isinstance(arguments, list) else [arguments]
    signal.alarm(6)
    try:
        result = plain(function(*arguments))
    except Slow:
        print('too slow', sys.argv[1], arguments)
        slow += 1
        continue
    finally:
        signal.alarm(0)
    if not same(result, expected):
        bad += 1
        print('wrong answer', sys.argv[1], arguments, result, expected)
sys.exit(1 if bad or slow * 2 > len(cases) else 0)
`;

function proofsOfProgram(program: Program): readonly Proof[] {
  if (program.testcases === undefined) return [];
  const path = `${program.program}.py`;
  const base = {
    files: { [path]: program.buggy, 'judge.py': judge, 'cases.json': JSON.stringify(program.testcases) },
    test: undefined,
    reproduce: ['python3', 'judge.py', program.program],
  };
  const broken = program.fixed.replace(/^( +)return .*$/m, '$1return None');
  return [
    { ...base, name: `${program.program} gold`, edits: [{ op: 'replace_file', path, content: program.fixed }], shouldHold: true },
    {
      ...base,
      name: `${program.program} comment only`,
      edits: [{ op: 'replace_file', path, content: `# fixed\n${program.buggy}` }],
      shouldHold: false,
    },
    ...(broken === program.fixed
      ? []
      : [
          {
            ...base,
            name: `${program.program} broken`,
            edits: [{ op: 'replace_file' as const, path, content: broken }],
            shouldHold: false,
          },
        ]),
  ];
}
