// Timestamps with names in them: `Jan 31 10:15:00`, `Mon, 31 Jan 2024 …`, `31 Jan 2024 …`.
// Must never know another language's names: loggers write English ones.
import { continues, digitRun, digits, finish, finishYearless, scanClock, type TimestampScan } from './timestamp-parts.ts';

const monthCodes = 'janfebmaraprmayjunjulaugsepoctnovdec';
const dayCodes = 'sunmontuewedthufrisat';

export function threeLetters(text: string, at: number, names: string): number {
  const a = text.charCodeAt(at) | 32;
  const b = text.charCodeAt(at + 1) | 32;
  const c = text.charCodeAt(at + 2) | 32;
  for (let i = 0; i < names.length; i += 3) {
    if (names.charCodeAt(i) === a && names.charCodeAt(i + 1) === b && names.charCodeAt(i + 2) === c) return i / 3;
  }
  return -1;
}

/** The month, 1–12, that a three-letter name at `at` means; 0 if none. */
export function monthAt(text: string, at: number): number {
  return threeLetters(text, at, monthCodes) + 1;
}

/** Forms that begin with a name: `Jan 31 10:15:00`, `Mon Jan 31 …`, `Mon, 31 Jan 2024 …`. */
export function scanNamed(text: string, at: number, out: TimestampScan): number {
  let i = at;
  let form = 200;
  if (monthAt(text, i) === 0) {
    if (threeLetters(text, i, dayCodes) < 0) return -1;
    i += 3;
    if (text.charCodeAt(i) === 44) i++;
    if (text.charCodeAt(i) !== 32) return -1;
    i++;
    form = 210;
  }
  const month = monthAt(text, i);
  if (month === 0) {
    const width = digitRun(text, i);
    return form === 210 && (width === 1 || width === 2) ? scanDayFirst(text, i, width, out) : -1;
  }
  i += 3;
  if (text.charCodeAt(i) !== 32) return -1;
  i++;
  if (text.charCodeAt(i) === 32) i++;
  const width = digitRun(text, i);
  if (width < 1 || width > 2) return -1;
  const day = digits(text, i, width);
  i += width;
  if (text.charCodeAt(i) === 44) i++;
  if (text.charCodeAt(i) !== 32) return -1;
  const yearBefore = digitRun(text, i + 1) === 4 ? digits(text, i + 1, 4) : -1;
  if (yearBefore > 0) i += 5;
  if (text.charCodeAt(i) === 44) i++;
  if (text.charCodeAt(i) !== 32) return -1;
  let end = scanClock(text, i + 1, out);
  if (end < 0) return -1;
  if (yearBefore > 0) return finish(text, end, out, yearBefore, month, day, out.clockMs, form + 1);
  // ctime puts the year behind the clock, `date` a zone's name before it.
  let j = end;
  if (text.charCodeAt(j) === 32 && isUpper(text, j + 1) && isUpper(text, j + 2) && isUpper(text, j + 3)) {
    const wide = isUpper(text, j + 4) ? 5 : 4;
    if (text.charCodeAt(j + wide) === 32 && digitRun(text, j + wide + 1) === 4) j += wide;
  }
  if (text.charCodeAt(j) === 32 && digitRun(text, j + 1) === 4 && !continues(text, j + 5)) {
    const year = digits(text, j + 1, 4);
    if (year >= 1970 && year <= 2200) {
      end = j + 5;
      return finish(text, end, out, year, month, day, out.clockMs, form + 2);
    }
  }
  return finishYearless(out, month, day, out.clockMs, form + 3, end);
}

export function isUpper(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 65 && code <= 90;
}

/** `31 Jan 2024 10:15:00`, `31 Jan 10:15:00`. */
export function scanDayFirst(text: string, at: number, width: number, out: TimestampScan): number {
  let i = at + width;
  if (text.charCodeAt(i) !== 32) return -1;
  const month = monthAt(text, i + 1);
  if (month === 0 || text.charCodeAt(i + 4) !== 32) return -1;
  const day = digits(text, at, width);
  i += 5;
  if (digitRun(text, i) === 4) {
    const year = digits(text, i, 4);
    i += 4;
    if (text.charCodeAt(i) === 44) i++;
    const end = text.charCodeAt(i) === 32 ? scanClock(text, i + 1, out) : -1;
    return end < 0 ? -1 : finish(text, end, out, year, month, day, out.clockMs, 221);
  }
  const end = scanClock(text, i, out);
  return end < 0 ? -1 : finishYearless(out, month, day, out.clockMs, 222, end);
}
