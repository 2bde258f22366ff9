// Cutting a message into tokens, with values masked and a key that equal patterns share.
// Must never keep a message: it fills reusable buffers that the next scan overwrites.
import { newTimestampScan } from '../headers/timestamp-parts.ts';
import { maxTokens, TokenBuffer } from './token-buffer.ts';
import { charClasses, classBits, isDigit, maskText, token } from './masks.ts';
import { skeletonOf } from './skeleton.ts';
import { quantityEnd, scanClockLength, scanNumber } from './number-scans.ts';
import {
  chainEnd,
  hostEnd,
  isGivenName,
  isHostName,
  looksLikeHost,
  portEnd,
  requestEnd,
  scanColonGroups,
  scanIpv4,
  scanMessageTimestamp,
  scanPath,
  scanUuid,
} from './value-scans.ts';

/** Characters of a message that are looked at. */
export const maxScannedChars = 4096;

/** Words that are values: truth values, and what stands for none. */
const valueWords = new Map<string, number>([
  ...['true', 'false', 'True', 'False', 'TRUE', 'FALSE'].map((word) => [word, token.flag] as const),
  ...['null', 'NULL', 'nil', 'none', 'None', 'undefined', 'NaN', 'nan'].map((word) => [word, token.absent] as const),
]);

export class TokenScanner extends TokenBuffer {
  private readonly stamp = newTimestampScan();
  private readonly kindOut = new Int32Array(1);

  /** Cuts the first line that isn't blank of `text` between `from` and `to`; a part of a text is scanned faster than a copy of it. */
  scan(text: string, from = 0, to = text.length): void {
    const limit = Math.min(to, from + maxScannedChars);
    this.begin();
    let gaps = 0;
    let count = 0;
    let at = from;
    while (at < limit) {
      const code = text.charCodeAt(at);
      const bits = code < 128 ? (charClasses[code] ?? 0) : classBits.letter;
      let start = at;
      if ((bits & classBits.delimiter) !== 0 || (code === 46 && text.charCodeAt(at + 1) === 46)) {
        // `<1 sec`: the mark belongs to the number.
        const below = code === 60 && isDigit(text.charCodeAt(at + 1)) && text.charCodeAt(at - 1) <= 32;
        if (below) start++;
        else {
          if (code > 32) {
            gaps = Math.imul(gaps ^ code, 0x01000193) ^ count;
            // A run of one mark, `.....` or `====`, counts once: people fill lines up with it.
            while (at + 1 < limit && text.charCodeAt(at + 1) === code) at++;
          } else if (code === 10) {
            if (count > 0) break;
          }
          at++;
          const inside = this.scanEnclosed(text, at, code, count);
          if (inside >= 0) {
            this.hash(text, count);
            count++;
            at = inside;
          }
          if (count >= maxTokens) break;
          continue;
        }
      }
      if (count >= maxTokens) break;
      let end = this.scanToken(text, start, limit, count);
      if (this.kind[count] === token.number) end = this.extendNumber(text, end, count);
      this.start[count] = at;
      if (count > 0 && this.continuesList(text, count)) {
        this.end[count - 1] = end;
        at = end;
        continue;
      }
      this.hash(text, count);
      count++;
      at = end;
    }
    if (at < limit && count >= maxTokens) {
      this.kind[count] = token.any;
      this.start[count] = at;
      this.end[count] = to;
      count++;
    }
    this.finish(count, gaps);
  }

  /** `=""…` values and empty brackets behind a mark that was just passed; returns the end of the value or -1. */
  private scanEnclosed(text: string, at: number, mark: number, index: number): number {
    const next = text.charCodeAt(at);
    if (mark === 61 && (next === 34 || next === 39)) {
      const close = text.indexOf(String.fromCharCode(next), at + 1);
      if (close < 0 || close - at > 256) return -1;
      this.kind[index] = close === at + 1 ? token.absent : token.quoted;
      this.start[index] = at + 1;
      this.end[index] = close;
      return close;
    }
    if ((mark === 40 && next === 41) || (mark === 91 && next === 93) || (mark === 123 && next === 125)) {
      // `init()` is a name; ` ()` holds no value.
      if (text.charCodeAt(at - 2) > 32 && text.charCodeAt(at - 2) !== 61 && text.charCodeAt(at - 2) !== 58) return -1;
      this.kind[index] = token.absent;
      this.start[index] = at;
      this.end[index] = at;
      return at;
    }
    return -1;
  }

  /** Takes in a unit behind a number: ` seconds`, ` bytes (1.80 KB)`. */
  private extendNumber(text: string, end: number, index: number): number {
    if (text.charCodeAt(end) !== 32) return end;
    const stop = quantityEnd(text, end);
    if (stop === end) return end;
    let shape = maskText[token.number] ?? '';
    const rest = text.slice(end, stop);
    const bracket = rest.indexOf('(');
    shape += bracket < 0 ? rest : `${rest.slice(0, bracket)}(${shape}${rest.slice(rest.lastIndexOf(' '))}`;
    this.shape[index] = shape;
    return this.put(index, token.shaped, stop);
  }

  /** One token that starts at `at`; returns its end. */
  private scanToken(text: string, at: number, limit: number, index: number): number {
    this.start[index] = at;
    let digits = 0;
    let letters = 0;
    let parts = 0;
    let hexOnly = true;
    let i = at;
    for (; i < limit; i++) {
      const code = text.charCodeAt(i);
      const bits = code < 128 ? (charClasses[code] ?? 0) : classBits.letter;
      if ((bits & classBits.delimiter) !== 0) break;
      if ((bits & classBits.digit) !== 0) digits++;
      else if ((bits & classBits.letter) !== 0) {
        letters++;
        if ((bits & classBits.hex) === 0) hexOnly = false;
      } else {
        hexOnly = false;
        if ((bits & classBits.part) !== 0) parts++;
        if (code === 46 && text.charCodeAt(i + 1) === 46) break;
      }
    }
    const stop = i;
    const first = text.charCodeAt(at);
    const mark = text.charCodeAt(stop);
    // Plain words, by far the most common, leave at once.
    if (digits === 0 && parts === 0 && mark !== 58) return this.scanWord(text, at, stop, letters, first, mark, index);
    let end = this.scanValue(text, at, stop, first, mark, digits, letters, parts, hexOnly, index);
    if (end > 0) {
      this.end[index] = end;
      return end;
    }
    end = stop;
    // A full stop ends the sentence, not the word.
    while (end - at > 1 && text.charCodeAt(end - 1) === 46) end--;
    if (letters + digits === 0) return this.put(index, token.absent, end);
    if (mark === 58 && end === stop) {
      const chain = chainEnd(text, at, stop);
      if (chain > 0) return this.put(index, token.identifier, chain);
      const port = portEnd(text, stop);
      if (port > 0) return this.scanPort(text.slice(at, stop), port, digits, parts, index);
    }
    if (digits === 0) {
      if (parts > 0) return this.scanPlainChunk(text, at, end, index, mark);
      return this.scanWord(text, at, end, letters, first, 58, index);
    }
    return this.scanMixed(text, at, end, index, mark);
  }

  /** Letters only, or marks only; a few words stand for values. */
  private scanWord(text: string, at: number, end: number, letters: number, first: number, mark: number, index: number): number {
    const size = end - at;
    if (size === 3 && mark === 32 && first >= 65 && first <= 87) {
      const stop = scanMessageTimestamp(text, at, this.stamp);
      if (stop > 0) return this.put(index, token.timestamp, stop);
    }
    if (letters === 0) return this.put(index, token.absent, end);
    const lower = first | 32;
    if (size <= 9 && (lower === 116 || lower === 102 || lower === 110 || lower === 117)) {
      const kind = valueWords.get(text.slice(at, end));
      if (kind !== undefined) return this.put(index, kind, end);
    }
    return this.put(index, token.word, end);
  }

  /** `name:123`: a host and its port, or a name with a number. */
  private scanPort(name: string, end: number, digits: number, parts: number, index: number): number {
    if ((digits > 0 || parts > 0) && looksLikeHost(name)) return this.put(index, token.host, end);
    const skeleton = digits === 0 ? name : (skeletonOf(name) ?? name);
    this.shape[index] = `${skeleton === '' ? '<id>' : skeleton}:<num>`;
    return this.put(index, token.shaped, end);
  }

  /** Typed values; returns the end and sets the kind, or -1. */
  private scanValue(
    text: string,
    at: number,
    stop: number,
    first: number,
    mark: number,
    digits: number,
    letters: number,
    parts: number,
    hexOnly: boolean,
    index: number,
  ): number {
    // scheme://…
    if (mark === 58 && text.charCodeAt(stop + 1) === 47 && text.charCodeAt(stop + 2) === 47 && letters > 1) {
      this.kind[index] = token.url;
      return requestEnd(text, scanPath(text, stop + 1));
    }
    // C:\…
    if (mark === 58 && letters === 1 && stop - at === 1 && text.charCodeAt(stop + 1) === 92) {
      this.kind[index] = token.path;
      return scanPath(text, stop + 1);
    }
    const slashed = first === 47;
    if (slashed || first === 126 || (first === 46 && text.charCodeAt(at + 1) === 47)) {
      if (slashed && isDigit(text.charCodeAt(at + 1))) {
        const end = scanIpv4(text, at + 1);
        if (end > 0) {
          this.kind[index] = token.ip;
          return end;
        }
      }
      if (letters + digits > 0) {
        this.kind[index] = token.path;
        return requestEnd(text, scanPath(text, at));
      }
      return -1;
    }
    if (isDigit(first)) {
      if (parts >= 3) {
        const end = scanIpv4(text, at);
        if (end > 0) {
          this.kind[index] = token.ip;
          return end;
        }
      }
      if (digits >= 4 || mark === 58) {
        const end = scanMessageTimestamp(text, at, this.stamp);
        if (end > 0 && end >= stop) {
          const plain = digits === stop - at && end === stop;
          this.kind[index] = plain ? token.number : token.timestamp;
          return end;
        }
      }
    }
    if (mark === 58 && hexOnly && stop - at <= 4) {
      const end = scanColonGroups(text, at, this.kindOut);
      if (end > 0) {
        this.kind[index] = this.kindOut[0] ?? 0;
        return end;
      }
      const clock = isDigit(first) ? scanClockLength(text, at) : -1;
      if (clock > 0) {
        this.kind[index] = token.duration;
        return clock;
      }
    }
    if (digits === 0) return -1;
    if (stop - at >= 36 && parts >= 4) {
      const end = scanUuid(text, at);
      if (end === stop) {
        this.kind[index] = token.uuid;
        return end;
      }
    }
    return scanNumber(text, at, stop, digits, letters, hexOnly, this.kind, index);
  }

  /** Chunks without digits that hold marks: host names, paths, addresses of mail, names with dots and dashes. */
  private scanPlainChunk(text: string, at: number, end: number, index: number, mark: number): number {
    const chunk = text.slice(at, end);
    const sign = chunk.indexOf('@');
    if (sign > 0 && chunk.indexOf('.', sign) > 0) return this.put(index, token.email, end);
    if (chunk.includes('.') && isHostName(chunk)) return this.put(index, token.host, hostEnd(text, end, mark));
    const slash = chunk.indexOf('/');
    if (slash > 0 && chunk.indexOf('/', slash + 1) > 0 && chunk.length > 6) return this.put(index, token.path, scanPath(text, at));
    return this.put(index, isGivenName(chunk) ? token.soft : token.word, end);
  }

  /** Letters and digits together: host names, paths, identifiers, skeletons with numbers, or a soft literal. */
  private scanMixed(text: string, at: number, end: number, index: number, mark: number): number {
    const chunk = text.slice(at, end);
    const slash = chunk.indexOf('/');
    if (slash > 0 && (chunk.indexOf('/', slash + 1) > 0 || chunk.length > 12)) return this.put(index, token.path, scanPath(text, at));
    const sign = chunk.indexOf('@');
    if (sign > 0 && chunk.indexOf('.', sign) > 0) return this.put(index, token.email, end);
    if (chunk.includes('.') && isHostName(chunk)) return this.put(index, token.host, hostEnd(text, end, mark));
    // Behind an equals sign stands a value, whatever it looks like.
    const valued = text.charCodeAt(at - 1) === 61 && mark !== 61;
    const skeleton = skeletonOf(chunk);
    if (skeleton === undefined) return this.put(index, valued ? token.identifier : token.soft, end);
    this.shape[index] = skeleton;
    return this.put(index, skeleton === '' ? token.identifier : token.shaped, end);
  }
}
