// The tokens of one message, and the key that messages of equal pattern share.
// Must never decide what a token is; token-scanner.ts does. Buffers are reused: what they hold ends with the next message.
import { isDigit, token } from './masks.ts';

/** Tokens of a message that are looked at; what follows is one `<*>`. */
export const maxTokens = 160;

export class TokenBuffer {
  count = 0;
  readonly kind = new Uint8Array(maxTokens + 1);
  readonly start = new Int32Array(maxTokens + 1);
  readonly end = new Int32Array(maxTokens + 1);
  /** The literal skeleton of `shaped` tokens. */
  readonly shape: string[] = Array.from({ length: maxTokens + 1 }, () => '');
  /** Same for messages whose literals, gaps and masked places are the same. 53 bits, so a chance collision is out of question. */
  key = 0;
  /** Number of tokens and marks between them: patterns that may ever merge share it. */
  bucket = 0;
  protected high = 0;
  protected low = 0;

  protected begin(): void {
    this.high = 0x9747b28c | 0;
    this.low = 0x1b873593 | 0;
  }

  /** Works out key and bucket; `gaps` stands for the marks between tokens. */
  protected finish(count: number, gaps: number): void {
    this.count = count;
    this.bucket = Math.imul(gaps ^ count, 0x85ebca6b) >>> 0;
    const high = this.high ^ gaps;
    const low = Math.imul(this.low ^ (this.low >>> 16) ^ gaps, 0x85ebca6b);
    this.key = ((high ^ (high >>> 13)) >>> 0) * 0x200000 + ((low ^ (low >>> 15)) >>> 11);
  }

  protected put(index: number, kind: number, end: number): number {
    this.kind[index] = kind;
    this.end[index] = end;
    return end;
  }

  /** Mixes token `index` into the key. */
  protected hash(text: string, index: number): void {
    const kind = this.kind[index] ?? 0;
    let { high, low } = this;
    if (kind > token.shaped) {
      high = Math.imul(high ^ 0x2545f491, 0x5bd1e995);
      low = Math.imul(low ^ 0x11, 0x01000193);
    } else {
      const shaped = kind === token.shaped;
      const literal = shaped ? (this.shape[index] ?? '') : text;
      const end = shaped ? literal.length : (this.end[index] ?? 0);
      for (let i = shaped ? 0 : (this.start[index] ?? 0); i < end; i++) {
        const char = literal.charCodeAt(i);
        high = Math.imul(high ^ char, 0x5bd1e995);
        low = Math.imul(low ^ char, 0x01000193);
      }
    }
    this.high = Math.imul(high ^ (high >>> 15) ^ 0x9e37, 0x85ebca6b);
    this.low = Math.imul(low ^ (low >>> 13) ^ index, 0xc2b2ae35);
  }

  /** True if token `index` goes on the list that the token before it began: `blk_1 blk_2`, `3,4,5`. */
  protected continuesList(text: string, index: number): boolean {
    const kind = this.kind[index] ?? 0;
    if (kind < token.shaped || kind !== this.kind[index - 1]) return false;
    const start = this.start[index] ?? 0;
    const before = this.end[index - 1] ?? 0;
    const width = start - before;
    if (width === 1 && text.charCodeAt(before) === 44) return kind !== token.shaped || this.shape[index] === this.shape[index - 1];
    if (kind !== token.identifier) return false;
    const blank = text.charCodeAt(start - 1) === 32;
    if (!(width === 1 && blank) && !(width === 2 && blank && text.charCodeAt(before) === 44)) return false;
    const previous = this.start[index - 1] ?? 0;
    for (let i = 0; i < 3; i++) {
      const code = text.charCodeAt(start + i);
      if (code !== text.charCodeAt(previous + i) || isDigit(code)) return false;
    }
    return true;
  }
}
