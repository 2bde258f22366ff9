// The talk with a model about one incident: its turns and what it has cost.
// Must never mix incidents, or keep a talk that has ended.
import type { Turn } from './model.ts';

export interface Usage {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly durationMs: number;
  readonly costUsd: number;
}

export interface Session {
  readonly turns: readonly Turn[];
  readonly usage: Usage;
}

const nothing: Session = { turns: [], usage: { requests: 0, inputTokens: 0, outputTokens: 0, durationMs: 0, costUsd: 0 } };

/** Sessions kept; the one that was not used for longest goes first. */
const mostSessions = 500;

export class Sessions {
  readonly #byIncident = new Map<string, Session>();

  get(incidentId: string): Session {
    return this.#byIncident.get(incidentId) ?? nothing;
  }

  /** Adds an exchange; the turns become those given, the usage grows. */
  record(incidentId: string, turns: readonly Turn[], usage: Usage): void {
    const before = this.get(incidentId).usage;
    this.#byIncident.delete(incidentId);
    this.#byIncident.set(incidentId, {
      turns,
      usage: {
        requests: before.requests + usage.requests,
        inputTokens: before.inputTokens + usage.inputTokens,
        outputTokens: before.outputTokens + usage.outputTokens,
        durationMs: before.durationMs + usage.durationMs,
        costUsd: before.costUsd + usage.costUsd,
      },
    });
    const oldest = this.#byIncident.keys().next().value;
    if (this.#byIncident.size > mostSessions && oldest !== undefined) this.#byIncident.delete(oldest);
  }

  /** Begins the talk anew; what it has cost so far is kept. */
  restart(incidentId: string): void {
    const session = this.#byIncident.get(incidentId);
    if (session !== undefined) this.#byIncident.set(incidentId, { ...session, turns: [] });
  }

  end(incidentId: string): void {
    this.#byIncident.delete(incidentId);
  }
}
