// Patterns that people give us, matched in linear time (RE2), so that no pattern can stall us. The only file that knows re2js.
// Must never fall back to the built-in engine, whose time can grow exponentially.
import { RE2JS, RE2JSException } from 're2js';
import { HephaestusError } from './errors.ts';

export interface LinearPattern {
  /** Whether it matches somewhere in the text. */
  test(text: string): boolean;
  /**
   * Every match in UTF-8 text, as byte positions: of group 1 where the pattern has one and it took part, else of the whole.
   * Empty matches are left out.
   */
  findAll(text: Uint8Array): Iterable<{ readonly start: number; readonly end: number }>;
}

/**
 * @param syntax as of RE2 (github.com/google/re2/wiki/Syntax): no backreferences, no look-around
 * @throws HephaestusError `pattern.invalid`
 */
export function compileLinearPattern(syntax: string): LinearPattern {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(syntax);
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    throw new HephaestusError({
      code: 'pattern.invalid',
      kind: 'validation',
      message: `${JSON.stringify(syntax)} is no RE2 pattern: ${cause.message}`,
      cause,
    });
  }
  return {
    test: (text) => compiled.matcher(text).find(),
    *findAll(text) {
      const matcher = compiled.matcher(text);
      const group = compiled.groupCount() > 0 ? 1 : 0;
      while (matcher.find()) {
        const taken = group === 1 && matcher.start(1) >= 0 ? 1 : 0;
        const start = matcher.start(taken);
        const end = matcher.end(taken);
        if (end > start) yield { start, end };
      }
    },
  };
}
