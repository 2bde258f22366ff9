// The built-in engine: needs no model, knows three kinds of answers, and says that it works by pattern.
// Must never edit code for a problem of the surroundings: no edit cures a network that is down or a disk that is full.
import type { SyntaxTrees } from '../../../../base/syntax-tree.ts';
import type { PatternCandidate, PatternEngine, PatternProblem } from '../../pattern-engine.ts';
import { proposeGuards } from './guards.ts';
import { limitKeys, proposeLimits, wordsOf } from './limits.ts';
import { correctSettings, settingKeys } from './misspelt-settings.ts';
import { proposeReverts } from './revert.ts';

/** Each one costs a run of the checks. */
const mostCandidates = 10;

/** errno names and phrases of problems that no edit of the code cures. */
const surroundings =
  /\b(?:EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENOSPC|EMFILE|ENFILE|ENOMEM|EACCES|EPERM|EROFS|EDQUOT|EADDRINUSE|CERT_HAS_EXPIRED)\b|out of memory|no space left|certificate has expired|connection refused|name resolution|no such host/i;

/** True if the words of a problem say that its cause is outside the code. */
export function isOfSurroundings(message: string): boolean {
  return surroundings.test(message);
}

export function createBuiltinEngine(trees: SyntaxTrees): PatternEngine {
  return {
    keysOf(problem) {
      const limits = limitKeys(wordsOf(problem));
      return limits.length > 0 ? limits : settingKeys(problem);
    },
    async propose(problem: PatternProblem): Promise<readonly PatternCandidate[]> {
      // A limit that is set too small shows as a problem of the surroundings, and is none.
      const limits = proposeLimits(problem);
      if (limits.length > 0) return limits.slice(0, mostCandidates);
      if (isOfSurroundings(wordsOf(problem))) return [];
      const settings = correctSettings(problem);
      const reverts = proposeReverts(problem);
      const guards = await proposeGuards(problem, trees);
      const ordered = [...reverts, ...guards].toSorted((a, b) => rankOf(a) - rankOf(b) || weightOf(a) - weightOf(b));
      const parsing: PatternCandidate[] = [];
      for (const candidate of [...settings, ...ordered]) {
        if (parsing.length === mostCandidates) break;
        if (await parses(candidate, trees)) parsing.push(candidate);
      }
      return parsing;
    },
  };
}

/**
 * What is tried first is kept where a later one climbs no higher. Lines as they were are behaviour that worked, so that restoring them
 * goes before a guard, which only keeps the code going; taking added lines away may cost a feature, so that it comes among the guards.
 */
function rankOf({ pattern, loses, files }: PatternCandidate): number {
  return pattern === 'revert' && loses === 0 && files.size === 1 ? 0 : 1;
}

function weightOf({ pattern, size, loses, files }: PatternCandidate): number {
  // Templates know better than their size which of them is likelier.
  return (pattern === 'revert' ? size + loses * 3 : Math.min(size, 2) + 4) + (files.size - 1) * 20;
}

async function parses(candidate: PatternCandidate, trees: SyntaxTrees): Promise<boolean> {
  for (const [path, text] of candidate.files) {
    if ((await trees.findProblem(path, text)) !== undefined) return false;
  }
  return true;
}
