// What a header says, and how a column's text becomes a part of it.
// Must never look for columns in a line; columns.ts cuts them and header-reader.ts says which belong to the header.
import { severityOfLetter, severityOfWord, type Severity } from '../severity.ts';
import { pairedLevel } from './joints.ts';
import { epochMs, type TimestampScan } from './timestamp-parts.ts';

/** What stood before the message. Absent is undefined. */
export interface Header {
  timeMs: number | undefined;
  severity: Severity | undefined;
  host: string | undefined;
  process: string | undefined;
  pid: number | undefined;
  component: string | undefined;
  thread: string | undefined;
  requestId: string | undefined;
  /** What stood before the time: an alert's label, the address of a client, or anything else. */
  lead: string | undefined;
  /** Offset of the message in the text. */
  end: number;
}

/** The header of a text that has none. */
export const noHeader: Readonly<Header> = {
  timeMs: undefined,
  severity: undefined,
  host: undefined,
  process: undefined,
  pid: undefined,
  component: undefined,
  thread: undefined,
  requestId: undefined,
  lead: undefined,
  end: 0,
};

/** Without its brackets or colon. */
export function bare(raw: string): string {
  let start = 0;
  let end = raw.length;
  if (raw.charCodeAt(end - 1) === 58) end--;
  if (raw.charCodeAt(start) === 91 || raw.charCodeAt(start) === 60) {
    start++;
    end--;
  }
  return raw.slice(start, end).trim();
}

/** A level that stands in a column of its own: `WARN`, `[warn]`, `[core:warn]`, or `W/` before a tag. */
export function takeLevel(header: Header, raw: string): void {
  if (header.severity !== undefined) return;
  const word = bare(raw);
  header.severity = severityOfWord(word);
  if (header.severity !== undefined) return;
  const pair = pairedLevel(word);
  if (pair === undefined) {
    header.severity = severityOfLetter(word.slice(0, -1));
    return;
  }
  header.severity = pair.severity;
  if (pair.name.includes(' ')) header.thread ??= pair.name;
  else header.component ??= pair.name;
}

/** `[main]`, `[12]`, `[req-… - -]`: what is inside tells which it is. */
export function takeBracket(header: Header, raw: string): void {
  const inside = bare(raw);
  if (inside === '' || inside === '-') return;
  const first = inside.charCodeAt(0);
  if (first >= 48 && first <= 57 && /^\d{1,9}$/.test(inside)) {
    if (header.pid === undefined) header.pid = Number(inside);
    else header.thread ??= inside;
    return;
  }
  // The shortest id is 16 digits.
  const request =
    inside.length < 16
      ? null
      : /^(?:req(?:uest)?[-_]?(?:id)?[-=: ]?)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,32})\b/i.exec(
          inside,
        );
  if (request !== null) header.requestId ??= inside.split(' ', 1)[0];
  else if (header.thread === undefined) header.thread = inside;
  else header.component ??= inside;
}

/** `sshd(pam_unix)[12]:`, `kernel:`, `org.example.Main:`, `reflector.go:158]`, `12#34:`, `channel.ERROR:`. */
export function takeTag(header: Header, raw: string): void {
  let name = raw.endsWith(':') || (raw.endsWith(']') && !raw.includes('[')) ? raw.slice(0, -1) : raw;
  const lead = name.charCodeAt(0);
  const numbers = lead > 57 ? null : /^#?(\d{1,9})(?:#(\d{1,9}))?$/.exec(name);
  if (numbers !== null) {
    header.pid ??= Number(numbers[1]);
    if (numbers[2] !== undefined) header.thread ??= numbers[2];
    return;
  }
  const open = name.endsWith(')') ? name.lastIndexOf('(') : name.indexOf('[');
  if (open > 0 && (name.endsWith(']') || /\( *\d+\)$/.test(name))) {
    const pid = name.slice(open + 1, -1).trim();
    if (/^\d{1,9}$/.test(pid)) header.pid = Number(pid);
    name = name.slice(0, open);
  }
  // `ERROR/MainProcess`
  const slash = name.indexOf('/');
  const level = slash > 0 && header.severity === undefined ? severityOfWord(name.slice(0, slash)) : undefined;
  if (level !== undefined) {
    header.severity = level;
    header.thread ??= name.slice(slash + 1);
    return;
  }
  const dot = name.lastIndexOf('.');
  if (dot > 0 && header.severity === undefined) {
    header.severity = severityOfWord(name.slice(dot + 1));
    if (header.severity !== undefined) name = name.slice(0, dot);
  }
  if (header.severity !== undefined) header.component ??= name;
  else header.process ??= name;
}

/** The field that a column before the time becomes: `client`, `label` (written in capitals), or `prefix`. */
export function leadField(lead: string): 'client' | 'label' | 'prefix' {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(lead) || /^[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}$/i.test(lead)) return 'client';
  return /^[A-Z][A-Z\d_]*$/.test(lead) ? 'label' : 'prefix';
}

/** The request that pairs such as `request_id=…` name. */
export function requestOf(pairs: string): string | undefined {
  return /(?:^|\s)(?:request|req|trace|correlation)_?id=(\S{1,128})/.exec(pairs)?.[1];
}

/** Fills in what a timestamp leaves out from the time the line was read; undefined where that is unknown too. */
export function resolveTime(stamp: TimestampScan, nowMs: number | undefined): number | undefined {
  switch (stamp.kind) {
    case 'full':
    case 'date':
      return stamp.ms;
    case 'uptime':
      return undefined;
    case 'time': {
      if (nowMs === undefined) return undefined;
      const midnight = Math.floor(nowMs / 86_400_000) * 86_400_000;
      const today = midnight + stamp.ms;
      // A line from before midnight that is read after it.
      return today > nowMs + 43_200_000 ? today - 86_400_000 : today;
    }
    case 'yearless': {
      if (nowMs === undefined) return undefined;
      const year = new Date(nowMs).getUTCFullYear();
      const thisYear = epochMs(year, stamp.month, stamp.day, stamp.ms);
      // December's lines read in January.
      return thisYear > nowMs + 7 * 86_400_000 ? epochMs(year - 1, stamp.month, stamp.day, stamp.ms) : thisYear;
    }
  }
}
