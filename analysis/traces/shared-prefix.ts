// What several lines have in common at their beginning, where a logger, a container tool or `ts` put its own header before each of them.
// Must never know a tool's or a logger's layout: two lines that follow each other show where their header ends.

/** Longest header looked for, in characters. */
export const mostShared = 160;

/** A header is longer than a bullet or a quotation mark. */
export const leastShared = 3;

/**
 * How many characters both lines begin with, where a digit is as good as another: times and counters differ within one trace. What is
 * shared ends behind white space, so that no word is torn apart; 0 where there is no header.
 *
 * @param known `sharedBytes` of both, if it was measured
 */
export function sharedPrefix(previous: string, line: string, known = -1): number {
  const limit = Math.min(previous.length, line.length, mostShared);
  let index = Math.min(Math.max(known, 0), limit);
  if (known < 0) while (index < limit && isSame(previous.charCodeAt(index), line.charCodeAt(index))) index += 1;
  // Of an empty line of a trace the header is all there is, and its last space may be gone. A line that is the same to its end has no header.
  if (index >= line.length) {
    const isEmpty = isSpace(previous.charCodeAt(index)) || isSpace(line.charCodeAt(index - 1));
    return isEmpty && index >= leastShared ? index : 0;
  }
  if (index === previous.length && isSpace(line.charCodeAt(index))) index += 1;
  else while (index > 0 && !isSpace(line.charCodeAt(index - 1))) index -= 1;
  return index < leastShared ? 0 : index;
}

/** The same of bytes, before it is cut behind white space: how many both have, digits alike, at most `mostShared`. */
export function sharedBytes(bytes: Uint8Array, previous: number, start: number): number {
  const limit = Math.min(mostShared, bytes.length - start);
  for (let index = 0; index < limit; index += 1) {
    if (!isSame(bytes[previous + index] as number, bytes[start + index] as number)) return index;
  }
  return limit;
}

/** Where headers may end in what two lines share: behind each run of white space, the shortest first. */
export function* headerEnds(line: string, shared: number): Generator<number> {
  for (let end = leastShared; end < shared; end += 1) {
    if (isSpace(line.charCodeAt(end - 1)) && !isSpace(line.charCodeAt(end))) yield end;
  }
  if (shared >= leastShared) yield shared;
}

/** How much of `line` is that header, whatever its numbers are and however long; undefined where the line has another one. */
export function behindPrefix(prefix: string, line: string): number | undefined {
  let at = 0;
  let index = 0;
  while (index < prefix.length) {
    const code = prefix.charCodeAt(index);
    if (isDigit(code) && isDigit(line.charCodeAt(at))) {
      while (isDigit(prefix.charCodeAt(index))) index += 1;
      while (isDigit(line.charCodeAt(at))) at += 1;
    } else if (code === line.charCodeAt(at)) {
      index += 1;
      at += 1;
    } else {
      return at === line.length && isSpace(code) && index + 1 === prefix.length ? at : undefined;
    }
  }
  return at;
}

/** True where two lines have the same header up to the second: further digits of a time stand behind a point or a comma. */
export function isSameMoment(previous: string, line: string, length: number): boolean {
  let isFraction = false;
  for (let index = 0; index < length; index += 1) {
    const code = line.charCodeAt(index);
    if (!isDigit(code)) isFraction = code === 0x2e || code === 0x2c;
    else if (!isFraction && code !== previous.charCodeAt(index)) return false;
  }
  return true;
}

/** A request's identifier and its brackets. */
const mostTag = 39;

/** Tags that end the line before and begin this one, as Rails writes them when a message has several lines: `[request] [user] `. */
export function repeatedTags(previous: string, line: string): number {
  let end = 0;
  while (line.charCodeAt(end) === 0x5b) {
    const close = line.indexOf('] ', end);
    if (close < 0 || close - end > mostTag) break;
    end = close + 2;
  }
  return end > 0 && previous.trimEnd().endsWith(line.slice(0, end - 1)) ? end : 0;
}

/** True for a line that states its time near its beginning: `2026-11-23 03:12:58`, `[29/Nov/2026:03:12:58`, `Nov 29, 2026 3:12:58 AM`. */
export function beginsWithTime(line: string): boolean {
  const first = line.charCodeAt(0);
  if (!isDigit(first) && first !== 0x5b && !(first >= 0x41 && first <= 0x5a)) return false;
  const limit = Math.min(line.length - 5, 32);
  for (let at = 1; at < limit; at += 1) {
    // `12:58` with digits around, and a second colon behind it.
    if (line.charCodeAt(at) !== 0x3a || line.charCodeAt(at + 3) !== 0x3a) continue;
    if (isDigit(line.charCodeAt(at - 1)) && isDigit(line.charCodeAt(at + 1)) && isDigit(line.charCodeAt(at + 4))) return true;
  }
  return false;
}

function isSame(left: number, right: number): boolean {
  return left === right || (isDigit(left) && isDigit(right));
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
