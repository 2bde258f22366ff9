// Cutting a message into tokens, with values masked and a key that equal patterns share.
// Must never keep a message: it fills reusable buffers that the next scan overwrites.
import { newTimestampScan } from '../headers/timestamp-parts.ts';
import { charClasses, classBits, firstMask, isDigit, token } from './masks.ts';
import { skeletonOf } from './skeleton.ts';
import {
  hostEnd,
  isHex,
  isHexRest,
  isHostName,
  kindOfUnit,
  requestEnd,
  scanColonGroups,
  scanIpv4,
  scanMessageTimestamp,
  scanPath,
  scanUuid,
} from './value-scans.ts';

/** Tokens of a message that are looked at; what follows is one `<*>`. */
export const maxTokens = 160;

/** Characters of a message that are looked at. */
export const maxScannedChars = 8192;

export class TokenScanner {
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
  private readonly stamp = newTimestampScan();
  private readonly kindOut = new Int32Array(1);

  /** Cuts the first line of `text` that isn't blank. */
  scan(text: string): void {
    const limit = Math.min(text.length, maxScannedChars);
    let high = 0x9747b28c | 0;
    let low = 0x1b873593 | 0;
    let gaps = 0;
    let count = 0;
    let at = 0;
    while (at < limit) {
      const code = text.charCodeAt(at);
      const bits = code < 128 ? (charClasses[code] ?? 0) : classBits.letter;
      if ((bits & classBits.delimiter) !== 0 || (code === 46 && text.charCodeAt(at + 1) === 46)) {
        if (code > 32) {
          gaps = Math.imul(gaps ^ code, 0x01000193) ^ count;
          // A run of one mark, `.....` or `====`, counts once: people fill lines up with it.
          while (at + 1 < limit && text.charCodeAt(at + 1) === code) at++;
        } else if (code === 10) break;
        at++;
        continue;
      }
      if (count === maxTokens) {
        this.kind[count] = token.any;
        this.start[count] = at;
        this.end[count] = text.length;
        count++;
        at = text.length;
        break;
      }
      const end = this.scanToken(text, at, limit, count);
      const kind = this.kind[count] ?? 0;
      if (kind >= firstMask && kind !== token.shaped) {
        high = Math.imul(high ^ 0x2545f491, 0x5bd1e995);
        low = Math.imul(low ^ 0x11, 0x01000193);
      } else if (kind === token.shaped) {
        const shape = this.shape[count] ?? '';
        for (let i = 0; i < shape.length; i++) {
          const char = shape.charCodeAt(i);
          high = Math.imul(high ^ char, 0x5bd1e995);
          low = Math.imul(low ^ char, 0x01000193);
        }
      } else {
        for (let i = at; i < end; i++) {
          const char = text.charCodeAt(i);
          high = Math.imul(high ^ char, 0x5bd1e995);
          low = Math.imul(low ^ char, 0x01000193);
        }
      }
      high = Math.imul(high ^ (high >>> 15) ^ 0x9e37, 0x85ebca6b);
      low = Math.imul(low ^ (low >>> 13) ^ count, 0xc2b2ae35);
      count++;
      at = end;
    }
    this.count = count;
    this.bucket = Math.imul(gaps ^ count, 0x85ebca6b) >>> 0;
    high ^= gaps;
    low = Math.imul(low ^ (low >>> 16) ^ gaps, 0x85ebca6b);
    this.key = ((high ^ (high >>> 13)) >>> 0) * 0x200000 + ((low ^ (low >>> 15)) >>> 11);
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
    if (digits === 0 && parts === 0 && mark !== 58) {
      if (letters > 3 || letters !== stop - at || mark !== 32) return this.put(index, token.word, stop);
      const end = this.scanDay(text, at, first);
      return end > 0 ? this.put(index, token.timestamp, end) : this.put(index, token.word, stop);
    }
    let end = this.scanValue(text, at, stop, first, mark, digits, letters, parts, hexOnly, index);
    if (end > 0) {
      this.end[index] = end;
      return end;
    }
    end = stop;
    // A full stop ends the sentence, not the word.
    while (end - at > 1 && text.charCodeAt(end - 1) === 46) end--;
    if (digits === 0) {
      if (parts > 0) return this.scanPlainChunk(text, at, end, index, mark);
      return this.put(index, token.word, end);
    }
    return this.scanMixed(text, at, end, index, mark);
  }

  private put(index: number, kind: number, end: number): number {
    this.kind[index] = kind;
    this.end[index] = end;
    return end;
  }

  /** `Jan 31 10:15:00` and `Mon Jan 31 …` inside a message. */
  private scanDay(text: string, at: number, first: number): number {
    if (first < 65 || first > 87) return -1;
    return scanMessageTimestamp(text, at, this.stamp);
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
    }
    if (digits === 0) return -1;
    if (stop - at >= 36 && parts >= 4) {
      const end = scanUuid(text, at);
      if (end === stop) {
        this.kind[index] = token.uuid;
        return end;
      }
    }
    return this.scanNumber(text, at, stop, first, digits, letters, hexOnly, index);
  }

  /** Numbers with sign, fraction, exponent or unit, hexadecimal, and ratios. */
  private scanNumber(
    text: string,
    at: number,
    stop: number,
    first: number,
    digits: number,
    letters: number,
    hexOnly: boolean,
    index: number,
  ): number {
    let end = stop;
    while (end - at > 1 && text.charCodeAt(end - 1) === 46) end--;
    if (hexOnly) {
      if (letters === 0) {
        this.kind[index] = token.number;
        return end;
      }
      if (end - at >= 8 || (end - at >= 6 && digits >= 3)) {
        this.kind[index] = token.hex;
        return end;
      }
    }
    if (first === 48 && (text.charCodeAt(at + 1) | 32) === 120) {
      let i = at + 2;
      while (i < end && isHex(text.charCodeAt(i))) i++;
      if (i === end || (text.charCodeAt(i) === 46 && isHexRest(text, i, end))) {
        this.kind[index] = token.hex;
        return end;
      }
      return -1;
    }
    let i = at;
    if (first === 43 || first === 45) i++;
    if (!isDigit(text.charCodeAt(i))) return -1;
    while (i < end) {
      const code = text.charCodeAt(i);
      if (!isDigit(code) && code !== 46 && code !== 47) break;
      i++;
    }
    if (i < end && (text.charCodeAt(i) | 32) === 101 && (isDigit(text.charCodeAt(i + 1)) || text.charCodeAt(i + 1) === 45)) {
      let j = i + 2;
      while (j < end && isDigit(text.charCodeAt(j))) j++;
      if (j === end) i = j;
    }
    if (i === end) {
      this.kind[index] = token.number;
      return end;
    }
    if (end - i <= 5) {
      const kind = kindOfUnit(text.slice(i, end));
      if (kind !== undefined) {
        this.kind[index] = kind;
        return end;
      }
    }
    return -1;
  }

  /** Chunks without digits that hold marks: host names, paths, addresses of mail, names with dots and dashes. */
  private scanPlainChunk(text: string, at: number, end: number, index: number, mark: number): number {
    const chunk = text.slice(at, end);
    const sign = chunk.indexOf('@');
    if (sign > 0 && chunk.indexOf('.', sign) > 0) return this.put(index, token.email, end);
    if (chunk.includes('.') && isHostName(chunk)) return this.put(index, token.host, hostEnd(text, end, mark));
    const slash = chunk.indexOf('/');
    if (slash > 0 && chunk.indexOf('/', slash + 1) > 0 && chunk.length > 6) return this.put(index, token.path, scanPath(text, at));
    return this.put(index, token.word, end);
  }

  /** Letters and digits together: host names, paths, identifiers, skeletons with numbers, or a soft literal. */
  private scanMixed(text: string, at: number, end: number, index: number, mark: number): number {
    const chunk = text.slice(at, end);
    const slash = chunk.indexOf('/');
    if (slash > 0 && (chunk.indexOf('/', slash + 1) > 0 || chunk.length > 12)) return this.put(index, token.path, scanPath(text, at));
    const sign = chunk.indexOf('@');
    if (sign > 0 && chunk.indexOf('.', sign) > 0) return this.put(index, token.email, end);
    if (chunk.includes('.') && isHostName(chunk)) return this.put(index, token.host, hostEnd(text, end, mark));
    const skeleton = skeletonOf(chunk);
    if (skeleton === undefined) return this.put(index, token.soft, end);
    this.shape[index] = skeleton;
    return this.put(index, skeleton === '' ? token.identifier : token.shaped, end);
  }
}
