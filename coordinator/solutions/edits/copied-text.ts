// What a change took over from a log: text that strangers wrote, on its way into the code.
// Must never refuse anything: a fix may have to name what was logged, so that a person looks.
import type { Evidence } from '../proposal.ts';

/** Shorter ones are common to logs and code by chance. */
const shortestLine = 16;
/** Of a long line parts of this length are looked for, so that words around what was taken over don't hide it. */
const partLength = 32;

/** The first added line that stands in a log entry or trace word for word, whole or in part, and nowhere in the file before. */
export function findCopiedLine(
  before: ReadonlyMap<string, string | undefined>,
  after: Readonly<Record<string, string | null>>,
  evidence: readonly Pick<Evidence, 'id' | 'kind' | 'body'>[],
): { readonly path: string; readonly line: string; readonly evidenceId: string } | undefined {
  const logged = evidence.filter(({ kind }) => kind === 'entry' || kind === 'trace').map(({ id, body }) => ({ id, text: squeeze(body) }));
  for (const [path, text] of Object.entries(after)) {
    const known = squeeze(before.get(path) ?? '');
    for (const line of (text ?? '').split('\n')) {
      const parts = partsOf(squeeze(line.replace(commentMark, ''))).filter((part) => !known.includes(part));
      const source = logged.find((one) => parts.some((part) => one.text.includes(part)));
      if (source !== undefined) return { path, line: line.trim(), evidenceId: source.id };
    }
  }
  return undefined;
}

const commentMark = /^\s*(?:\/\/+|\/?\*+|#+|--|;+|<!--)\s*/;

function partsOf(words: string): readonly string[] {
  if (words.length < shortestLine) return [];
  if (words.length <= partLength) return [words];
  const parts: string[] = [];
  for (let at = 0; at + partLength <= words.length; at += partLength / 2) parts.push(words.slice(at, at + partLength));
  return parts;
}

/** Log formats fold and escape blanks and quotes; they don't tell texts apart. */
function squeeze(text: string): string {
  return text.replaceAll(/\\[nrt"'\\]|["'\s]/g, '');
}
