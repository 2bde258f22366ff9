// Benchmark `calibration`: how far the confidence of a change is from how often such a change is right (expected calibration error).
// Must never count a change as right because it was accepted: which ones are right is known beforehand.
import { createSyntaxTrees } from '../base/syntax-tree.ts';
import { computeConfidence } from '../coordinator/solutions/gate.ts';
import type { RungResult } from '../coordinator/solutions/proposal.ts';
import { createSandbox, defaultSandboxOptions } from '../coordinator/solutions/sandbox.ts';
import { Validator } from '../coordinator/solutions/validator.ts';
import { searchPath } from '../test/support/solution-bench.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { listProofs, prove } from './proof.ts';

const timeoutMs = 20_000;
/** Guo et al. 2017 use 15 bins for thousands of samples; tens of samples fill ten at best. */
const bins = 10;

interface Sample {
  readonly confidence: number;
  readonly isRight: boolean;
}

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const trees = createSyntaxTrees();
  const limits = { setupTimeoutMs: timeoutMs, buildTimeoutMs: timeoutMs, testTimeoutMs: timeoutMs, reproduceTimeoutMs: timeoutMs };
  const validator = new Validator({ sandbox: createSandbox({ ...defaultSandboxOptions, searchPath }), trees, limits });
  const samples: Sample[] = [];
  for (const proof of listProofs(options.data)) {
    const { results } = await prove(proof, validator, trees);
    const applied: RungResult = { rung: 'applied', outcome: 'passed', command: '', exitStatus: undefined, durationMs: 0, output: '' };
    const climbed = results.length === 0 ? [] : [{ ...applied, rung: 'parsed' as const }, applied, ...results];
    // Nothing is located here: what a proposal gains by that is left out.
    const facts = { results: climbed, locations: [], suspects: [], changedPaths: [], changedLines: proof.edits.length };
    samples.push({ confidence: computeConfidence(facts), isRight: proof.shouldHold });
  }
  const table = Array.from({ length: bins }, (_, bin) => describeBin(inBin(samples, bin), bin)).filter((row) => row !== '');
  return { figures: { ece: calibrationError(samples), samples: samples.length }, conditions: { bins, timeoutMs }, table };
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

function describeBin(samples: readonly Sample[], bin: number): string {
  if (samples.length === 0) return '';
  const confidence = total(samples, (sample) => sample.confidence) / samples.length;
  const right = total(samples, ({ isRight }) => Number(isRight)) / samples.length;
  return `${(bin / bins).toFixed(1)} and above: ${samples.length} changes, confidence ${confidence.toFixed(2)}, right ${right.toFixed(2)}`;
}
