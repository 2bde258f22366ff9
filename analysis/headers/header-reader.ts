// Reading the header of one source's lines: applies the learnt layouts and keeps learning as they change.
// Must never know a system by name, read a clock, or keep more than a fixed number of layouts.
import { severityOfLetter, severityOfWord } from '../severity.ts';
import { column, type Columns, maxColumns } from './columns.ts';
import { noHeader, requestOf, resolveTime, takeBracket, takeLevel, takeTag, type Header } from './header.ts';
import { Layout, learningLines, type HeaderShape } from './layout.ts';
import { isUpper } from './timestamp-names.ts';

/** Different layouts remembered for a source; a source with more is read by the last ones learnt. */
const maxLayouts = 16;

/** Lines after which a layout's misses are judged, and the share of misses that makes it be learnt anew. */
const judgedLines = 128;
const tolerableMisses = 40;

/** Characters of an early line that are kept until its layout is known. */
const keptChars = 2048;

/** Lines after which the early lines of a layout are read again, with what was learnt since. */
const rereadAt: readonly number[] = [8, 24, learningLines];

/** A line read while its layout was still being learnt. */
export interface EarlyLine {
  readonly text: string;
  /** Where its header was thought to end. */
  end: number;
  /** The template that its message got; set by the caller. */
  templateId: string | undefined;
}

/** An early line that is understood anew. */
export interface Reread {
  readonly line: EarlyLine;
  /** The template it had. */
  readonly templateId: string;
  /** Its message, as it is read now. */
  readonly message: string;
}

/** Where a header shape is kept between runs. */
export interface HeaderSnapshot {
  readonly layouts: readonly { readonly key: number; readonly shape: HeaderShape }[];
}

export class HeaderReader {
  private layouts = new Map<number, Layout>();
  /** Columns worth cutting of lines whose layout is known. */
  private limit = maxColumns;
  private readonly early = new Map<number, EarlyLine[]>();
  /** The last line read, if its layout is still being learnt. */
  lastEarly: EarlyLine | undefined = undefined;
  /** True if the last line showed that its layout no longer holds, or that another one took its place. */
  changed = false;

  private readonly columns: Columns;
  private lines = 0;

  /** `columns` may be shared by the readers of many sources. */
  constructor(columns: Columns) {
    this.columns = columns;
  }

  /** Reads the header of `text`. `nowMs` (when the line was read) gives the year and date that a timestamp leaves out. */
  read(text: string, nowMs: number | undefined): Header {
    const columns = this.columns;
    columns.scan(text, this.limit);
    let key = keyOf(columns);
    let layout = this.layouts.get(key);
    if (layout?.fixed !== true && this.limit < maxColumns) {
      // Only what is known needs no look at the rest of the line.
      columns.scan(text, maxColumns);
      key = keyOf(columns);
      layout = this.layouts.get(key);
    }
    layout ??= this.add(key);
    layout.lastAt = ++this.lines;
    this.lastEarly = undefined;
    this.changed = false;
    const learning = !layout.fixed;
    if (learning) {
      layout.learn(columns, text);
      if (layout.fixed) {
        this.measure();
        this.changed = this.tookPlace(layout);
      }
    }
    const header = this.apply(text, layout, nowMs);
    if (learning) this.keepEarly(key, text, header.end);
    else if (layout.lines++ % judgedLines === 0) {
      if (layout.misses > tolerableMisses) {
        this.changed = true;
        this.layouts.delete(key);
        this.early.delete(key);
        this.measure();
      }
      layout.misses = 0;
    }
    return header;
  }

  /**
   * Early lines whose header turns out to end elsewhere than was thought, each with its message as it is understood now.
   * Empty unless the last line read completed a stage of learning.
   */
  reread(): readonly Reread[] {
    if (this.lastEarly === undefined) return [];
    const { columns } = this;
    const key = keyOf(columns);
    const layout = this.layouts.get(key);
    const lines = this.early.get(key);
    if (layout === undefined || lines === undefined || !rereadAt.includes(lines.length)) return [];
    const changed: Reread[] = [];
    const { misses } = layout;
    for (const line of lines) {
      columns.scan(line.text, maxColumns);
      const { end } = this.apply(line.text, layout, undefined);
      if (end === line.end || line.templateId === undefined) continue;
      line.end = end;
      changed.push({ line, templateId: line.templateId, message: line.text.slice(end) });
    }
    layout.misses = misses;
    if (layout.fixed) this.early.delete(key);
    return changed;
  }

  private keepEarly(key: number, text: string, end: number): void {
    this.lastEarly = { text: text.length > keptChars ? text.slice(0, keptChars) : text, end, templateId: undefined };
    const lines = this.early.get(key);
    if (lines === undefined) this.early.set(key, [this.lastEarly]);
    else lines.push(this.lastEarly);
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
      if (oldest !== undefined) {
        this.layouts.delete(oldest);
        this.early.delete(oldest);
      }
    }
    const layout = new Layout();
    layout.firstAt = this.lines + 1;
    this.layouts.set(key, layout);
    return layout;
  }

  /** Whether every other layout that was known came to its end before this one began; two that take turns don't disturb each other. */
  private tookPlace(layout: Layout): boolean {
    let others = 0;
    for (const other of this.layouts.values()) {
      if (other === layout || !other.fixed) continue;
      if (other.lastAt > layout.firstAt) return false;
      others++;
    }
    return others > 0;
  }

  private measure(): void {
    let limit = 4;
    for (const { fixed, shape } of this.layouts.values()) {
      if (fixed) limit = Math.max(limit, shape.columns + (shape.untilDash ? 5 : shape.tagged ? 2 : 0));
    }
    this.limit = Math.min(limit, maxColumns);
  }

  private apply(text: string, layout: Layout, nowMs: number | undefined): Header {
    const columns = this.columns;
    const { shape } = layout;
    const header: Header = { ...noHeader };
    if (columns.firstTimestamp >= 0 && columns.firstTimestamp < shape.columns) header.timeMs = resolveTime(columns.timestamp, nowMs);
    const count = Math.min(shape.columns, columns.count);
    if (columns.metaFrom >= 0 && count > columns.firstTimestamp) {
      header.requestId = requestOf(text.slice(columns.metaFrom, columns.metaTo));
    }
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
        // A name that not every line has, before the level: `[12] app@shop LOG:` beside `[12] LOG:`, or `Fatal error:`.
        if (expected === column.severity && columns.kind[at + 1] === column.severity && at + 1 < columns.count) {
          header.severity ??= severityOfWord(text.slice(columns.start[at], columns.end[at]));
          this.take(text, header, at + 1, column.severity, shape);
          this.take(text, header, at, kind, shape);
          header.end = columns.next[at + 1] ?? header.end;
          continue;
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
      return (
        kind === column.letter ||
        kind === column.severity ||
        kind === column.bracket ||
        kind === column.tag ||
        (kind === column.word && first >= 65 && first <= 90 && isUpper(text, start + 1))
      );
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
      // glog and klog write the level before the date, `I0131 …`.
      const start = columns.start[at] ?? 0;
      const second = text.charCodeAt(start + 1);
      if (kind === column.timestamp && second >= 48 && second <= 57) header.severity ??= severityOfLetter(text[start] ?? '');
      return;
    }
    const raw = text.slice(columns.start[at], columns.end[at]);
    switch (kind) {
      case column.severity:
        takeLevel(header, raw);
        return;
      case column.letter:
        header.severity ??= severityOfLetter(raw);
        return;
      case column.integer:
        if (at < columns.firstTimestamp) return;
        if (raw.length > 7 && !/^[#\d]\d*$/.test(raw)) header.thread ??= raw;
        else if (header.pid === undefined) header.pid = Number.parseInt(raw.charCodeAt(0) === 35 ? raw.slice(1) : raw, 10);
        else header.thread ??= raw;
        return;
      case column.bracket:
        takeBracket(header, raw);
        return;
      case column.tag:
        takeTag(header, raw);
        return;
      default:
        if (columns.firstTimestamp < 0) return;
        if (at < columns.firstTimestamp) {
          header.lead ??= raw;
          return;
        }
        if (header.severity === undefined && header.host === undefined && shape.kinds[at + 1] !== column.dash && columns.piped[at] !== true)
          header.host = raw;
        else header.component ??= raw;
    }
  }
}

/** Lines whose timestamps stand in the same column and are written alike share a layout. */
function keyOf(columns: Columns): number {
  return columns.firstTimestamp < 0 ? -1 : columns.firstTimestamp * 1000 + columns.form;
}
