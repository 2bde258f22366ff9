// A template: literals, gaps and masked places of a family of messages, and how two of them compare and merge.
// Must never decide when to merge; miner.ts does.
import { firstMask, maskText, token } from './masks.ts';
import { alike, differenceOf, type Difference } from './difference.ts';
import { frameOf, outsidesOf, type Outside } from './enclosures.ts';
import { collapse } from './spans.ts';
import type { TokenScanner } from './token-scanner.ts';

/** A template as it is written to disk. */
export interface TemplateSnapshot {
  readonly id: string;
  readonly kinds: readonly number[];
  readonly literals: readonly string[];
  readonly gaps: readonly string[];
  readonly count: number;
  readonly bucket: number;
}

export class Template {
  readonly id: string;
  /** Kind of each token (masks.ts). */
  readonly kinds: number[];
  /** Word, soft word or skeleton of each token; empty for masks. */
  readonly literals: string[];
  /** Text before each token, and behind the last. */
  readonly gaps: string[];
  readonly bucket: number;
  /** Messages matched. */
  count = 0;
  /** Ordinal of the last new pattern that it took in: how long ago it was of use. */
  lastGrown = 0;
  /** The template that this one was merged into. */
  successor: Template | undefined = undefined;
  private rendered: string | undefined = undefined;
  /** What it looks like from outside of its spans, once somebody asked. */
  private seen: readonly Outside[] | undefined = undefined;

  constructor(kinds: number[], literals: string[], gaps: string[], bucket: number, id?: string) {
    this.kinds = kinds;
    this.literals = literals;
    this.gaps = gaps;
    this.bucket = bucket;
    this.id = id ?? identify(kinds, literals, gaps);
  }

  /** The pattern that `scanner` found in `text`. */
  static fromScan(scanner: TokenScanner, text: string, from: number, to: number): Template {
    const kinds: number[] = [];
    const literals: string[] = [];
    const gaps: string[] = [];
    let at = from;
    for (let i = 0; i < scanner.count; i++) {
      const kind = scanner.kind[i] ?? 0;
      const start = scanner.start[i] ?? 0;
      const end = scanner.end[i] ?? 0;
      kinds.push(kind);
      literals.push(kind < firstMask ? copyOf(text.slice(start, end)) : kind === token.shaped ? (scanner.shape[i] ?? '') : '');
      gaps.push(copyOf(text.slice(at, start)));
      at = end;
    }
    const newline = text.indexOf('\n', at);
    gaps.push(copyOf(text.slice(at, Math.min(newline < 0 ? to : newline, to, at + longestRest))));
    return new Template(kinds, literals, gaps, scanner.bucket);
  }

  static restore(snapshot: TemplateSnapshot): Template {
    const { kinds, literals, gaps, bucket, id, count } = snapshot;
    const template = new Template([...kinds], [...literals], [...gaps], bucket, id);
    template.count = count;
    return template;
  }

  snapshot(): TemplateSnapshot {
    const { id, kinds, literals, gaps, count, bucket } = this;
    return { id, kinds: [...kinds], literals: [...literals], gaps: [...gaps], count, bucket };
  }

  /** The template as people read it, with masks in place of values. */
  get text(): string {
    this.rendered ??= render(this.kinds, this.literals, this.gaps);
    return this.rendered;
  }

  /** Tokens that are words, the more of which there are the more it says. */
  get specificity(): number {
    let words = 0;
    for (const kind of this.kinds) if (kind < firstMask) words++;
    return words;
  }

  /** What it looks like from outside of its brackets, quotes and values, of its tail, of its last words. */
  get outsides(): readonly Outside[] {
    this.seen ??= outsidesOf(this);
    return this.seen;
  }

  /** The same template, id and all, with one `<*>` in each of the chosen spans. */
  collapse(outside: Outside, chosen: readonly boolean[]): Template {
    const { kinds, literals, gaps } = collapse(this, outside.spans, chosen);
    return new Template(kinds, literals, gaps, frameOf(gaps), this.id);
  }

  /** The same template under another id. */
  rename(id: string): Template {
    return new Template(this.kinds, this.literals, this.gaps, this.bucket, id);
  }

  /** The template that this one has become. */
  resolve(): Template {
    return this.successor === undefined ? this : this.successor.resolve();
  }

  /** Compares with another pattern of the same bucket. False if they have no common frame. */
  compare(other: Template, out: Difference): boolean {
    const size = this.kinds.length;
    if (size !== other.kinds.length) return false;
    out.words = 0;
    out.mixed = 0;
    out.soft = 0;
    out.equal = 0;
    out.wordAt = -1;
    out.mixedAt = -1;
    for (let i = 0; i < size; i++) {
      const mine = this.kinds[i] ?? 0;
      const theirs = other.kinds[i] ?? 0;
      if (mine === token.any || theirs === token.any) continue;
      const same = mine === theirs && this.literals[i] === other.literals[i];
      if (same) {
        if (mine <= token.shaped) out.equal++;
        continue;
      }
      switch (differenceOf(mine, theirs, this.literals[i] ?? '', other.literals[i] ?? '')) {
        case 'word':
          out.words++;
          out.wordAt = i;
          break;
        case 'mixed':
          out.mixed++;
          out.mixedAt = i;
          break;
        case 'soft':
          out.soft++;
          break;
        case 'none':
          break;
      }
    }
    return true;
  }

  /** True if the two differ in values only. */
  agrees(other: Template): boolean {
    const size = this.kinds.length;
    if (size !== other.kinds.length) return false;
    for (let i = 0; i < size; i++) {
      const mine = this.kinds[i] ?? 0;
      const theirs = other.kinds[i] ?? 0;
      if (mine === token.any || theirs === token.any) continue;
      if (!alike(mine, theirs, this.literals[i] ?? '', other.literals[i] ?? '')) return false;
    }
    return true;
  }

  /** True if every message of `other` is one of this template's too. */
  covers(other: Template): boolean {
    const size = this.kinds.length;
    if (size !== other.kinds.length) return false;
    for (let i = 0; i < size; i++) {
      const mine = this.kinds[i] ?? 0;
      if (mine === token.any) continue;
      const theirs = other.kinds[i] ?? 0;
      if (mine > token.shaped ? theirs <= token.shaped : mine !== theirs || this.literals[i] !== other.literals[i]) return false;
    }
    return true;
  }

  /** Generalises this template so that it covers `other`. Returns true if that changed it. */
  absorb(other: Template): boolean {
    let changed = false;
    for (let i = 0; i < this.kinds.length; i++) {
      const mine = this.kinds[i] ?? 0;
      const theirs = other.kinds[i] ?? 0;
      if (mine === token.any || (mine === theirs && this.literals[i] === other.literals[i])) continue;
      this.kinds[i] = token.any;
      this.literals[i] = '';
      changed = true;
    }
    if (changed) {
      this.rendered = undefined;
      this.seen = undefined;
    }
    return changed;
  }
}

/** The template that says most; undefined if there is none. */
export function mostSpecific(templates: readonly Template[]): Template | undefined {
  let best: Template | undefined;
  for (const template of templates) if (best === undefined || template.specificity > best.specificity) best = template;
  return best;
}

function render(kinds: readonly number[], literals: readonly string[], gaps: readonly string[]): string {
  let text = '';
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i] ?? 0;
    text += (gaps[i] ?? '') + (kind <= token.shaped ? (literals[i] ?? '') : (maskText[kind] ?? '<*>'));
  }
  return (text + (gaps[kinds.length] ?? '')).trim();
}

/** Characters kept of what stands behind the last token that was looked at. */
const longestRest = 256;

/** Below this length the engine copies a part of a string; above, the part keeps the whole string alive. */
const copiedAnyway = 13;

/** The same text with a life of its own, so that a template doesn't hold on to the line it was found in. */
export function copyOf(text: string): string {
  return text.length < copiedAnyway ? text : text.split('').join('');
}

/** 16 hex digits from what stays when a template generalises: words and marks, not digits or values. */
function identify(kinds: readonly number[], literals: readonly string[], gaps: readonly string[]): string {
  let high = 0x811c9dc5 | 0;
  let low = 0x9dc5811c | 0;
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 32) continue;
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code ^ (high >>> 24), 0x5bd1e995);
    }
    high = Math.imul(high ^ 0x2a, 0x01000193);
    low = Math.imul(low ^ (low >>> 15) ^ 0x2a, 0x5bd1e995);
  };
  for (let i = 0; i < kinds.length; i++) {
    add(gaps[i] ?? '');
    add(kinds[i] === token.word ? (literals[i] ?? '') : '*');
  }
  add(gaps[kinds.length] ?? '');
  return hex(high ^ (low >>> 16)) + hex(low ^ (high >>> 13));
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
