// Reading the header of one source's lines: applies the learnt layouts and keeps learning as they change.
// Must never know a system by name, read a clock, or keep more than a fixed number of layouts.
import { severityOfLetter, severityOfWord, type Severity } from '../severity.ts';
import { column, type Columns, maxColumns } from './columns.ts';
import { Layout, type HeaderShape } from './layout.ts';
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
  end: 0,
};

/** Different layouts remembered for a source; a source with more is read by the last ones learnt. */
const maxLayouts = 16;

/** Lines after which a layout's misses are judged, and the share of misses that makes it be learnt anew. */
const judgedLines = 128;
const tolerableMisses = 40;

/** Where a header shape is kept between runs. */
export interface HeaderSnapshot {
  readonly layouts: readonly { readonly key: number; readonly shape: HeaderShape }[];
}

export class HeaderReader {
  private layouts = new Map<number, Layout>();
  /** Columns worth cutting: all while something is being learnt. */
  private limit = maxColumns;
  /** The layout that became fixed with the last line read, if one did. */
  justFixed: number | undefined = undefined;
  /** The layout that read the last line. */
  lastKey = -1;

  private readonly columns: Columns;

  /** `columns` may be shared by the readers of many sources. */
  constructor(columns: Columns) {
    this.columns = columns;
  }

  /** Reads the header of `text`. `nowMs` (when the line was read) gives the year and date that a timestamp leaves out. */
  read(text: string, nowMs: number | undefined): Header {
    const columns = this.columns;
    columns.scan(text, this.limit);
    const key = columns.firstTimestamp < 0 ? -1 : columns.firstTimestamp * 1000 + columns.form;
    this.lastKey = key;
    this.justFixed = undefined;
    let layout = this.layouts.get(key);
    if (layout === undefined) {
      layout = this.add(key);
      columns.scan(text, this.limit);
    }
    if (!layout.fixed) {
      layout.learn(columns, text);
      if (layout.fixed) {
        this.justFixed = key;
        this.measure();
      }
    }
    const header = this.apply(text, layout, nowMs);
    if (layout.fixed && layout.lines++ % judgedLines === 0) {
      if (layout.misses > tolerableMisses) {
        this.layouts.delete(key);
        this.limit = maxColumns;
      }
      layout.misses = 0;
    }
    return header;
  }

  snapshot(): HeaderSnapshot {
    const layouts = [];
    for (const [key, layout] of this.layouts) if (layout.fixed) layouts.push({ key, shape: layout.shape });
    return { layouts };
  }

  restore(snapshot: HeaderSnapshot): void {
    this.layouts = new Map();
    for (const { key, shape } of snapshot.layouts.slice(0, maxLayouts)) {
      const layout = new Layout();
      layout.shape = shape;
      layout.fixed = true;
      layout.lines = judgedLines;
      this.layouts.set(key, layout);
    }
    this.measure();
  }

  private add(key: number): Layout {
    if (this.layouts.size >= maxLayouts) {
      const oldest = this.layouts.keys().next().value;
      if (oldest !== undefined) this.layouts.delete(oldest);
    }
    const layout = new Layout();
    this.layouts.set(key, layout);
    this.limit = maxColumns;
    return layout;
  }

  private measure(): void {
    let limit = 4;
    for (const layout of this.layouts.values()) {
      const { shape } = layout;
      limit = Math.max(limit, layout.fixed ? shape.columns + (shape.untilDash ? 5 : shape.tagged ? 2 : 0) : maxColumns);
    }
    this.limit = Math.min(limit, maxColumns);
  }

  private apply(text: string, layout: Layout, nowMs: number | undefined): Header {
    const columns = this.columns;
    const { shape } = layout;
    const header: Header = { ...noHeader };
    if (columns.firstTimestamp >= 0 && columns.firstTimestamp < shape.columns) header.timeMs = resolveTime(columns.timestamp, nowMs);
    const count = Math.min(shape.columns, columns.count);
    let at = 0;
    for (; at < count; at++) {
      const kind = columns.kind[at] ?? column.other;
      const expected = shape.kinds[at] ?? column.other;
      if (kind !== expected && !this.tolerates(text, at, kind, expected, shape)) {
        if (expected === column.tag && columns.kind[at + 1] === column.tag && at + 1 < columns.count) {
          // `syslogd 1.4.1:` spends one more column than `sshd[12]:`.
          this.take(text, header, at, column.tag, shape);
          header.end = columns.next[at + 1] ?? header.end;
          return header;
        }
        layout.misses++;
        break;
      }
      this.take(text, header, at, kind, shape);
      header.end = columns.next[at] ?? header.end;
    }
    if (shape.untilDash && at === shape.columns) {
      for (let i = at; i < Math.min(columns.count, at + 5); i++) {
        if (columns.kind[i] !== column.dash) continue;
        if (i > at) {
          const name = text.slice(columns.start[at], columns.end[at]);
          if (header.severity === undefined) header.process ??= name;
          else header.component ??= name;
        }
        header.end = columns.next[i] ?? header.end;
        break;
      }
    }
    return header;
  }

  /** True if a line with `kind` where `expected` is usual still has the layout's header. */
  private tolerates(text: string, at: number, kind: number, expected: number, shape: HeaderShape): boolean {
    if (expected === column.severity || expected === column.letter) {
      // Levels that nobody told us about are still one capital word.
      const start = this.columns.start[at] ?? 0;
      const first = text.charCodeAt(start);
      return kind === column.letter || kind === column.severity || (kind === column.word && first >= 65 && first <= 90);
    }
    if (expected === column.tag) return false;
    if (expected === column.dash) return at < this.columns.firstTimestamp;
    if (expected === column.timestamp) return kind === column.bracket;
    if (expected === column.bracket) return kind === column.dash || kind === column.severity;
    if (kind === column.other) return at < shape.columns - 1;
    return true;
  }

  private take(text: string, header: Header, at: number, kind: number, shape: HeaderShape): void {
    const columns = this.columns;
    if (kind === column.timestamp || kind === column.dash) {
      if (kind === column.timestamp && columns.form === 230) header.severity ??= severityOfLetter(text[columns.start[at] ?? 0] ?? '');
      return;
    }
    const raw = text.slice(columns.start[at], columns.end[at]);
    switch (kind) {
      case column.severity:
        header.severity ??= severityOfWord(bare(raw));
        return;
      case column.letter:
        header.severity ??= severityOfLetter(raw);
        return;
      case column.integer:
        if (at < columns.firstTimestamp) return;
        if (header.pid === undefined) header.pid = Number(raw.charCodeAt(0) === 35 ? raw.slice(1) : raw);
        else header.thread ??= raw;
        return;
      case column.bracket:
        takeBracket(header, raw);
        return;
      case column.tag:
        takeTag(header, raw);
        return;
      default:
        if (columns.firstTimestamp < 0 || at < columns.firstTimestamp) return;
        if (header.severity === undefined && header.host === undefined && shape.kinds[at + 1] !== column.dash) header.host = raw;
        else header.component ??= raw;
    }
  }
}

function bare(raw: string): string {
  let start = 0;
  let end = raw.length;
  if (raw.charCodeAt(end - 1) === 58) end--;
  if (raw.charCodeAt(start) === 91) {
    start++;
    end--;
  }
  return raw.slice(start, end).trim();
}

function takeBracket(header: Header, raw: string): void {
  const inside = bare(raw);
  if (inside === '' || inside === '-') return;
  if (/^\d{1,9}$/.test(inside)) {
    if (header.pid === undefined) header.pid = Number(inside);
    else header.thread ??= inside;
    return;
  }
  const request =
    /^(?:req(?:uest)?[-_]?(?:id)?[-=: ]?)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,32})\b/i.exec(inside);
  if (request !== null) header.requestId ??= inside.split(' ', 1)[0];
  else if (header.thread === undefined) header.thread = inside;
  else header.component ??= inside;
}

/** `sshd(pam_unix)[12]:`, `kernel:`, `org.example.Main:`. */
function takeTag(header: Header, raw: string): void {
  let name = raw.endsWith(':') ? raw.slice(0, -1) : raw;
  const open = name.indexOf('[');
  if (open > 0 && name.endsWith(']')) {
    const pid = name.slice(open + 1, -1);
    if (/^\d{1,9}$/.test(pid)) header.pid = Number(pid);
    name = name.slice(0, open);
  }
  if (header.severity !== undefined) header.component ??= name;
  else header.process ??= name;
}

/** Fills in what a timestamp leaves out from the time the line was read; undefined where that is unknown too. */
function resolveTime(stamp: TimestampScan, nowMs: number | undefined): number | undefined {
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
