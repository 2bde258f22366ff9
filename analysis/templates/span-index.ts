// Templates by what they look like from outside of their spans (enclosures.ts), so that those that may join are found.
// Must never merge; miner.ts does.
import { agreeOutside, isVariable, varyingSpans, type Outside } from './enclosures.ts';
import type { Template } from './template.ts';

/** Templates that say the same outside of spans that turn out to vary. */
export interface Alike {
  readonly templates: readonly { readonly template: Template; readonly outside: Outside }[];
  readonly outside: Outside;
  /** Which spans vary, by their order. */
  readonly varying: readonly boolean[];
}

/** Templates compared with a new pattern: a flood of look-alikes must not make each line slower. */
const maxCompared = 200;

export class SpanIndex {
  private readonly byOutside = new Map<number, Template[]>();
  /** Where each template was put: what it looks like changes as it generalises. */
  private readonly places = new Map<Template, readonly number[]>();

  clear(): void {
    this.byOutside.clear();
    this.places.clear();
  }

  add(template: Template): void {
    const places = template.outsides.map(({ bucket }) => bucket);
    this.places.set(template, places);
    for (const bucket of places) {
      const list = this.byOutside.get(bucket);
      if (list === undefined) this.byOutside.set(bucket, [template]);
      else list.push(template);
    }
  }

  remove(template: Template): void {
    const places = this.places.get(template) ?? [];
    this.places.delete(template);
    for (const bucket of places) {
      const list = this.byOutside.get(bucket);
      const at = list?.indexOf(template) ?? -1;
      if (list === undefined || at < 0) continue;
      list.splice(at, 1);
      if (list.length === 0) this.byOutside.delete(bucket);
    }
  }

  /** Undefined if nothing shows that a span varies that isn't a variable yet. */
  find(pattern: Template): Alike | undefined {
    for (const outside of pattern.outsides) {
      const templates: { template: Template; outside: Outside }[] = [];
      for (const template of (this.byOutside.get(outside.bucket) ?? []).slice(-maxCompared)) {
        const other = template.outsides.find(({ bucket }) => bucket === outside.bucket);
        if (other !== undefined && agreeOutside(other, outside)) templates.push({ template, outside: other });
      }
      if (templates.length === 0) continue;
      const rows = templates.map((entry) => ({ row: entry.template, outside: entry.outside }));
      rows.push({ row: pattern, outside });
      const varying = varyingSpans(rows);
      const fixed = varying.some((varies, index) => varies && rows.some((row) => !isVariable(row.row, row.outside.spans[index])));
      if (fixed) return { templates, outside, varying };
    }
    return undefined;
  }
}
