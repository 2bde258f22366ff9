// When a file had which size, so that the age of its oldest unread byte is known.
// Must never grow without bound: a file that is far behind is remembered in fewer steps.

const mostSteps = 64;

interface Step {
  readonly size: number;
  readonly atMs: number;
}

/** Sizes of one file in rising order, and when each was first seen. */
export class GrowthHistory {
  #steps: Step[] = [];

  /** The file was first seen with this size now. */
  grew(size: number, atMs: number): void {
    // Every other step goes, so that old bytes keep their age and the steps between get coarser.
    if (this.#steps.length >= mostSteps) this.#steps = this.#steps.filter((_step, index) => index % 2 === 0);
    this.#steps.push({ size, atMs });
  }

  /** Everything up to `offset` is read. */
  drop(offset: number): void {
    const keep = this.#steps.findIndex((step) => step.size > offset);
    if (keep !== 0) this.#steps = keep < 0 ? [] : this.#steps.slice(keep);
  }

  /** When the file first reached beyond `offset`; undefined if it never did. */
  firstBeyond(offset: number): number | undefined {
    return this.#steps.find((step) => step.size > offset)?.atMs;
  }
}
