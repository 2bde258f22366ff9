// Finds every secret in a block of bytes and puts the findings in order. What is looked for is chosen once, when it is made.
// Must never change the bytes, or keep anything of them.
import { AnchorSearch } from './anchor-search.ts';
import { DIGIT, LOWER, runStart } from './byte-classes.ts';
import { credentialAnchors } from './credential-anchors.ts';
import type { Finding, Report } from './finding.ts';

/** Looks through all of the bytes by itself. */
export type Pass = (bytes: Uint8Array, report: Report) => void;

export class SecretFinder {
  readonly #search: AnchorSearch;
  readonly #passes: readonly Pass[];

  /** @param passes what is looked for beyond credentials and cards: personal data, an operator's rules */
  constructor(passes: readonly Pass[] = []) {
    this.#search = new AnchorSearch(credentialAnchors);
    this.#passes = passes;
  }

  /** @returns findings in order, none overlapping. Linear in the length of `bytes`. */
  find(bytes: Uint8Array, alreadyFound: readonly Finding[] = []): readonly Finding[] {
    const found: Finding[] = [...alreadyFound];
    const report: Report = (finding) => {
      if (!isInToken(bytes, finding.start)) found.push(finding);
    };
    this.#search.search(bytes, report);
    for (const pass of this.#passes) pass(bytes, report);
    return found.length < 2 ? found : merge(found);
  }
}

/** Lower case letters, digits, dashes and colons: what tokens hold between their marks. */
const INNER = Uint8Array.from(LOWER, (bit, code) => (bit === 1 || DIGIT[code] === 1 || code === 0x2d || code === 0x3a ? 1 : 0));
const longestToken = 64;

/** True within `‹secret:…›` or `‹personal:…›`, which an earlier pass wrote. */
function isInToken(bytes: Uint8Array, at: number): boolean {
  const start = runStart(bytes, at, INNER, at - longestToken);
  return start > 2 && bytes[start - 1] === 0xb9 && bytes[start - 2] === 0x80 && bytes[start - 3] === 0xe2;
}

/** Joins findings that overlap; the one that knows most names the kind. */
function merge(found: Finding[]): readonly Finding[] {
  found.sort((left, right) => left.start - right.start || right.end - left.end);
  const merged: Finding[] = [];
  for (const finding of found) {
    const last = merged.at(-1);
    if (last === undefined || finding.start >= last.end) merged.push(finding);
    else {
      const namer = finding.rank > last.rank ? finding : last;
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, finding.end), kind: namer.kind, rank: namer.rank };
    }
  }
  return merged;
}
