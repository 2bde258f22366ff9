// Tells the demo's story on standard output: one line a step, with the time since it began.
// Must never know what the steps mean.
import { paint, type Colour, type Style } from '../../coordinator/cli/table.ts';

export class Story {
  readonly #style: Style;
  readonly #write: (text: string) => void;
  readonly #begunAtMs = performance.now();

  constructor(style: Style, write: (text: string) => void) {
    this.#style = style;
    this.#write = write;
  }

  /** A chapter: what comes next, for somebody who has never seen it. */
  chapter(title: string): void {
    this.#write(`\n${paint(title, 'bold', this.#style)}\n`);
  }

  step(mark: '•' | '✓' | '✗' | '!' | '–', text: string): void {
    const colours: Readonly<Record<typeof mark, Colour>> = { '•': 'cyan', '✓': 'green', '✗': 'red', '!': 'yellow', '–': 'dim' };
    const seconds = ((performance.now() - this.#begunAtMs) / 1000).toFixed(1).padStart(5);
    this.#write(`${paint(`${seconds}s`, 'dim', this.#style)} ${paint(mark, colours[mark], this.#style)} ${text}\n`);
  }

  /** An excerpt: log lines, a diff. */
  quote(text: string, colourOf: (line: string) => Colour | undefined = () => 'dim'): void {
    for (const line of text.trimEnd().split('\n')) this.#write(`         ${paint(line, colourOf(line), this.#style)}\n`);
  }

  plain(text: string): void {
    this.#write(`${text}\n`);
  }
}
