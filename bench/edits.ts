// Benchmark `edits`: edits as models write them are applied byte for byte, or refused for the right reason.
// Must never look at a case's name or note.
import { createHash } from 'node:crypto';
import { createSyntaxTrees, type SyntaxTrees } from '../base/syntax-tree.ts';
import { applyEdits, type ApplyOutcome } from '../coordinator/solutions/edits/apply.ts';
import { readEditObjects, readResponse } from '../coordinator/solutions/edits/response-reader.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { findRepairData, readEditCases, type EditCase } from './repair-data.ts';

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const cases = readEditCases(findRepairData(options.data));
  const trees = createSyntaxTrees();
  const table: string[] = [];
  let passed = 0;
  let slowestMs = 0;
  for (const one of cases) {
    const startedAt = performance.now();
    const outcome = await applyCase(one, trees);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    const fault = judge(one, outcome);
    if (fault === undefined) passed += 1;
    else table.push(`${one.id}: ${fault}`);
  }
  return { figures: { passed, total: cases.length }, conditions: { slowestCaseMs: Math.round(slowestMs) }, table };
}

async function applyCase(one: EditCase, trees: SyntaxTrees): Promise<ApplyOutcome> {
  const reading = one.edits === undefined ? readResponse(one.response ?? '') : readEditObjects(one.edits);
  if (reading.kind === 'refused') return reading;
  const files = { paths: new Set(one.files.keys()), links: one.links, read: (path: string) => one.files.get(path) };
  return applyEdits(files, reading.edits, { allowedPaths: [], trees });
}

function judge(one: EditCase, outcome: ApplyOutcome): string | undefined {
  if (outcome.kind === 'refused') {
    if (one.expect === 'apply') return `refused (${outcome.reason}): ${outcome.message}`;
    return outcome.reason === one.reason ? undefined : `refused for ${outcome.reason} instead of ${one.reason}`;
  }
  if (one.expect === 'refuse') return `applied instead of refused for ${one.reason}`;
  const after = new Map<string, string | Uint8Array>(one.files);
  for (const [path, text] of Object.entries(outcome.files)) {
    if (text === null) after.delete(path);
    else after.set(path, text);
  }
  for (const [path, hash] of Object.entries(one.afterHashes ?? {})) {
    const actual = createHash('sha256')
      .update(after.get(path) ?? '')
      .digest('hex');
    if (actual !== hash) return `${path} has another hash`;
  }
  if (one.after === undefined) return one.afterHashes === undefined ? 'the case expects nothing' : undefined;
  for (const path of new Set([...after.keys(), ...one.after.keys()])) {
    const actual = after.get(path);
    if (typeof actual === 'string' && actual === one.after.get(path)) continue;
    if (actual !== undefined && typeof actual !== 'string') continue;
    return `${path} is ${JSON.stringify(actual)} instead of ${JSON.stringify(one.after.get(path))}`;
  }
  return undefined;
}
