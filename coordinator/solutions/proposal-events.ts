// Tells watchers of every change of a proposal, in this process.
// Must never hold up the work: a watcher that doesn't read loses its oldest news, not the pipeline's time.
import type { SolutionProposal } from './proposal.ts';

export interface ProposalChange {
  readonly proposal: SolutionProposal;
  /** In a few words: `rung passed: tests`. */
  readonly event: string;
}

export interface ProposalEvents {
  emit(change: ProposalChange): void;
  /** Changes from now on; ends when the signal aborts. */
  watch(incidentId: string | undefined, signal: AbortSignal): AsyncIterable<ProposalChange>;
}

/** Changes kept for a watcher that is slow. */
const mostWaiting = 256;

interface Watcher {
  readonly incidentId: string | undefined;
  readonly waiting: ProposalChange[];
  wake: () => void;
}

export function createProposalEvents(): ProposalEvents {
  const watchers = new Set<Watcher>();
  return {
    emit(change) {
      for (const watcher of watchers) {
        if (watcher.incidentId !== undefined && watcher.incidentId !== change.proposal.incidentId) continue;
        watcher.waiting.push(change);
        if (watcher.waiting.length > mostWaiting) watcher.waiting.shift();
        watcher.wake();
      }
    },
    watch(incidentId, signal) {
      // Registered at once, not at the first read, so that nothing in between is missed.
      const watcher: Watcher = { incidentId, waiting: [], wake: () => undefined };
      watchers.add(watcher);
      signal.addEventListener('abort', () => watcher.wake(), { once: true });
      return follow(watcher, signal, () => watchers.delete(watcher));
    },
  };
}

async function* follow(watcher: Watcher, signal: AbortSignal, end: () => void): AsyncGenerator<ProposalChange> {
  try {
    while (!signal.aborted) {
      const change = watcher.waiting.shift();
      if (change !== undefined) {
        yield change;
        continue;
      }
      await new Promise<void>((resolve) => {
        watcher.wake = resolve;
        if (signal.aborted || watcher.waiting.length > 0) resolve();
      });
    }
  } finally {
    end();
  }
}
