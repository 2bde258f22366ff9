// What models may spend, on an incident, a repository and in a day: set aside before each attempt, kept across restarts.
// Must never let attempts under way overshoot together, or give back what a crash left open.
import type { Clock } from '../../base/clock.ts';
import { createUlid } from '../../base/ulid.ts';
import { ModelError, mostTokens, type Account, type CompletionRequest } from './model.ts';

export interface BudgetLimits {
  readonly tokensPerIncident: number;
  readonly tokensPerRepositoryPerDay: number;
  readonly tokensPerDay: number;
  readonly usdPerDay?: number | undefined;
}

/** What was spent or is set aside. */
export interface Spent {
  readonly incidentTokens: number;
  readonly repositoryTokens: number;
  readonly dayTokens: number;
  readonly dayUsd: number;
}

/** One attempt at an answer. */
export interface ModelRequest {
  readonly id: string;
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly atMs: number;
  readonly account: Account;
  /** Name in the configuration. */
  readonly endpoint: string;
  readonly provider: string;
  readonly model: string;
  /** Set aside: what the attempt can cost at most. */
  readonly tokens: number;
  readonly usd: number;
}

export interface Settlement {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
  readonly durationMs: number;
  /** `answered`, or why not. */
  readonly outcome: string;
  /** What was sent and came back, redacted and bounded; undefined where none is kept. */
  readonly transcript: string | undefined;
}

/** Keeps every attempt; implemented by the store. */
export interface ModelRequestStore {
  /** Asks and writes as one: nobody else's request comes between. Throws what `allow` throws, and writes nothing then. */
  open(request: ModelRequest, allow: (spent: Spent) => void): Promise<void>;
  settle(id: string, settlement: Settlement): Promise<void>;
  spent(incidentId: string, repository: string, day: number): Promise<Spent>;
}

export interface Reservation {
  settle(settlement: Settlement): Promise<void>;
}

export interface Price {
  readonly inputUsd: number;
  readonly outputUsd: number;
}

const dayMs = 86_400_000;
const nobody: Account = { incidentId: '', repository: '', purpose: 'canary' };

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

export function usdOf(price: Price, inputTokens: number, outputTokens: number): number {
  return (inputTokens * price.inputUsd + outputTokens * price.outputUsd) / 1_000_000;
}

export class ModelLedger {
  readonly #limits: BudgetLimits;
  readonly #store: ModelRequestStore;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(options: { readonly limits: BudgetLimits; readonly store: ModelRequestStore; readonly clock: Pick<Clock, 'now'> }) {
    this.#limits = options.limits;
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** @throws ModelError `budget` if the most that the attempt can cost could overshoot; nothing is asked then. */
  async reserve(
    request: Omit<CompletionRequest, 'temperature' | 'signal'>,
    by: { readonly endpoint: string; readonly provider: string; readonly model: string; readonly price: Price },
  ): Promise<Reservation> {
    const atMs = this.#clock.now();
    // Ollama is told the context's size and keeps to it.
    const tokens = mostTokens(request, by.provider === 'ollama');
    const usd = usdOf(by.price, Math.max(0, tokens - request.maxOutputTokens), request.maxOutputTokens);
    const account = request.account ?? nobody;
    const { endpoint, provider, model } = by;
    const opened: ModelRequest = { id: createUlid(atMs), day: dayOf(atMs), atMs, account, endpoint, provider, model, tokens, usd };
    await this.#store.open(opened, (spent) => explainRefusal(this.#limits, opened, spent));
    let isSettled = false;
    return {
      settle: async (settlement) => {
        if (isSettled) return;
        isSettled = true;
        await this.#store.settle(opened.id, settlement);
      },
    };
  }

  /** What is left for an incident, in tokens. */
  async left(account: Pick<Account, 'incidentId' | 'repository'>): Promise<number> {
    const spent = await this.#store.spent(account.incidentId, account.repository, dayOf(this.#clock.now()));
    const { tokensPerIncident, tokensPerRepositoryPerDay, tokensPerDay } = this.#limits;
    return Math.max(
      0,
      Math.min(
        tokensPerIncident - spent.incidentTokens,
        tokensPerRepositoryPerDay - spent.repositoryTokens,
        tokensPerDay - spent.dayTokens,
      ),
    );
  }
}

function explainRefusal(limits: BudgetLimits, { account, tokens, usd }: ModelRequest, spent: Spent): void {
  const refuse = (whose: string, limit: number, used: number, setting: string, hint: string): never => {
    throw new ModelError(
      'budget',
      `${whose} of ${limit} tokens would be overshot (${used} spent or set aside, up to ${tokens} more needed); raise model.budget.${setting}${hint}`,
    );
  };
  const tomorrow = ' or wait for tomorrow (UTC)';
  if (account.incidentId !== '' && spent.incidentTokens + tokens > limits.tokensPerIncident)
    refuse("the incident's budget", limits.tokensPerIncident, spent.incidentTokens, 'tokensPerIncident', '');
  if (account.repository !== '' && spent.repositoryTokens + tokens > limits.tokensPerRepositoryPerDay) {
    const whose = `today's budget of repository ${account.repository}`;
    refuse(whose, limits.tokensPerRepositoryPerDay, spent.repositoryTokens, 'tokensPerRepositoryPerDay', tomorrow);
  }
  if (spent.dayTokens + tokens > limits.tokensPerDay)
    refuse("today's budget", limits.tokensPerDay, spent.dayTokens, 'tokensPerDay', tomorrow);
  if (limits.usdPerDay !== undefined && usd > 0 && spent.dayUsd + usd > limits.usdPerDay) {
    throw new ModelError(
      'budget',
      `today's budget of ${limits.usdPerDay} USD would be overshot (${spent.dayUsd.toFixed(2)} spent or set aside, up to ${usd.toFixed(2)} more needed); raise model.budget.usdPerDay${tomorrow}`,
    );
  }
}
