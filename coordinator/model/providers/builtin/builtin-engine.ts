// The built-in engine: needs no model, knows two kinds of answers, and says that it works by pattern.
// Must never propose for a problem of the surroundings: no edit cures a network that is down or a disk that is full.
import type { SyntaxTrees } from '../../../../base/syntax-tree.ts';
import type { PatternCandidate, PatternEngine, PatternProblem } from '../../pattern-engine.ts';
import { proposeGuards } from './guards.ts';
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
    async propose(problem: PatternProblem): Promise<readonly PatternCandidate[]> {
      if (isOfSurroundings(`${problem.type ?? ''} ${problem.message}`)) return [];
      const reverts = proposeReverts(problem);
      const guards = await proposeGuards(problem, trees);
      // Restoring lines that a commit removed costs nothing; taking its own lines away may cost a feature, so that a guard goes before.
      const weight = ({ pattern, size, loses, files }: PatternCandidate): number =>
        size + (pattern === 'revert' ? loses * 3 : 4) + (files.size - 1) * 20;
      const ordered = [...reverts, ...guards].toSorted((a, b) => weight(a) - weight(b));
      const parsing: PatternCandidate[] = [];
      for (const candidate of ordered) {
        if (parsing.length === mostCandidates) break;
        if (await parses(candidate, trees)) parsing.push(candidate);
      }
      return parsing;
    },
  };
}

async function parses(candidate: PatternCandidate, trees: SyntaxTrees): Promise<boolean> {
  for (const [path, text] of candidate.files) {
    if ((await trees.findProblem(path, text)) !== undefined) return false;
  }
  return true;
}
