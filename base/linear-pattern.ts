// Patterns that people give us, matched in linear time (RE2), so that no pattern can stall us. The only file that knows re2js.
// Must never fall back to the built-in engine, whose time can grow exponentially.
import { RE2JS, RE2JSException } from 're2js';
import { HephaestusError } from './errors.ts';

export interface LinearPattern {
  /** Whether it matches somewhere in the text. */
  test(text: string): boolean;
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
  return { test: (text) => compiled.matcher(text).find() };
}
