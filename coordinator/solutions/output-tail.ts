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

/**
 * What nobody sees, and what carries messages nobody sees: format characters (zero width, direction, tags), fillers that look like
 * nothing, variation selectors, odd line ends (Unicode 16, General_Category and 23.4).
 */
const hidden = /\p{Cf}|\p{Zl}|\p{Zp}|\p{Variation_Selector}|\u034f|[\u115f\u1160\u2800\u3164\uffa0]|\u17b4|\u17b5/gu;

/** Text without control characters (tabs and newlines stay), terminal escape sequences and what is invisible. */
export function plainText(text: string): string {
  return withoutControls(text).replaceAll(hidden, '');
}

function withoutControls(text: string): string {
  let result = '';
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === 0x1b) {
      index = endOfEscape(text, index);
      continue;
    }
    const isKept = code === 0x09 || code === 0x0a || (code >= 0x20 && code < 0x7f) || code >= 0xa0;
    if (isKept) result += text[index];
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
