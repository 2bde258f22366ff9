// How values of the wire look to a person: labels of enums, ages, sizes, and text made safe for a terminal.
// Must never decide on layout (table.ts) or format (output.ts).

/** The last word of an enum value of the wire: `NODE_STATUS_OPERATIONAL`, with prefix `NODE_STATUS`, is `operational`. */
export function enumLabel(value: string, prefix: string): string {
  const bare = value.startsWith(`${prefix}_`) ? value.slice(prefix.length + 1) : value;
  return bare.toLowerCase().replaceAll('_', '-');
}

/** The enum value that a person meant, or undefined. */
export function enumValue<T extends string>(values: Readonly<Record<string, T>>, word: string): T | undefined {
  return values[word.toUpperCase().replaceAll('-', '_')];
}

/** `12s`, `5m`, `3h`, `8d`: how long ago, from `nowMs`. */
export function age(time: Date | undefined, nowMs: number): string {
  return time === undefined ? '-' : duration(nowMs - time.getTime());
}

/** `5m ago`, or `in 5m` where clocks differ. */
export function ago(time: Date | undefined, nowMs: number): string {
  return time === undefined || time.getTime() > nowMs ? age(time, nowMs) : `${age(time, nowMs)} ago`;
}

/** The largest whole unit of a time span in milliseconds. */
export function duration(ms: number): string {
  if (ms < 0) return 'in ' + duration(-ms);
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ] as const;
  for (const [size, unit] of units) if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  return `${ms}ms`;
}

/** Milliseconds of a google.protobuf.Duration. */
export function durationMs(value: { seconds: number; nanos: number } | undefined): number | undefined {
  return value === undefined ? undefined : value.seconds * 1000 + value.nanos / 1e6;
}

/** Reads `90s`, `15m`, `24h`, `7d` into milliseconds; undefined if it isn't one. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'ms' | 's' | 'm' | 'h' | 'd'];
  return Number(match[1]) * unitMs;
}

/** Binary sizes with one decimal: `1.5 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/** A share between 0 and 1 as per cent. */
export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

// Controls but tab and newline, then format marks, which reorder or hide text (bidi, zero width, tags), and odd line ends.
const unsafe = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Log text and model output come from strangers: escape sequences and hidden characters become visible. */
export function safe(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safe(text.replaceAll('\r\n', '\n')).replaceAll('\n', ' ⏎ ').replaceAll('\t', ' ');
}
