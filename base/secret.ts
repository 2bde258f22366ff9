// A value that must not be shown: it prints as a mark wherever it is logged, serialised or inspected.
// Must never be revealed but at the one place that sends it.
import { inspect } from 'node:util';

const mark = '[secret]';

/** Holds a token, key or password. `JSON.stringify`, template strings and `console.log` all yield `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; call it only where it leaves for its recipient. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return mark;
  }

  toJSON(): string {
    return mark;
  }

  [inspect.custom](): string {
    return mark;
  }
}
