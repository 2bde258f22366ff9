// The template miner: online, bounded, deterministic on replay; one miner serves all sources.
// Must never read a clock or draw a random number, and never let a value become a word of a template.
import type { TemplateMatch } from '../entry.ts';
import type { Difference } from './difference.ts';
import { SpanIndex } from './span-index.ts';
import { mostSpecific, Template, type TemplateSnapshot } from './template.ts';
import { TokenScanner } from './token-scanner.ts';
import { wordsNeeded } from './variable-places.ts';

export interface MinerOptions {
  /** Templates kept; beyond, the rarest are forgotten. */
  readonly maxTemplates: number;
  /** Templates of one frame (same number of tokens, same marks) kept; beyond, new patterns are folded into the nearest. */
  readonly maxPerFrame: number;
  /** Exact patterns remembered for the fast path, in each of two generations. */
  readonly maxPatterns: number;
}

export const defaultMinerOptions: MinerOptions = { maxTemplates: 10_000, maxPerFrame: 200, maxPatterns: 30_000 };

export interface MinerSnapshot {
  readonly version: 1;
  readonly templates: readonly TemplateSnapshot[];
  /** Ids that were merged, and into which. */
  readonly merged: readonly (readonly [string, string])[];
}

/** Ids of merged templates remembered, so that incidents find their successor. */
const maxMergedIds = 20_000;

/** Times that a new pattern is shortened, by what its brackets hold, what its colon leads to and so on. */
const maxLooks = 4;

export class TemplateMiner {
  private readonly options: MinerOptions;
  private readonly scanner = new TokenScanner();
  private young = new Map<number, Template>();
  private old = new Map<number, Template>();
  private readonly buckets = new Map<number, Template[]>();
  private readonly spans = new SpanIndex();
  private readonly byId = new Map<string, Template>();
  private readonly merged = new Map<string, string>();
  /** Times that templates were forgotten to make room. */
  forgotten = 0;
  /** Patterns seen for the first time. */
  private patterns = 0;
  private readonly difference: Difference = { words: 0, wordAt: -1, mixed: 0, mixedAt: -1, soft: 0, equal: 0 };

  constructor(options: Partial<MinerOptions> = {}) {
    this.options = { ...defaultMinerOptions, ...options };
  }

  /** Templates alive. */
  get size(): number {
    return this.byId.size;
  }

  /** Finds or makes the template of a message (its first line), which is what stands in `text` between `from` and `to`. */
  match(text: string, from = 0, to = text.length): TemplateMatch {
    const { scanner } = this;
    scanner.scan(text, from, to);
    const known = this.lookUp(scanner.key);
    if (known !== undefined) {
      known.count++;
      return { id: known.id, text: known.text, isNew: false };
    }
    const template = this.place(Template.fromScan(scanner, text, from, to));
    template.lastGrown = ++this.patterns;
    this.remember(scanner.key, template);
    const isNew = template.count === 0;
    template.count++;
    return { id: template.id, text: template.text, isNew };
  }

  /** The id that a template's id has become by merging; the same where it lives, or was never known. */
  resolve(id: string): string {
    let current = id;
    for (let next = this.merged.get(current); next !== undefined; next = this.merged.get(current)) current = next;
    return current;
  }

  /** The text of a living or merged template. */
  textOf(id: string): string | undefined {
    return this.byId.get(this.resolve(id))?.text;
  }

  /**
   * Says that `lines` messages, matched as template `id`, are understood as template `successor` now.
   * The old template ends if they were all it had.
   */
  supersede(id: string, successor: string, lines: number): void {
    const old = this.byId.get(id);
    const next = this.byId.get(successor);
    if (old === undefined || next === undefined || old === next) return;
    old.count -= lines;
    if (old.count > 0) return;
    old.count = 0;
    this.retire(this.buckets.get(old.bucket) ?? [], old, next);
  }

  snapshot(): MinerSnapshot {
    return {
      version: 1,
      templates: Array.from(this.byId.values(), (template) => template.snapshot()),
      merged: Array.from(this.merged),
    };
  }

  restore(snapshot: MinerSnapshot): void {
    this.young.clear();
    this.old.clear();
    this.buckets.clear();
    this.spans.clear();
    this.byId.clear();
    this.merged.clear();
    for (const stored of snapshot.templates) this.add(Template.restore(stored));
    for (const [from, to] of snapshot.merged) this.merged.set(from, to);
  }

  private lookUp(key: number): Template | undefined {
    let template = this.young.get(key);
    if (template === undefined) {
      template = this.old.get(key);
      if (template === undefined) return undefined;
      this.remember(key, template);
    }
    if (template.successor !== undefined) {
      template = template.resolve();
      this.young.set(key, template);
    }
    return template;
  }

  private remember(key: number, template: Template): void {
    if (this.young.size >= this.options.maxPatterns) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, template);
  }

  private add(template: Template): void {
    this.byId.set(template.id, template);
    const bucket = this.buckets.get(template.bucket);
    if (bucket === undefined) this.buckets.set(template.bucket, [template]);
    else bucket.push(template);
    this.spans.add(template);
  }

  /** Joins a new pattern to a template, or makes it one. */
  private place(pattern: Template, looks = maxLooks): Template {
    const bucket = this.buckets.get(pattern.bucket) ?? [];
    const covering = mostSpecific(bucket.filter((template) => template.covers(pattern)));
    if (covering !== undefined) return covering;
    const near = this.nearest(bucket, pattern);
    if (near !== undefined) return this.generalise(bucket, near, pattern);
    const enclosing = looks > 0 ? this.enclosing(pattern, looks - 1) : undefined;
    if (enclosing !== undefined) return enclosing;
    const siblings = this.siblings(bucket, pattern);
    if (siblings !== undefined) {
      const [first, ...rest] = siblings;
      if (first !== undefined) {
        for (const sibling of rest) if (sibling.successor === undefined) this.generalise(bucket, first, sibling);
        return this.generalise(bucket, first.resolve(), pattern);
      }
    }
    if (bucket.length >= this.options.maxPerFrame) {
      return this.generalise(bucket, this.closest(bucket, pattern), pattern);
    }
    return this.found(pattern);
  }

  private found(pattern: Template): Template {
    const same = this.byId.get(pattern.id);
    if (same !== undefined) {
      if (same.bucket === pattern.bucket) return this.generalise(this.buckets.get(same.bucket) ?? [], same, pattern);
      // It had the same words before what its spans hold became a value.
      return this.found(pattern.rename(this.freeId(pattern.id)));
    }
    if (this.byId.size >= this.options.maxTemplates) this.forgetRarest();
    this.add(pattern);
    return pattern;
  }

  /** An id made from `id` that no template has. */
  private freeId(id: string): string {
    let next = id;
    for (let i = 1; this.byId.has(next); i++) next = (BigInt(`0x${id}`) ^ BigInt(i)).toString(16).padStart(16, '0');
    return next;
  }

  /** A template that differs from `pattern` only where values stand. */
  private nearest(bucket: readonly Template[], pattern: Template): Template | undefined {
    const { difference } = this;
    let best: Template | undefined;
    let bestScore = -1;
    for (const template of bucket) {
      if (!template.compare(pattern, difference) || difference.words > 0) continue;
      if (difference.mixed > 1 || (difference.mixed === 1 && difference.equal < 2)) continue;
      if (difference.equal === 0 && pattern.kinds.length > 1 && difference.soft + difference.mixed > 0) continue;
      const score = difference.equal * 4 - difference.soft - difference.mixed * 2;
      if (score > bestScore) {
        best = template;
        bestScore = score;
      }
    }
    return best;
  }

  /** The template of `pattern` without what brackets, quotes or `=` hold, if that turns out to vary. */
  private enclosing(pattern: Template, looks: number): Template | undefined {
    const alike = this.spans.find(pattern);
    if (alike === undefined) return undefined;
    const { templates, outside, varying } = alike;
    for (const entry of templates) this.widen(entry.template, entry.template.collapse(entry.outside, varying));
    return this.place(pattern.collapse(outside, varying), looks);
  }

  /** Puts `wide`, which is `template` with less said, in its place; or joins the two to one that says the same. */
  private widen(template: Template, wide: Template): void {
    if (wide.kinds.length === template.kinds.length && wide.bucket === template.bucket) return;
    const same = this.buckets.get(wide.bucket)?.find((other) => other.agrees(wide));
    if (same !== undefined) {
      same.absorb(wide);
      this.retire(this.buckets.get(template.bucket) ?? [], template, same);
      return;
    }
    this.remove(this.buckets.get(template.bucket) ?? [], template);
    wide.count = template.count;
    wide.lastGrown = template.lastGrown;
    template.successor = wide;
    this.add(wide);
  }

  /** Templates that differ from `pattern` in one word at the same place, if there are enough of them to call it a variable. */
  private siblings(bucket: readonly Template[], pattern: Template): Template[] | undefined {
    const { difference } = this;
    const at = new Map<number, Template[]>();
    for (const template of bucket) {
      if (!template.compare(pattern, difference)) continue;
      if (difference.words !== 1 || difference.mixed > 0 || difference.equal === 0) continue;
      const group = at.get(difference.wordAt);
      if (group === undefined) at.set(difference.wordAt, [template]);
      else group.push(template);
    }
    for (const [place, group] of at) {
      const words = [pattern, ...group].map(({ literals }) => literals[place] ?? '');
      if (words.length >= wordsNeeded(pattern, place, words)) return group;
    }
    return undefined;
  }

  /** The template to fold a pattern into when there is no room for another: the rarest kind, then the most alike. */
  private closest(bucket: readonly Template[], pattern: Template): Template {
    const { difference } = this;
    let best = bucket[0] ?? pattern;
    let most = Number.NEGATIVE_INFINITY;
    for (const template of bucket) {
      template.compare(pattern, difference);
      const catchAll = template.specificity * 2 < template.kinds.length;
      const score = difference.equal + (catchAll ? 2000 : 0) - Math.min(template.count, 1000);
      if (score > most) {
        most = score;
        best = template;
      }
    }
    return best;
  }

  /** Makes `template` cover `other`, and takes in what it covers from now on. */
  private generalise(bucket: Template[], template: Template, other: Template): Template {
    const changed = template.absorb(other);
    if (this.byId.get(other.id) === other && other !== template) this.retire(bucket, other, template);
    if (!changed) return template;
    for (const candidate of bucket.slice()) {
      // What was folded together for want of room must not swallow templates that say much more.
      if (candidate === template || template.specificity * 2 < candidate.specificity) continue;
      if (template.covers(candidate)) this.retire(bucket, candidate, template);
    }
    return template;
  }

  private retire(bucket: Template[], template: Template, successor: Template): void {
    template.successor = successor;
    successor.count += template.count;
    this.remove(bucket, template);
    this.byId.delete(template.id);
    this.merged.set(template.id, successor.id);
    this.merged.delete(successor.id);
    if (this.merged.size > maxMergedIds) {
      const oldest = this.merged.keys().next().value;
      if (oldest !== undefined) this.merged.delete(oldest);
    }
  }

  /** Makes room: forgets an eighth of the templates, those that matched least and then those that grew longest ago. */
  private forgetRarest(): void {
    this.forgotten++;
    const all = Array.from(this.byId.values()).sort((a, b) => a.count - b.count || a.lastGrown - b.lastGrown);
    for (const template of all.slice(0, Math.ceil(all.length / 8))) {
      this.byId.delete(template.id);
      const bucket = this.buckets.get(template.bucket) ?? [];
      this.remove(bucket, template);
    }
    // Patterns that still lead to a forgotten template would keep it alive unseen.
    this.young.clear();
    this.old.clear();
  }

  private remove(bucket: Template[], template: Template): void {
    const index = bucket.indexOf(template);
    if (index >= 0) bucket.splice(index, 1);
    if (bucket.length === 0) this.buckets.delete(template.bucket);
    this.spans.remove(template);
  }
}
