// The talk with a model about one incident: its turns, what it has cost, and which models were considered.
// Must never mix incidents, or keep a talk that has ended.
import type { Turn } from './model.ts';
import type { ModelChoice } from './router.ts';

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
  readonly choices: readonly ModelChoice[];
}

const nothing: Session = { turns: [], usage: { requests: 0, inputTokens: 0, outputTokens: 0, durationMs: 0, costUsd: 0 }, choices: [] };

/** Sessions kept; the one that was not used for longest goes first. */
const mostSessions = 500;

export class Sessions {
  readonly #byIncident = new Map<string, Session>();

  get(incidentId: string): Session {
    return this.#byIncident.get(incidentId) ?? nothing;
  }

  /** A new proposal begins: a new talk, which has cost nothing yet. */
  begin(incidentId: string, choices: readonly ModelChoice[]): void {
    this.#keep(incidentId, { ...nothing, choices });
  }

  /** Adds an exchange; the turns become those given, the usage grows. */
  record(incidentId: string, turns: readonly Turn[], usage: Usage): void {
    const session = this.get(incidentId);
    const before = session.usage;
    this.#keep(incidentId, {
      ...session,
      turns,
      usage: {
        requests: before.requests + usage.requests,
        inputTokens: before.inputTokens + usage.inputTokens,
        outputTokens: before.outputTokens + usage.outputTokens,
        durationMs: before.durationMs + usage.durationMs,
        costUsd: before.costUsd + usage.costUsd,
      },
    });
  }

  /** What became of a model; without a reason the one of its place in the route stays. */
  judge(incidentId: string, name: string, verdict: ModelChoice['verdict'], reason?: string): void {
    const session = this.get(incidentId);
    this.#keep(incidentId, {
      ...session,
      choices: session.choices.map((choice) => (choice.name === name ? { ...choice, verdict, reason: reason ?? choice.reason } : choice)),
    });
  }

  end(incidentId: string): void {
    this.#byIncident.delete(incidentId);
  }

  #keep(incidentId: string, session: Session): void {
    this.#byIncident.delete(incidentId);
    this.#byIncident.set(incidentId, session);
    const oldest = this.#byIncident.keys().next().value;
    if (this.#byIncident.size > mostSessions && oldest !== undefined) this.#byIncident.delete(oldest);
  }
}
