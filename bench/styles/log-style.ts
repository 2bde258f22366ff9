// Made-up log styles: messages with named places, the values that stand there, and the lines drawn from them.
// Must never copy a line of a real data set, nor draw differently on two runs: templates are known by construction.
import type { LabelledLine, LogSystem } from '../loghub.ts';

/** How one kind of software logs. */
export interface LogStyle {
  readonly name: string;
  /** What stands before the message; `<tag>` is the message's own. */
  readonly header: string;
  /**
   * Messages, the commonest first; `<name>` is a place. `‹name›` is a place too, but what stands there tells messages apart, as
   * people label them: a state, a verb, a reason. A tag is set before ` ⇒ `.
   */
  readonly messages: readonly string[];
  /**
   * Values by name: words set apart by blanks or, where values hold blanks, by `;`. A value may hold places itself.
   * Earlier values are more frequent.
   */
  readonly values: Readonly<Record<string, string>>;
}

/** Draws numbers below one; the same ones every time (mulberry32). */
export type Draw = () => number;

export function newDraw(seed: number): Draw {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `count` lines of a style, messages and values drawn by a skewed distribution. */
export function linesOf(style: LogStyle, count: number, seed: number): LogSystem {
  const draw = newDraw(seed);
  const filler = new Filler(style, draw);
  const weights = style.messages.map((_, rank) => (rank + 1) ** -1.4);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const lines: LabelledLine[] = [];
  for (let i = 0; i < count; i++) {
    let left = draw() * total;
    let rank = 0;
    while (rank < weights.length - 1 && left >= (weights[rank] ?? 0)) left -= weights[rank++] ?? 0;
    const [first = '', second] = (style.messages[rank] ?? '').split(' ⇒ ');
    const [tag, message] = second === undefined ? ['', first] : [first, second];
    filler.second += Math.floor(draw() * 4);
    const chosen = filler.choose(message);
    const content = filler.fill(chosen).replace(/\s+/g, ' ').trim();
    const header = filler.fill(style.header.replaceAll('<tag>', tag));
    lines.push({ source: style.name, line: header + content, content, template: chosen.replace(/<\w+>/g, '<*>') });
  }
  return { name: style.name, lines };
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

class Filler {
  /** Seconds since the log began. */
  second = 0;
  private readonly style: LogStyle;
  private readonly draw: Draw;

  constructor(style: LogStyle, draw: Draw) {
    this.style = style;
    this.draw = draw;
  }

  /** Settles what tells messages apart. */
  choose(text: string): string {
    return text.replace(/‹(\w+)›/g, (_, name: string) => this.value(name) ?? '');
  }

  fill(text: string, depth = 0): string {
    return text.replace(/<(\w+)>/g, (_, name: string) => {
      const value = depth > 4 ? undefined : this.value(name);
      return value === undefined ? this.common(name) : this.fill(value, depth + 1);
    });
  }

  private value(name: string): string | undefined {
    const pool = this.style.values[name];
    const values = pool?.split(pool.includes(';') ? ';' : ' ') ?? [];
    return values[Math.floor(values.length * this.draw() ** 2)];
  }

  private below(limit: number): number {
    return Math.floor(this.draw() * limit);
  }

  private digits(count: number, radix = 10): string {
    return Array.from({ length: count }, () => this.below(radix).toString(radix)).join('');
  }

  /** Values and pieces of time that every style may use. */
  private common(name: string): string {
    const at = new Date(Date.UTC(2023, 4, 9, 3) + this.second * 1000);
    const two = (value: number): string => String(value).padStart(2, '0');
    switch (name) {
      case 'clock':
        return at.toISOString().slice(11, 19);
      case 'date':
        return at.toISOString().slice(0, 10);
      case 'slashdate':
        return at.toISOString().slice(0, 10).replaceAll('-', '/');
      case 'shortdate':
        return at.toISOString().slice(2, 10).replaceAll('-', '/');
      case 'packeddate':
        return at.toISOString().slice(0, 10).replaceAll('-', '');
      case 'monthday':
        return `${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())}`;
      case 'mon':
        return months[at.getUTCMonth()] ?? '';
      case 'day':
        return String(at.getUTCDate()).padStart(2, ' ');
      case 'epoch':
        return String(Math.floor(at.getTime() / 1000));
      case 'ms':
        return this.digits(3);
      case 'us':
        return this.digits(6);
      case 'bit':
        return String(this.below(2));
      case 'd':
        return String(this.below(10));
      case 'n':
        return String(Math.floor(10 ** (this.draw() * 5)));
      case 'big':
        return String(1 + this.below(9)) + this.digits(8 + this.below(5));
      case 'f':
        return `${this.below(400)}.${this.digits(2)}`;
      case 'pid':
        return String(300 + this.below(31_000));
      case 'port':
        return String(1024 + this.below(64_000));
      case 'ip':
        return `10.${this.below(4)}.${this.below(256)}.${this.below(256)}`;
      case 'hex':
        return this.digits(8, 16).replace(/^\d/, 'a').replace(/.$/, '7');
      case 'hash':
        return this.digits(40, 16);
      case 'uuid':
        return [8, 4, 4, 4, 12].map((size) => this.digits(size, 16)).join('-');
      default:
        throw new Error(`The style ${this.style.name} names no values for <${name}>.`);
    }
  }
}
