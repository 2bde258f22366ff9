// What to search a repository for when a message has no helpful trace: its constant parts, and the names in it.
// Must never search by itself; locator.ts ranks what the repository answers.

/** A text to search for and how telling it is: words of its own, not counting what any message may hold. */
export interface SearchTerm {
  readonly text: string;
  readonly kind: 'constant' | 'quoted' | 'key';
  readonly weight: number;
}

const mostTerms = 6;
const longestTerm = 120;

/**
 * The constant parts of a message, the most telling first. They are what the log statement that wrote it holds literally,
 * so that searching the repository for them finds it.
 */
export function searchTerms(template: string, message: string): readonly SearchTerm[] {
  const terms = new Map<string, SearchTerm>();
  const add = (text: string, kind: SearchTerm['kind'], weight: number): void => {
    const trimmed = text.slice(0, longestTerm);
    if (weight > (terms.get(trimmed)?.weight ?? 0)) terms.set(trimmed, { text: trimmed, kind, weight });
  };
  for (const source of template === '' ? [firstLine(message)] : [template, firstLine(message)]) {
    for (const part of splitAtValues(source)) {
      const words = part.match(/[A-Za-z]{3,}/g)?.length ?? 0;
      if (part.length >= 8 && words >= 2) add(part, 'constant', words + part.length / 40);
    }
  }
  for (const [, quoted = ''] of firstLine(message).matchAll(/["'`]([A-Za-z_][\w.:/-]{3,80})["'`]/g)) add(quoted, 'quoted', 1.5);
  for (const [key] of firstLine(message).matchAll(/\b[A-Z][A-Z0-9]{2,}(?:_[A-Z0-9]+)+\b|\b[a-z][\w-]*(?:\.[a-z][\w-]*){2,}\b/g))
    add(key, 'key', 1.8);
  return [...terms.values()].toSorted((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : 1)).slice(0, mostTerms);
}

/** Cuts a message where values stand: placeholders, numbers, quoted text, hex, addresses, paths. */
function splitAtValues(text: string): readonly string[] {
  return text
    .slice(0, 2000)
    .split(
      /<[\w*:.-]{0,30}>|\{[^{}]{0,60}\}|%[-+ 0#]?\d*(?:\.\d+)?[a-zA-Z]|"[^"]{0,300}"|'[^']{0,300}'|`[^`]{0,300}`|\b0x[0-9a-fA-F]+|(?:\/[\w.@-]+){2,}|[\w.-]*\d[\w.:-]*|[=|]|:\s/,
    )
    .map((part) => part.replace(/^[\s,;.()[\]-]+|[\s,;(["[\]-]+$/g, ''))
    .filter((part) => part !== '');
}

function firstLine(text: string): string {
  return text.slice(0, 4000).split('\n', 1)[0] ?? '';
}
