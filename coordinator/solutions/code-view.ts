// The chosen lines of a file as they are shown: numbered, in order, with what lies between them told as left out.
// Must never show a line twice.

export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** Lines chosen so far, by path. */
export class ChosenLines {
  readonly #ranges = new Map<string, readonly LineRange[]>();
  readonly #lines: ReadonlyMap<string, readonly string[]>;

  /** @param lines of each file */
  constructor(lines: ReadonlyMap<string, readonly string[]>) {
    this.#lines = lines;
  }

  /** Characters that a range would add, its numbers included; 0 if all of it is chosen. */
  costOf(path: string, range: LineRange): number {
    const lines = this.#lines.get(path) ?? [];
    const known = this.#ranges.get(path) ?? [];
    let cost = known.length === 0 ? path.length + 40 : 0;
    let added = 0;
    for (let line = range.start; line <= range.end; line += 1) {
      if (known.some(({ start, end }) => start <= line && line <= end)) continue;
      added += (lines[line - 1]?.length ?? 0) + numberWidth(lines.length) + 4;
    }
    if (added === 0) return 0;
    cost += added + 24;
    return cost;
  }

  add(path: string, range: LineRange): void {
    const sorted = [...(this.#ranges.get(path) ?? []), range].toSorted((a, b) => a.start - b.start);
    const merged: LineRange[] = [];
    for (const next of sorted) {
      const last = merged.at(-1);
      // A gap of a line or two costs less than telling of it.
      if (last !== undefined && next.start <= last.end + 3)
        merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, next.end) };
      else merged.push(next);
    }
    this.#ranges.set(path, merged);
  }

  paths(): readonly string[] {
    return [...this.#ranges.keys()];
  }

  rangesOf(path: string): readonly LineRange[] {
    return this.#ranges.get(path) ?? [];
  }

  isWhole(path: string): boolean {
    const [first, second] = this.rangesOf(path);
    const count = this.#lines.get(path)?.length ?? 0;
    return first !== undefined && second === undefined && first.start === 1 && first.end >= count;
  }

  show(path: string): string {
    const lines = this.#lines.get(path) ?? [];
    const width = numberWidth(lines.length);
    let next = 1;
    const parts: string[] = [];
    for (const { start, end } of this.rangesOf(path)) {
      if (start > next) parts.push(`[… lines ${next}-${start - 1} left out]`);
      for (let line = start; line <= end; line += 1)
        parts.push(`${String(line).padStart(width)} | ${(lines[line - 1] ?? '').replace(/\r$/, '')}`);
      next = end + 1;
    }
    if (next <= lines.length) parts.push(`[… lines ${next}-${lines.length} left out]`);
    return parts.join('\n');
  }
}

function numberWidth(lines: number): number {
  return String(lines).length;
}
