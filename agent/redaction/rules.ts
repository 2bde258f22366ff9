// What an operator adds to redaction: rules of their own, as passes over a chunk.
// Must never let a rule touch a line end, or run a pattern that isn't linear.
import type { Pass } from '../../analysis/redaction/secret-finder.ts';
import { compileLinearPattern, type LinearPattern } from '../../base/linear-pattern.ts';

export interface RedactionRule {
  /** Names the kind in tokens: `‹secret:order-number:…›`. */
  readonly name: string;
  /** RE2; group 1, or the whole match, is replaced. */
  readonly pattern: string;
}

/** @throws HephaestusError `pattern.invalid`; the settings' schema has checked patterns before */
export function compileRules(rules: readonly RedactionRule[]): readonly Pass[] {
  return rules.map(({ name, pattern }) => ruleOf(kindOf(name), compileLinearPattern(pattern)));
}

function ruleOf(kind: string, pattern: LinearPattern): Pass {
  return (bytes, report) => {
    for (const { start, end } of pattern.findAll(bytes)) {
      // A match over several lines is replaced line by line, so that lines stay lines.
      let from = start;
      while (from < end) {
        const feed = bytes.indexOf(0x0a, from);
        const stop = feed < 0 || feed > end ? end : feed;
        const last = stop > from && bytes[stop - 1] === 0x0d ? stop - 1 : stop;
        if (last > from) report({ start: from, end: last, kind, rank: 1 });
        from = stop + 1;
      }
    }
  };
}

/** Lower case and dashes, so that a token stays one. */
function kindOf(name: string): string {
  const kind = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return kind === '' ? 'rule' : kind.slice(0, 40);
}
