// The end of a command's output, bounded and fit to be shown: no control characters, no terminal sequences.
// Must never hold more than it shows.
import { StringDecoder } from 'node:string_decoder';

export interface OutputTail {
  add(chunk: Buffer): void;
  text(): string;
}

/** @param maxCharacters kept from the end; what came before is replaced by a line that says so. */
export function createOutputTail(maxCharacters: number): OutputTail {
  const decoder = new StringDecoder('utf8');
  let kept = '';
  let isCut = false;
  return {
    add(chunk) {
      kept += decoder.write(chunk);
      if (kept.length <= maxCharacters * 2) return;
      kept = kept.slice(-maxCharacters);
      isCut = true;
    },
    text() {
      const cut = isCut || kept.length > maxCharacters;
      return (cut ? '[…the beginning was left out…]\n' : '') + plainText(kept.slice(-maxCharacters));
    },
  };
}

/** Text without control characters (tabs and newlines stay), terminal escape sequences and direction marks. */
export function plainText(text: string): string {
  let result = '';
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === 0x1b) {
      index = endOfEscape(text, index);
      continue;
    }
    const isKept = code === 0x09 || code === 0x0a || (code >= 0x20 && code < 0x7f) || code >= 0xa0;
    const isDirection = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code === 0x200e || code === 0x200f;
    if (isKept && !isDirection) result += text[index];
    index += 1;
  }
  return result;
}

/** Index after an escape sequence: `ESC [ … letter`, `ESC ] … BEL`, or ESC and one character. */
function endOfEscape(text: string, start: number): number {
  const kind = text[start + 1];
  if (kind !== '[' && kind !== ']') return start + 2;
  for (let index = start + 2; index < text.length && index < start + 256; index += 1) {
    const code = text.charCodeAt(index);
    if (kind === '[' && code >= 0x40 && code <= 0x7e) return index + 1;
    if (kind === ']' && (code === 0x07 || code === 0x0a)) return index + 1;
  }
  return start + 2;
}
