// Whether everything is shipped or problems and counts; loads analysis only where it is wanted.
// Must never load it for an agent that ships everything: it takes tens of megabytes.
import type { Reduction } from './reduction.ts';

export type ShippingMode = 'all' | 'problems';

export interface ReductionSwitch {
  /** Loads what the mode needs, then puts it to work. */
  put(mode: ShippingMode): Promise<void>;
  /** Undefined: everything is shipped. */
  current(): Reduction | undefined;
}

export function createReductionSwitch(monotonicMs: () => number, holdMs?: number): ReductionSwitch {
  let current: Reduction | undefined;
  return {
    current: () => current,
    async put(mode) {
      if (mode === 'all') current = undefined;
      else current ??= await load(monotonicMs, holdMs);
    },
  };
}

async function load(monotonicMs: () => number, holdMs: number | undefined): Promise<Reduction> {
  const [{ Analyzer }, { Reducer }, { Reduction: Loaded }] = await Promise.all([
    import('../../analysis/analyzer.ts'),
    import('../../analysis/reduction/reducer.ts'),
    import('./reduction.ts'),
  ]);
  // A node has its own few programs; what it doesn't remember is only told again.
  const analyzer = new Analyzer({ maxSources: 1000, miner: { maxTemplates: 5000 } });
  return new Loaded({ analyzer, reducer: new Reducer({ maxTemplates: 5000 }), monotonicMs, holdMs });
}
