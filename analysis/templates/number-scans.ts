// How numbers are recognised: signs, fractions, exponents, hexadecimal, units written to them or behind them, clock lengths.
// Must never use a regular expression that backtracks: every scan is one pass over bounded text.
import { charClasses, classBits, isDigit, token } from './masks.ts';
import { classOf, ends } from './value-scans.ts';

const durationUnits =
  'ns us µs μs ms s m h d nsec usec msec sec secs second seconds min mins minute minutes hr hrs hour hours day days ' +
  'nanosecond nanoseconds microsecond microseconds millisecond milliseconds millis msecs usecs week weeks';
const sizeUnits = 'b B k K kb kB KB KiB M mb MB MiB G gb GB GiB T tb TB TiB PB byte bytes Bytes';
const otherUnits = '% x Hz kHz MHz GHz bps kbps Kbps Mbps Gbps th st nd rd px C V W';
const units = new Map<string, number>([
  ...durationUnits.split(' ').map((unit) => [unit, token.duration] as const),
  ...sizeUnits.split(' ').map((unit) => [unit, token.size] as const),
  ...otherUnits.split(' ').map((unit) => [unit, token.number] as const),
]);

/** Longest unit that is looked up. */
const longestUnit = 12;

/**
 * A unit behind a number that ends at `at`, set off by a blank: `169 seconds`, and what repeats it in brackets:
 * `1848 bytes (1.80 KB)`. Returns the end of it, or `at`.
 */
export function quantityEnd(text: string, at: number): number {
  const end = unitEnd(text, at);
  if (end === at) return at;
  if (text.charCodeAt(end) !== 32 || text.charCodeAt(end + 1) !== 40 || !isDigit(text.charCodeAt(end + 2))) return end;
  let i = end + 2;
  while (isDigit(text.charCodeAt(i)) || text.charCodeAt(i) === 46) i++;
  const inner = unitEnd(text, i);
  return inner > i && text.charCodeAt(inner) === 41 ? inner + 1 : end;
}

function unitEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== 32) return at;
  let i = at + 1;
  while (i - at <= longestUnit + 1 && (classOf(text.charCodeAt(i)) & classBits.letter) !== 0) i++;
  // A single letter set off by a blank is no unit but `B`: `3 d` may be anything.
  if (i === at + 1 || (i === at + 2 && text.charCodeAt(at + 1) !== 66) || !ends(text, i)) return at;
  const kind = units.get(text.slice(at + 1, i));
  return kind === token.duration || kind === token.size ? i : at;
}

/** `mm:ss`, `h:mm:ss` and longer, with a fraction: a length of time. Its end or -1. */
export function scanClockLength(text: string, at: number): number {
  let i = at;
  while (i - at < 4 && isDigit(text.charCodeAt(i))) i++;
  let groups = 0;
  while (groups < 3 && text.charCodeAt(i) === 58 && isDigit(text.charCodeAt(i + 1)) && isDigit(text.charCodeAt(i + 2))) {
    i += 3;
    groups++;
  }
  if (groups === 0) return -1;
  if (text.charCodeAt(i) === 46 && isDigit(text.charCodeAt(i + 1))) {
    i++;
    while (isDigit(text.charCodeAt(i))) i++;
  }
  return ends(text, i) ? i : -1;
}

/**
 * A number of any kind between `at` and `stop`: its end, with its kind in `kindOut[index]`, or -1. `digits`, `letters` and
 * `hexOnly` are what the caller counted there.
 */
export function scanNumber(
  text: string,
  at: number,
  stop: number,
  digits: number,
  letters: number,
  hexOnly: boolean,
  kindOut: Uint8Array,
  index: number,
): number {
  const first = text.charCodeAt(at);
  let end = stop;
  while (end - at > 1 && text.charCodeAt(end - 1) === 46) end--;
  if (hexOnly) {
    if (letters === 0) {
      kindOut[index] = token.number;
      return end;
    }
    if (end - at >= 8 || (end - at >= 6 && digits >= 3)) {
      kindOut[index] = token.hex;
      return end;
    }
  }
  if (first === 48 && (text.charCodeAt(at + 1) | 32) === 120) {
    let i = at + 2;
    while (i < end && isHex(text.charCodeAt(i))) i++;
    if (i === end || (text.charCodeAt(i) === 46 && isHexRest(text, i, end))) {
      kindOut[index] = token.hex;
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
    kindOut[index] = token.number;
    return end;
  }
  if (end - i <= 5) {
    const kind = units.get(text.slice(i, end));
    if (kind !== undefined) {
      kindOut[index] = kind;
      return end;
    }
  }
  return -1;
}

function isHex(code: number): boolean {
  return code < 128 && ((charClasses[code] ?? 0) & classBits.hex) !== 0;
}

function isHexRest(text: string, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (!isHex(text.charCodeAt(i)) && text.charCodeAt(i) !== 46) return false;
  return true;
}
