// What a change took over from a log: text that strangers wrote, on its way into the code.
// Must never refuse anything: a fix may have to name what was logged, so that a person looks.
import type { Evidence } from '../proposal.ts';

/** Shorter ones are common to logs and code by chance. */
const shortestLine = 16;

/** The first added line that stands in a log entry or trace word for word, and nowhere in the file before. */
export function findCopiedLine(
  before: ReadonlyMap<string, string | undefined>,
  after: Readonly<Record<string, string | null>>,
  evidence: readonly Pick<Evidence, 'id' | 'kind' | 'body'>[],
): { readonly path: string; readonly line: string; readonly evidenceId: string } | undefined {
  const logged = evidence.filter(({ kind }) => kind === 'entry' || kind === 'trace').map(({ id, body }) => ({ id, text: squeeze(body) }));
  for (const [path, text] of Object.entries(after)) {
    const known = squeeze(before.get(path) ?? '');
    for (const line of (text ?? '').split('\n')) {
      const words = squeeze(line);
      if (words.length < shortestLine || known.includes(words)) continue;
      const source = logged.find((one) => one.text.includes(words));
      if (source !== undefined) return { path, line: line.trim(), evidenceId: source.id };
    }
  }
  return undefined;
}

/** Log formats fold and escape blanks and quotes; they don't tell texts apart. */
function squeeze(text: string): string {
  return text.replaceAll(/\\[nrt"'\\]|["'\s]/g, '');
}
