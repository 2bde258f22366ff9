// The pieces that timestamps are made of: digits, clocks, zones, civil days.
// Must never allocate: these run for every line, and write what they find into the caller's scan.

/**
 * Which parts a timestamp stated. `date` has no time of day, `yearless` no year, `time` no date,
 * `uptime` counts seconds since boot and says nothing about the calendar.
 */
export type TimestampKind = 'full' | 'yearless' | 'date' | 'time' | 'uptime';

/** What {@link scanTimestamp} found; one object is reused for many scans. */
export interface TimestampScan {
  kind: TimestampKind;
  /** Unix milliseconds for `full` and `date`; else milliseconds since midnight (`time`, `yearless`) or since boot. */
  ms: number;
  /** 1–12 for `yearless`, else 0. */
  month: number;
  /** 1–31 for `yearless`, else 0. */
  day: number;
  /** True where the text named a zone or is an epoch. */
  zoned: boolean;
  /** Distinguishes the written forms, so that a layout can be told from another. */
  form: number;
  /** Of the clock last scanned: milliseconds since midnight, whether it had a fraction; and of the zone, minutes east. */
  clockMs: number;
  fraction: boolean;
  zoneMinutes: number;
}

export function newTimestampScan(): TimestampScan {
  return { kind: 'full', ms: 0, month: 0, day: 0, zoned: false, form: 0, clockMs: 0, fraction: false, zoneMinutes: 0 };
}

export function digit(text: string, at: number): number {
  const code = text.charCodeAt(at) - 48;
  return code >= 0 && code <= 9 ? code : -1;
}

/** Value of exactly `count` digits at `at`, or -1. */
export function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) {
    const code = text.charCodeAt(at + i) - 48;
    if (!(code >= 0 && code <= 9)) return -1;
    value = value * 10 + code;
  }
  return value;
}

export function digitRun(text: string, at: number): number {
  let end = at;
  while (end - at < 24 && digit(text, end) >= 0) end++;
  return end - at;
}

/** True if a word could go on at `at`, so that what ends there is no token of its own. */
export function continues(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

/** Days from 1970-01-01 to a civil date (Howard Hinnant's algorithm for the proleptic Gregorian calendar). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

/** Unix milliseconds of a civil moment in UTC. */
export function epochMs(year: number, month: number, day: number, msOfDay: number): number {
  return daysFromCivil(year, month, day) * 86_400_000 + msOfDay;
}

/** `hh:mm:ss` with any of `:.` between and an optional fraction after `.`, `,` or `:`; returns its end or -1. */
export function scanClock(text: string, at: number, out: TimestampScan): number {
  let i = at;
  let hour = digit(text, i);
  if (hour < 0) return -1;
  const second = digit(text, i + 1);
  if (second >= 0) {
    hour = hour * 10 + second;
    i++;
  }
  i++;
  const separator = text.charCodeAt(i);
  if (separator !== 58 && separator !== 46) return -1;
  const minute = digits(text, i + 1, 2);
  if (hour > 23 || minute < 0 || minute > 59 || text.charCodeAt(i + 3) !== separator) return -1;
  const seconds = digits(text, i + 4, 2);
  if (seconds < 0 || seconds > 60) return -1;
  i += 6;
  let ms = (hour * 3600 + minute * 60 + seconds) * 1000;
  const point = text.charCodeAt(i);
  out.fraction = false;
  if ((point === 46 || point === 44 || point === 58) && digit(text, i + 1) >= 0) {
    let scale = 100;
    let j = i + 1;
    let d = digit(text, j);
    while (d >= 0 && j - i < 11) {
      ms += d * scale;
      scale /= 10;
      j++;
      d = digit(text, j);
    }
    out.fraction = true;
    i = j;
  }
  // AM and PM, as Windows and Java's default formatter write them.
  const half = text.charCodeAt(i + 1) | 32;
  if (text.charCodeAt(i) === 32 && (half === 97 || half === 112) && (text.charCodeAt(i + 2) | 32) === 109 && !continues(text, i + 3)) {
    if (half === 112 && hour < 12) ms += 43_200_000;
    if (half === 97 && hour === 12) ms -= 43_200_000;
    i += 3;
  }
  out.clockMs = Math.floor(ms);
  return continues(text, i) && text.charCodeAt(i) !== 90 && text.charCodeAt(i) !== 122 ? -1 : i;
}

/** Minutes east of Greenwich of the zones that `date` and databases print by name. */
const zoneNames: ReadonlyMap<string, number> = new Map([
  ...(['UTC', 'GMT', 'WET'] as const).map((name) => [name, 0] as const),
  ...(['CET', 'BST', 'WEST'] as const).map((name) => [name, 60] as const),
  ...(['CEST', 'EET', 'SAST'] as const).map((name) => [name, 120] as const),
  ...([
    ['EEST', 180],
    ['MSK', 180],
    ['IST', 330],
    ['JST', 540],
    ['KST', 540],
    ['AEST', 600],
    ['AEDT', 660],
  ] as const),
  ...([
    ['EST', -300],
    ['EDT', -240],
    ['CST', -360],
    ['CDT', -300],
    ['MST', -420],
    ['MDT', -360],
    ['PST', -480],
    ['PDT', -420],
  ] as const),
]);

/** A zone (`Z`, `+02:00`, ` -0700`, ` UTC`) at `at`; returns its end, or `at` where none is written. */
export function scanZone(text: string, at: number, out: TimestampScan): number {
  out.zoneMinutes = 0;
  let i = at;
  let code = text.charCodeAt(i);
  if ((code === 90 || code === 122) && !continues(text, i + 1)) return i + 1;
  if (code === 32) code = text.charCodeAt(++i);
  if (code === 43 || code === 45) {
    const hours = digits(text, i + 1, 2);
    if (hours < 0 || hours > 14) return at;
    const colon = text.charCodeAt(i + 3) === 58 ? 1 : 0;
    const minutes = digits(text, i + 3 + colon, 2);
    if (minutes >= 0 && minutes < 60 && digit(text, i + 5 + colon) < 0) {
      out.zoneMinutes = (code === 43 ? 1 : -1) * (hours * 60 + minutes);
      return i + 5 + colon;
    }
    if (colon === 0 && i === at && !continues(text, i + 3)) {
      out.zoneMinutes = (code === 43 ? 1 : -1) * hours * 60;
      return i + 3;
    }
    return at;
  }
  if (code >= 65 && code <= 87) {
    let end = i + 1;
    while (end - i < 5 && text.charCodeAt(end) >= 65 && text.charCodeAt(end) <= 90) end++;
    if ((end - i === 3 || end - i === 4) && !continues(text, end)) {
      const minutes = zoneNames.get(text.slice(i, end));
      if (minutes !== undefined) {
        out.zoneMinutes = minutes;
        return end;
      }
    }
  }
  return at;
}

export function finish(
  text: string,
  end: number,
  out: TimestampScan,
  year: number,
  month: number,
  day: number,
  ms: number,
  form: number,
): number {
  if (month < 1 || month > 12 || day < 1 || day > 31) return -1;
  const after = scanZone(text, end, out);
  out.zoned = after !== end;
  out.kind = 'full';
  out.ms = epochMs(year, month, day, ms) - out.zoneMinutes * 60_000;
  out.month = 0;
  out.day = 0;
  out.form = form;
  return after;
}

export function finishYearless(out: TimestampScan, month: number, day: number, ms: number, form: number, end: number): number {
  if (month < 1 || month > 12 || day < 1 || day > 31) return -1;
  out.kind = 'yearless';
  out.ms = ms;
  out.month = month;
  out.day = day;
  out.zoned = false;
  out.form = form;
  return end;
}
