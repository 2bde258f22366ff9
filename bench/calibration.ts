// Benchmark `calibration`: how far the confidence of a change is from how often such a change is right (expected calibration error).
// Must never count a change as right because it was accepted: which ones are right is known beforehand, or from cases that the proof never saw.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSyntaxTrees, type SyntaxTrees } from '../base/syntax-tree.ts';
import { computeConfidence } from '../coordinator/solutions/gate.ts';
import type { RungResult } from '../coordinator/solutions/proposal.ts';
import { createSandbox, defaultSandboxOptions, type Sandbox } from '../coordinator/solutions/sandbox.ts';
import { Validator, type Baseline } from '../coordinator/solutions/validator.ts';
import { searchPath } from '../test/support/solution-bench.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { caseReporter, plausibleChanges } from './plausible-changes.ts';
import { listProofs, prove, type Proof } from './proof.ts';
import { findRepairData, readPrograms, type Program } from './repair-data.ts';

const timeoutMs = 20_000;
/** Guo et al. 2017 use 15 bins for thousands of samples; hundreds of samples fill ten. */
const bins = 10;

interface Sample {
  readonly confidence: number;
  readonly isRight: boolean;
  readonly wasRefused: boolean;
}

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const trees = createSyntaxTrees();
  const timeouts = { setupTimeoutMs: timeoutMs, buildTimeoutMs: timeoutMs, testTimeoutMs: timeoutMs, reproduceTimeoutMs: timeoutMs };
  const limits = { ...timeouts, candidates: 1 };
  const sandbox = createSandbox({ ...defaultSandboxOptions, searchPath });
  const prover = new Prover(new Validator({ sandbox, trees, limits }), trees);
  const samples: Sample[] = [];
  for (const proof of listProofs(options.data)) {
    samples.push({ ...(await prover.rate(proof)), isRight: proof.shouldHold });
  }
  for (const [index, program] of readPrograms(findRepairData(options.data)).entries()) {
    samples.push(...(await samplesOf(program, index, prover, sandbox)));
  }
  const held = samples.filter(({ wasRefused }) => !wasRefused);
  return {
    figures: {
      ece: calibrationError(samples),
      eceOfHeld: calibrationError(held),
      samples: samples.length,
      held: held.length,
      heldAndRight: held.filter(({ isRight }) => isRight).length / Math.max(1, held.length),
    },
    conditions: { bins, timeoutMs },
    table: [...tableOf('all', samples), ...tableOf('not refused', held)],
  };
}

class Prover {
  readonly #validator: Validator;
  readonly #trees: SyntaxTrees;
  readonly #baselines = new Map<string, Baseline>();

  constructor(validator: Validator, trees: SyntaxTrees) {
    this.#validator = validator;
    this.#trees = trees;
  }

  async rate(proof: Omit<Proof, 'shouldHold'>): Promise<Pick<Sample, 'confidence' | 'wasRefused'>> {
    const { results } = await prove(proof, this.#validator, this.#trees, this.#baselines);
    const applied: RungResult = { rung: 'applied', outcome: 'passed', command: '', exitStatus: undefined, durationMs: 0, output: '' };
    const climbed = results.length === 0 ? [] : [{ ...applied, rung: 'parsed' as const }, applied, ...results];
    // Nothing is located here: what a proposal gains by that is left out.
    const facts = { results: climbed, locations: [], suspects: [], changedPaths: [], changedLines: 2 };
    return {
      confidence: computeConfidence(facts),
      wasRefused: climbed.length === 0 || climbed.some(({ outcome }) => outcome === 'failed'),
    };
  }
}

/** Altered programs: proven with one failing case and some of the others, judged by all cases that the fixed program answers. */
async function samplesOf(program: Program, index: number, prover: Prover, sandbox: Sandbox): Promise<readonly Sample[]> {
  const { testcases } = program;
  if (testcases === undefined) return [];
  const answered = await answers(program.program, program.fixed, testcases, sandbox);
  const cases = testcases.filter((_, place) => answered[place] === true);
  const before = await answers(program.program, program.buggy, cases, sandbox);
  const places = (wanted: boolean): readonly number[] => before.flatMap((passed, place) => (passed === wanted ? [place] : []));
  const samples: Sample[] = [];
  for (const { proof, text } of plausibleChanges({ ...program, testcases: cases }, places(true), places(false), index)) {
    const rated = await prover.rate(proof);
    // What fails on cases that the proof has seen is wrong; the rest is known only by the cases that it hasn't.
    const isRight = !rated.wasRefused && (await answers(program.program, text, cases, sandbox)).every(Boolean);
    samples.push({ ...rated, isRight });
  }
  return samples;
}

/** Which cases a program answers rightly. */
async function answers(name: string, text: string, cases: readonly unknown[], sandbox: Sandbox): Promise<readonly boolean[]> {
  const directory = await mkdtemp(join(tmpdir(), 'heph-cases-'));
  try {
    await writeFile(join(directory, `${name}.py`), text);
    await writeFile(join(directory, 'report.py'), caseReporter);
    await writeFile(join(directory, 'all.json'), JSON.stringify(cases));
    const signal = new AbortController().signal;
    const ran = await sandbox.run({
      directory,
      command: ['python3', 'report.py', name, 'all.json'],
      stdin: undefined,
      timeoutMs: timeoutMs * 2,
      signal,
    });
    const verdicts: unknown = /^\[.*\]$/m.exec(ran.output) === null ? [] : JSON.parse(ran.output.trim().split('\n').at(-1) ?? '[]');
    return Array.isArray(verdicts) ? cases.map((_, index) => verdicts[index] === true) : cases.map(() => false);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The mean distance of confidence and share of right ones, each bin weighed by its size. */
function calibrationError(samples: readonly Sample[]): number {
  let sum = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const inside = inBin(samples, bin);
    sum += Math.abs(total(inside, ({ confidence }) => confidence) - total(inside, ({ isRight }) => Number(isRight)));
  }
  return sum / Math.max(1, samples.length);
}

function inBin(samples: readonly Sample[], bin: number): readonly Sample[] {
  return samples.filter(({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)) === bin);
}

function total(samples: readonly Sample[], value: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + value(sample), 0);
}

function tableOf(name: string, samples: readonly Sample[]): readonly string[] {
  return Array.from({ length: bins }, (_, bin) => describeBin(inBin(samples, bin), bin))
    .filter((row) => row !== '')
    .map((row) => `${name.padEnd(12)} ${row}`);
}

function describeBin(samples: readonly Sample[], bin: number): string {
  if (samples.length === 0) return '';
  const confidence = total(samples, (sample) => sample.confidence) / samples.length;
  const right = total(samples, ({ isRight }) => Number(isRight)) / samples.length;
  return `${(bin / bins).toFixed(1)} and above: ${samples.length} changes, confidence ${confidence.toFixed(2)}, right ${right.toFixed(2)}`;
}
