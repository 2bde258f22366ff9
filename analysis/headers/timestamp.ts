// Reading a timestamp at a place in a line: the common forms, zones, epochs, two-token and unusual forms.
// Must never use a regular expression or allocate on the way: this runs once or more for every line.
import { monthAt, scanDayFirst, scanNamed } from './timestamp-names.ts';
import { continues, digit, digitRun, digits, epochMs, finish, finishYearless, scanClock, type TimestampScan } from './timestamp-parts.ts';

/** A date with the year first, `2024-01-31` and its like, with a clock after it or alone. */
function scanYearFirst(text: string, at: number, out: TimestampScan): number {
  const year = digits(text, at, 4);
  const separator = text.charCodeAt(at + 4);
  if (separator !== 45 && separator !== 47 && separator !== 46) return -1;
  let i = at + 5;
  let month = digits(text, i, 2);
  i += 2;
  if (month < 0) {
    month = monthAt(text, at + 5);
    if (month === 0) return -1;
    i = at + 8;
  }
  if (text.charCodeAt(i) !== separator) return -1;
  const day = digits(text, i + 1, 2);
  if (day < 1 || day > 31 || month < 1 || month > 12 || year < 1970 || year > 2200) return -1;
  i += 3;
  const between = text.charCodeAt(i);
  // The clock follows after T, a space, or whatever separates the date (DB2 and BlueGene write 2005-06-03-15.42.50).
  if (between === 84 || between === 32 || between === 95 || between === 45 || between === 58 || between === 116) {
    // An hour of one digit may be padded: `2024-01-31  9:05:00`.
    const padded = between === 32 && text.charCodeAt(i + 1) === 32 ? i + 2 : i + 1;
    const end = scanClock(text, padded, out);
    if (end >= 0) return finish(text, end, out, year, month, day, out.clockMs, 1 + (between & 31) + (out.fraction ? 32 : 0));
  }
  // `2024-01-31, 10:15:00`, `2024-01-31 @ 10:15:00`.
  const loose = between === 44 && text.charCodeAt(i + 1) === 32 ? i + 2 : text.startsWith(' @ ', i) ? i + 3 : 0;
  const looseEnd = loose === 0 ? -1 : scanClock(text, loose, out);
  if (looseEnd >= 0) return finish(text, looseEnd, out, year, month, day, out.clockMs, 107 + (out.fraction ? 1 : 0));
  const shortEnd = between === 84 || between === 32 ? scanMinutes(text, i + 1, out) : -1;
  if (shortEnd >= 0) return finish(text, shortEnd, out, year, month, day, out.clockMs, 105);
  if (continues(text, i)) return -1;
  out.kind = 'date';
  out.ms = epochMs(year, month, day, 0);
  out.month = 0;
  out.day = 0;
  out.zoned = false;
  out.form = 100 + (separator & 7);
  return i;
}

/** `10:15` without seconds; what follows must not go on with the number. */
function scanMinutes(text: string, at: number, out: TimestampScan): number {
  const hour = digits(text, at, 2);
  const minute = digits(text, at + 3, 2);
  const after = text.charCodeAt(at + 5);
  if (hour < 0 || hour > 23 || text.charCodeAt(at + 2) !== 58 || minute < 0 || minute > 59) return -1;
  if (after === 58 || after === 46 || (continues(text, at + 5) && after !== 90)) return -1;
  out.clockMs = (hour * 60 + minute) * 60_000;
  return at + 5;
}

/** Two-digit groups: `17/06/09 20:10:40`, `31/12/2024 …`, `03-17 16:13:38.811`, `31/Dec/2024:…`, `31-Dec-2024 …`. */
function scanShortGroups(text: string, at: number, out: TimestampScan): number {
  const first = digits(text, at, 2);
  const separator = text.charCodeAt(at + 2);
  if (first < 0 || (separator !== 47 && separator !== 45 && separator !== 46)) return -1;
  const named = monthAt(text, at + 3);
  if (named > 0) {
    if (text.charCodeAt(at + 6) !== separator) return -1;
    const year = digits(text, at + 7, 4);
    const between = text.charCodeAt(at + 11);
    if (year < 0 || (between !== 58 && between !== 32)) return -1;
    const end = scanClock(text, at + 12, out);
    return end < 0 ? -1 : finish(text, end, out, year, named, first, out.clockMs, 110 + (separator & 7));
  }
  const second = digits(text, at + 3, 2);
  if (second < 0) return -1;
  const next = text.charCodeAt(at + 5);
  if (next === separator) {
    const long = digits(text, at + 6, 4);
    const i = at + (long >= 0 ? 10 : 8);
    const third = long >= 0 ? long : digits(text, at + 6, 2);
    if (third < 0) return -1;
    const between = text.charCodeAt(i);
    let clockAt = i + 1;
    if (between === 44 && text.charCodeAt(clockAt) === 32) clockAt++;
    else if (between !== 32 && between !== 45 && between !== 84) return -1;
    const end = scanClock(text, clockAt, out);
    if (end < 0) return -1;
    if (long >= 0) {
      // Month first unless that cannot be: 31/12/2024. Dots are the European order.
      const dayFirst = first > 12 || separator === 46;
      return finish(text, end, out, third, dayFirst ? second : first, dayFirst ? first : second, out.clockMs, 120 + (separator & 7));
    }
    // Dots are the European order: `31.01.24`.
    if (separator === 46 && second <= 12) return finish(text, end, out, 2000 + third, second, first, out.clockMs, 136);
    // Two-digit years: year first (log4j's yy/MM/dd) unless the middle group can't be a month.
    if (second <= 12) return finish(text, end, out, 2000 + first, second, third, out.clockMs, 130 + (separator & 7));
    return finish(text, end, out, 2000 + third, first, second, out.clockMs, 138 + (separator & 7));
  }
  if (next !== 32 && next !== 84) return -1;
  const end = scanClock(text, at + 6, out);
  if (end < 0) return -1;
  return finishYearless(out, first, second, out.clockMs, 146 + (separator & 7), end);
}

/** Plain digits: epochs, `20171223-22:15:29:606`, `20240131T101500Z`, `081109 203615`, `240131 10:15:00`. */
function scanPacked(text: string, at: number, run: number, out: TimestampScan): number {
  const end = at + run;
  const between = text.charCodeAt(end);
  if (run === 8) {
    const year = digits(text, at, 4);
    if (year >= 1970 && year <= 2200 && (between === 45 || between === 32 || between === 84 || between === 95)) {
      const month = digits(text, at + 4, 2);
      const day = digits(text, at + 6, 2);
      const clockEnd = scanClock(text, end + 1, out);
      if (clockEnd >= 0) return finish(text, clockEnd, out, year, month, day, out.clockMs, 160 + (between & 7));
      return scanPackedClock(text, end + 1, out, year, month, day, 168 + (between & 7));
    }
    return -1;
  }
  if (run === 14 || run === 17) {
    const year = digits(text, at, 4);
    const month = digits(text, at + 4, 2);
    const day = digits(text, at + 6, 2);
    if (year < 1970 || year > 2200) return -1;
    if (run === 14) return scanPackedClock(text, at + 8, out, year, month, day, 183);
    const seconds = digits(text, at + 8, 2) * 3600 + digits(text, at + 10, 2) * 60 + digits(text, at + 12, 2);
    return seconds >= 86_400 || continues(text, end)
      ? -1
      : finish(text, end, out, year, month, day, seconds * 1000 + digits(text, at + 14, 3), 184);
  }
  if (run === 6 && between === 32) {
    const year = 2000 + digits(text, at, 2);
    const month = digits(text, at + 2, 2);
    const day = digits(text, at + 4, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31) return -1;
    const padded = text.charCodeAt(end + 1) === 32 ? end + 2 : end + 1;
    const clockEnd = scanClock(text, padded, out);
    if (clockEnd >= 0) return finish(text, clockEnd, out, year, month, day, out.clockMs, 180);
    return scanPackedClock(text, end + 1, out, year, month, day, 181);
  }
  return scanEpoch(text, at, run, out);
}

function scanPackedClock(text: string, at: number, out: TimestampScan, year: number, month: number, day: number, form: number): number {
  if (digitRun(text, at) !== 6) return -1;
  const hour = digits(text, at, 2);
  const minute = digits(text, at + 2, 2);
  const second = digits(text, at + 4, 2);
  if (hour > 23 || minute > 59 || second > 60) return -1;
  let end = at + 6;
  let ms = (hour * 3600 + minute * 60 + second) * 1000;
  const fraction = text.charCodeAt(end) === 46 || text.charCodeAt(end) === 44 ? digitRun(text, end + 1) : 0;
  if (fraction > 0) {
    for (let i = 0; i < Math.min(3, fraction); i++) ms += digit(text, end + 1 + i) * 10 ** (2 - i);
    end += 1 + fraction;
  }
  if (continues(text, end) && text.charCodeAt(end) !== 90) return -1;
  return finish(text, end, out, year, month, day, ms, form);
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their digits (2001 to 2096). */
function scanEpoch(text: string, at: number, run: number, out: TimestampScan): number {
  if (run !== 10 && run !== 13 && run !== 16 && run !== 19) return -1;
  const lead = digits(text, at, 10);
  if (lead < 978_307_200 || lead > 3_976_214_400) return -1;
  let ms = lead * 1000;
  let end = at + run;
  if (run > 10) {
    ms += digits(text, at + 10, 3);
  } else if (text.charCodeAt(end) === 46 && digit(text, end + 1) >= 0) {
    const fraction = digitRun(text, end + 1);
    for (let i = 0; i < Math.min(3, fraction); i++) ms += digit(text, end + 1 + i) * 10 ** (2 - i);
    end += 1 + fraction;
  }
  if (continues(text, end)) return -1;
  out.kind = 'full';
  out.ms = ms;
  out.month = 0;
  out.day = 0;
  out.zoned = true;
  out.form = 190 + (run - 10) / 3 + (end > at + run ? 5 : 0);
  return end;
}

/** glog and klog: `I0131 10:15:00.000000`; the letter is left to the caller, `at` is on the digits. */
export function scanGlogTimestamp(text: string, at: number, out: TimestampScan): number {
  if (digitRun(text, at) !== 4 || text.charCodeAt(at + 4) !== 32) return -1;
  const end = scanClock(text, at + 5, out);
  return end < 0 ? -1 : finishYearless(out, digits(text, at, 2), digits(text, at + 2, 2), out.clockMs, 230, end);
}

/** The kernel's seconds since boot, `12.345678`, as dmesg prints them in brackets. */
export function scanUptime(text: string, at: number, out: TimestampScan): number {
  const seconds = digitRun(text, at);
  if (seconds === 0 || seconds > 10 || text.charCodeAt(at + seconds) !== 46 || digitRun(text, at + seconds + 1) !== 6) return -1;
  out.kind = 'uptime';
  out.ms = digits(text, at, seconds) * 1000 + digits(text, at + seconds + 1, 3);
  out.month = 0;
  out.day = 0;
  out.zoned = false;
  out.form = 240;
  return at + seconds + 7;
}

/**
 * Reads the timestamp that starts exactly at `at`. Returns the offset after it (a written zone included) and fills
 * `out`, or returns -1 where no timestamp stands; `out` is then undefined in content.
 */
export function scanTimestamp(text: string, at: number, out: TimestampScan): number {
  const code = text.charCodeAt(at);
  if (!(code >= 48 && code <= 57)) {
    // Only letters that begin a month or a weekday's name.
    const lower = code | 32;
    if (lower < 97 || lower > 119) return -1;
    const third = text.charCodeAt(at + 3);
    return third === 32 || third === 44 ? scanNamed(text, at, out) : -1;
  }
  const run = digitRun(text, at);
  switch (run) {
    case 1:
    case 2: {
      const after = text.charCodeAt(at + run);
      if (after === 58) {
        const end = scanClock(text, at, out);
        if (end < 0) return -1;
        out.kind = 'time';
        out.ms = out.clockMs;
        out.month = 0;
        out.day = 0;
        out.zoned = false;
        out.form = out.fraction ? 151 : 150;
        return end;
      }
      if (after === 32) return scanDayFirst(text, at, run, out);
      return run === 2 ? scanShortGroups(text, at, out) : -1;
    }
    case 4:
      return scanYearFirst(text, at, out);
    default:
      return run >= 6 ? scanPacked(text, at, run, out) : -1;
  }
}
