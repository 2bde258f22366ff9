// Benchmark `patterns`: what the built-in engine makes of small faulty projects in four languages: right, wrong, or honestly nothing.
// Must never count a change as right because it was proven: the case's own judge says so, which the engine never sees.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SolutionProposal } from '../coordinator/solutions/proposal.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { readPatternCases, type PatternCase } from './pattern-cases.ts';
import { solve } from './solving.ts';

/** `unseen` was written before the templates it is measured with; its cases were not looked at while those were worked on. */
const sets = ['seen', 'unseen'] as const;
const timeoutMs = 120_000;

/** `waits`: offered, and not delivered before a person agrees, because nothing shows the problem gone. */
type Verdict = 'right' | 'wrong' | 'waits, right' | 'waits, wrong' | 'none' | 'rightly none' | 'broken case';

export async function run({ rest }: BenchmarkOptions): Promise<BenchmarkResult> {
  const figures: Record<string, number> = {};
  const table: string[] = [];
  const isQuiet = rest.includes('quiet');
  for (const set of sets) {
    const names = rest.filter((word) => word !== 'quiet' && word !== 'seen' && word !== 'unseen');
    if (rest.some((word) => word === 'seen' || word === 'unseen') && !rest.includes(set)) continue;
    const cases = readPatternCases(join(import.meta.dirname, 'pattern-cases', set)).filter(
      ({ name }) => names.length === 0 || names.some((word) => name.includes(word)),
    );
    const counts: Record<Verdict, number> = {
      right: 0,
      wrong: 0,
      'waits, right': 0,
      'waits, wrong': 0,
      none: 0,
      'rightly none': 0,
      'broken case': 0,
    };
    let shown = 0;
    for (const one of cases) {
      const { verdict, proposal, why } = await judgeCase(one);
      counts[verdict] += 1;
      if (verdict === 'right' && isShown(proposal)) shown += 1;
      if (isQuiet && set === 'unseen') continue;
      table.push(`${set.padEnd(7)} ${one.name.padEnd(36)} ${verdict.padEnd(13)} ${why}`);
      if (verdict.endsWith('wrong')) table.push(...(proposal?.diff ?? '').split('\n').map((line) => `        ${line}`));
    }
    const fixable = cases.filter(({ judge }) => judge !== undefined).length;
    Object.assign(figures, {
      [`${set}Fixable`]: fixable,
      [`${set}Right`]: counts.right,
      [`${set}RightShown`]: shown,
      [`${set}Wrong`]: counts.wrong,
      [`${set}WaitsRight`]: counts['waits, right'],
      [`${set}WaitsWrong`]: counts['waits, wrong'],
      [`${set}NothingFound`]: counts.none,
      [`${set}NoEditCures`]: cases.length - fixable,
      [`${set}RightlyNone`]: counts['rightly none'],
      [`${set}Broken`]: counts['broken case'],
    });
  }
  return { figures, conditions: { engine: 'builtin' }, table };
}

async function judgeCase(one: PatternCase): Promise<{ verdict: Verdict; proposal: SolutionProposal | undefined; why: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'heph-patterns-'));
  try {
    const log = one.log ?? logOf(one, join(folder, 'srv', 'app'));
    if (log === undefined) return { verdict: 'broken case', proposal: undefined, why: 'it does not fail, or cannot be run here' };
    const older = Object.keys(one.before).length === 0 ? [] : [{ subject: 'Work as before', files: { ...one.files, ...one.before } }];
    const commits = [...older, { subject: 'As deployed', files: one.files }];
    const test = one.test === undefined ? undefined : ['sh', '-c', one.test];
    // A folder of settings has no tests to demand.
    const gate = one.run === undefined ? ('syntax' as const) : ('tests' as const);
    const proposal = await solve({ name: 'app', commits, log, test, gate }, { provider: 'builtin' });
    const isDelivered = proposal?.state === 'published';
    const isOffered = proposal !== undefined && proposal.diff !== '' && (isDelivered || proposal.state === 'awaiting-approval');
    const pattern = isOffered ? `${proposal.model} (${proposal.confidence})` : (proposal?.stateReason.slice(0, 140) ?? 'no proposal');
    if (!isOffered) return { verdict: one.judge === undefined ? 'rightly none' : 'none', proposal, why: pattern };
    const isRight = one.judge !== undefined && holds(one, proposal.files, join(folder, 'judged'));
    const verdict = isRight ? 'right' : 'wrong';
    return { verdict: isDelivered ? verdict : `waits, ${verdict}`, proposal, why: pattern };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isShown(proposal: SolutionProposal | undefined): boolean {
  return proposal?.validation?.rungs.some(({ rung, outcome }) => rung === 'reproduced' && outcome === 'passed') === true;
}

/** What the failing program prints. */
function logOf({ run: command, files }: PatternCase, directory: string): string | undefined {
  write(directory, files);
  const ran = spawnSync('sh', ['-c', command ?? 'false'], {
    cwd: directory,
    encoding: 'utf8',
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 ** 2,
  });
  const text = `${ran.stdout}${ran.stderr}`.trim();
  return ran.status === 0 || ran.status === null || ran.status >= 126 || text === '' ? undefined : text;
}

function holds(one: PatternCase, changed: SolutionProposal['files'], directory: string): boolean {
  write(directory, { ...one.files, ...changed, ...one.judgeFiles });
  return (
    spawnSync('sh', ['-c', one.judge ?? 'false'], { cwd: directory, encoding: 'utf8', timeout: timeoutMs, maxBuffer: 64 * 1024 ** 2 })
      .status === 0
  );
}

function write(directory: string, files: Readonly<Record<string, string | null>>): void {
  for (const [path, text] of Object.entries(files)) {
    if (text === null) continue;
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}
