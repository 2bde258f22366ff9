// What a source's header looks like: how many leading columns are header, learnt from statistics over its first lines.
// Must never read a line into a record (header-reader.ts does) and never know a system by name.
import { column, columnKinds, maxColumns, type Columns } from './columns.ts';

/** Lines looked at before a layout is fixed. */
export const learningLines = 64;

/** Different values remembered for a column while it is learnt. */
const maxValues = 24;

/** Columns between two times of one header, and between a time and its level, at most. */
const farthestStamp = 4;
const farthestLevel = 5;

interface ColumnCounts {
  lines: number;
  readonly kinds: Int32Array;
  padded: number;
  piped: number;
  readonly values: Set<string>;
}

/** Where the header ends. */
export interface HeaderShape {
  /** Columns that always belong to it. */
  readonly columns: number;
  /** Kinds expected there, for the check that a line fits. */
  readonly kinds: readonly number[];
  /** True where a tag (`sshd[12]:`) may end the header though its column varies by one. */
  readonly tagged: boolean;
  /** True where the header goes on to the first lone dash after its last fixed column. */
  readonly untilDash: boolean;
}

const emptyShape: HeaderShape = { columns: 0, kinds: [], tagged: false, untilDash: false };

/** Column statistics of the lines of one source that share the place and form of their timestamp. */
export class Layout {
  lines = 0;
  misses = 0;
  /** Ordinals among the source's lines of the first and the last one of this layout. */
  firstAt = 0;
  lastAt = 0;
  shape: HeaderShape = emptyShape;
  fixed = false;
  private counts: ColumnCounts[] = [];
  private dashed = 0;
  /** The kernel's own buffer names no host: `[12.345678] usb 1-1: reset`. */
  private kernel = false;

  /** Adds one line's columns and works the shape out anew. */
  learn(columns: Columns, text: string): void {
    this.lines++;
    this.kernel = columns.firstTimestamp >= 0 && columns.timestamp.kind === 'uptime';
    for (let i = 0; i < columns.count; i++) {
      const counts = (this.counts[i] ??= {
        lines: 0,
        kinds: new Int32Array(columnKinds),
        padded: 0,
        piped: 0,
        values: new Set(),
      });
      counts.lines++;
      const kind = columns.kind[i] ?? column.other;
      counts.kinds[kind] = (counts.kinds[kind] ?? 0) + 1;
      if (columns.padded[i] === true) counts.padded++;
      if (columns.piped[i] === true) counts.piped++;
      if (counts.values.size < maxValues) counts.values.add(text.slice(columns.start[i], columns.end[i]));
    }
    const from = columns.firstTimestamp + 1;
    // A dash farther on stands for a value that is missing, unless a level came before it.
    const reach = columns.kind.indexOf(column.severity, from) >= 0 && columns.kind.indexOf(column.severity, from) < columns.count ? 5 : 3;
    for (let i = from; i < Math.min(columns.count, from + reach); i++) {
      if (columns.kind[i] === column.dash) {
        this.dashed++;
        break;
      }
    }
    this.shape = this.work();
    if (this.lines >= learningLines) {
      this.fixed = true;
      this.counts = [];
    }
  }

  private share(index: number, ...kinds: readonly number[]): number {
    const counts = this.counts[index];
    if (counts === undefined) return 0;
    let sum = 0;
    for (const kind of kinds) sum += counts.kinds[kind] ?? 0;
    return sum / this.lines;
  }

  private work(): HeaderShape {
    const anchor = this.anchor();
    let columns = anchor + 1;
    let tagged = false;
    if (anchor >= 0) {
      for (;;) {
        const grown = this.grow(columns, anchor, tagged);
        if (grown.columns === columns) break;
        columns = grown.columns;
        tagged ||= grown.tagged;
      }
      // A header that leaves no message to most lines took the message for a column.
      if ((this.counts[columns]?.lines ?? 0) / this.lines < 0.5) {
        columns = anchor + 1;
        tagged = false;
      }
    }
    const kinds: number[] = [];
    for (let i = 0; i < columns; i++) kinds.push(i === anchor && this.namedLevel(i) ? column.severity : this.usualKind(i));
    const untilDash = anchor >= 0 && !tagged && !kinds.slice(anchor + 1).includes(column.dash) && this.dashed / this.lines >= 0.9;
    return { columns, kinds, tagged, untilDash };
  }

  /** The last column that says when or how grave: the header reaches at least there. -1 if there is none. */
  private anchor(): number {
    let anchor = -1;
    let leveled = false;
    for (let i = 0; i < maxColumns; i++) {
      const stamp = this.share(i, column.timestamp);
      if (stamp >= 0.9) {
        // Header in header: a collector's time, then the program's own. Farther on it is the message that tells a time.
        if (anchor < 0 || i - anchor <= farthestStamp) {
          anchor = i;
          leveled = false;
        }
        continue;
      }
      if (leveled || i - anchor > (anchor < 0 ? 2 : farthestLevel)) continue;
      if (this.share(i, column.severity) + stamp >= 0.9 || this.mixedLevel(i) || this.letterColumn(i)) {
        anchor = i;
        leveled = true;
      }
    }
    return anchor;
  }

  /** True for a column of levels among which some are unknown words: `[noti]`, `STATEMENT:`. */
  private mixedLevel(index: number): boolean {
    const level = this.share(index, column.severity);
    if (level >= 0.4 && level + Math.max(this.share(index, column.bracket), this.share(index, column.tag)) >= 0.9) return true;
    return this.namedLevel(index);
  }

  /** True for a column of levels that come one later where a name stands before them that not every line has. */
  private namedLevel(index: number): boolean {
    const level = this.share(index, column.severity);
    // `[12] app@shop LOG:` beside `[12] LOG:`.
    const later = this.share(index + 1, column.severity);
    return level >= 0.1 && later >= 0.1 && level + later + this.share(index, column.tag) + this.share(index + 1, column.tag) >= 0.9;
  }

  /** One-letter levels stand alone in a column of nothing else. */
  private letterColumn(index: number): boolean {
    const counts = this.counts[index];
    return this.share(index, column.letter) >= 0.98 && index > 0 && counts !== undefined && (this.lines < 4 || counts.values.size <= 7);
  }

  /** One step beyond column `at`: a marked column, or unmarked ones that lead to a marked one. */
  private grow(at: number, anchor: number, tagged: boolean): { columns: number; tagged: boolean } {
    const stay = { columns: at, tagged: false };
    // A name such as `[config]` may look like a level.
    const brackets = this.share(at, column.bracket);
    if (brackets >= 0.5 && brackets + this.share(at, column.severity) >= 0.95) return { columns: at + 1, tagged: false };
    // A dash ends the header, but for a bracket behind it (Spring's `--- [main] o.s.Boot : `).
    const dashBefore = at > anchor + 1 && this.share(at - 1, column.dash) >= 0.9;
    if (this.share(at, column.dash) >= 0.9) return { columns: at + 1, tagged: false };
    if (dashBefore) return stay;
    if (this.dashBetween(anchor, at) && this.share(at + 1, column.dash) >= 0.9 && this.bridged(at, at + 1)) {
      return { columns: at + 2, tagged: false };
    }
    if (tagged) return stay;
    // Behind a level the next name is the logger's; behind a time there may be a host first.
    const leveled = this.share(anchor, column.severity, column.letter) >= 0.9;
    const reach = leveled || (this.kernel && !(this.counts[at]?.values.size === 1 && this.lines >= 4)) ? 0 : 1;
    for (let ahead = 0; ahead <= reach; ahead++) {
      const tags = this.share(at + ahead, column.tag);
      // `Google Chrome[44]:` ends one column later than `kernel[0]:`.
      const enough = tags >= 0.7 || (tags >= 0.5 && tags + this.share(at + ahead + 1, column.tag) >= 0.95);
      if (enough && this.bridged(at, at + ahead)) return { columns: at + ahead + 1, tagged: true };
    }
    if (this.share(at + 1, column.bracket) >= 0.95 && this.bridged(at, at + 1)) return { columns: at + 2, tagged: false };
    const counts = this.counts[at];
    if (counts === undefined) return stay;
    if (this.share(at, column.integer) >= 0.98) return { columns: at + 1, tagged: false };
    if (counts.piped / this.lines >= 0.9) return { columns: at + 1, tagged: false };
    const few = counts.values.size <= Math.max(3, this.lines / 8);
    const padded = counts.padded / this.lines;
    // What always has a wide gap behind it is a column, whatever it holds.
    const aligned = padded >= 0.98 && this.lines >= 8 && this.share(at, column.word, column.identifier) >= 0.98;
    if ((padded >= 0.9 && few && this.lines >= 4) || aligned) return { columns: at + 1, tagged: false };
    return stay;
  }

  /** True if every column from `from` to `to` (without it) holds a name or a number in nearly every line. */
  private bridged(from: number, to: number): boolean {
    for (let i = from; i < to; i++) {
      if (this.share(i, column.word, column.identifier, column.integer, column.bracket, column.letter) < 0.9) return false;
    }
    return true;
  }

  private dashBetween(anchor: number, at: number): boolean {
    for (let i = anchor + 1; i < at; i++) if (this.share(i, column.dash) >= 0.9) return true;
    return false;
  }

  private usualKind(index: number): number {
    let best: number = column.other;
    let most = -1;
    const kinds = this.counts[index]?.kinds;
    for (let kind = 0; kind < columnKinds; kind++) {
      const count = kinds?.[kind] ?? 0;
      if (count > most) {
        most = count;
        best = kind;
      }
    }
    return best;
  }
}
