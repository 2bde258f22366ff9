// Which of several changes that hold is the best: by what they were shown to do, by how many agree, by size.
// Must never prefer a pattern to a model's change that climbed as high: a pattern doesn't know the cause.
import { diffFiles } from './edits/unified-diff.ts';
import { rankLadder } from './gate.ts';
import type { Candidate } from './candidate.ts';
import { builtinName } from './pattern-proposer.ts';
import type { RungResult } from './proposal.ts';

export interface Contender<Tried extends { readonly candidate: Candidate; readonly results: readonly RungResult[] }> {
  readonly tried: Tried;
  /** What it changes, without what says nothing. */
  readonly key: string;
  /** Lines added and taken away. */
  readonly size: number;
  /** Who proposed just this; one that repeats itself counts once, and so does the built-in engine. */
  readonly backers: Set<string>;
}

export function backerOf({ provider, model }: Candidate): string {
  return provider === builtinName || model === '' ? provider : `${provider} (${model})`;
}

/** The best one first; of equals the one that was proposed first. */
export function rankContenders<One extends Contender<{ readonly candidate: Candidate; readonly results: readonly RungResult[] }>>(
  contenders: readonly One[],
): readonly One[] {
  return contenders.toSorted((a, b) => {
    const byProof = rankLadder(b.tried.results) - rankLadder(a.tried.results) || sureness(b.tried.results) - sureness(a.tried.results);
    if (byProof !== 0) return byProof;
    const [left, right] = [a, b].map(({ tried }) => tried.candidate.provider === builtinName);
    if (left !== right) return left === true ? 1 : -1;
    // The engine puts its own in order by more than their size.
    return b.backers.size - a.backers.size || (left === true ? 0 : a.size - b.size);
  });
}

/** A replay that is configured shows more than a test with logged values, and that more than one with made-up values. */
function sureness(results: readonly RungResult[]): number {
  const reproduced = results.find(({ rung, outcome }) => rung === 'reproduced' && outcome === 'passed');
  if (reproduced === undefined) return 0;
  return { none: 4, model: 3, logged: 2, invented: 1 }[reproduced.shownBy ?? 'none'];
}

/** What a change does, for comparing: white space, quotes and the ends of statements don't tell changes apart. */
export function keyOf(
  before: ReadonlyMap<string, string | undefined>,
  files: Candidate['files'],
): { readonly key: string; readonly size: number } {
  const lines = diffFiles(before, files)
    .split('\n')
    .filter((line) => /^(?:[+-](?![+-]{2} )|diff --git )/.test(line));
  const plain = lines
    .map((line) => line.replaceAll(/["'`]/g, '"').replaceAll(/\s+/g, '').replace(/[;,]$/, ''))
    .filter((line) => line.length > 1);
  return { key: plain.join('\n'), size: lines.filter((line) => !line.startsWith('diff ')).length };
}
