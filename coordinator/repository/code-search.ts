// Searches a mirror for the constant parts of a message and says how telling each line found is.
// Must never search for more than a handful of parts, nor walk over the repository more often than it must.
import { grep, grepAny } from './history.ts';
import type { SearchFinding } from './locator.ts';
import { searchTerms } from './message-search.ts';
import type { Mirror } from './mirror.ts';
import type { LocateQuery } from './repository.ts';

/** Lines kept a part; one that is found in more places says nothing. */
const mostHits = 25;

export async function searchMessage(mirror: Mirror, commit: string, query: LocateQuery): Promise<readonly SearchFinding[]> {
  const findings: SearchFinding[] = [];
  const terms = searchTerms(query.template, query.message);
  if (terms.length === 0) return [];
  const { found, isCut } = await grepAny(
    mirror,
    commit,
    terms.map(({ text }) => text),
  );
  for (const term of terms) {
    // A part that is everywhere hides the others; then each is looked for by itself.
    const hits = isCut ? await grep(mirror, commit, term.text) : found.filter(({ text }) => text.includes(term.text));
    if (hits.length === 0 || hits.length > mostHits) continue;
    // Many words found in one place are nearly proof; one word in twenty places is a hint.
    const score = Math.min(1, (0.35 + term.weight * 0.12) / Math.sqrt(hits.length));
    for (const hit of hits) {
      findings.push({
        path: hit.path,
        line: hit.line,
        score: score * (isLogStatement(hit.text) ? 1.15 : 1),
        reason: `holds ${term.kind === 'constant' ? 'the words' : 'the name'} "${term.text.slice(0, 60)}" of the message`,
      });
    }
  }
  return findings;
}

function isLogStatement(line: string): boolean {
  return /\b(?:log|logger|logging|console|slog|zap|klog|throw|raise|panic|Error|Exception|errors?\.New|Errorf|printf?|warn|fatal|die)\b/i.test(
    line.slice(0, 400),
  );
}
