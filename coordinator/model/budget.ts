// Tokens that may be spent on an incident and in a day. What an answer may cost at most is set aside before it is asked for.
// Must never let two answers under way overshoot together.
import type { Clock } from '../../base/clock.ts';
import { ModelError } from './model.ts';

export interface BudgetLimits {
  readonly tokensPerIncident: number;
  readonly tokensPerDay: number;
}

export interface Reservation {
  /** Gives back what was not used. Call it once, also after a failure. */
  settle(usedTokens: number): void;
}

const dayMs = 86_400_000;

export class TokenBudget {
  readonly #limits: BudgetLimits;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #byIncident = new Map<string, number>();
  #day = -1;
  #spentToday = 0;

  constructor(limits: BudgetLimits, clock: Pick<Clock, 'now'>) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** @throws ModelError `budget` if `tokens` more could overshoot. */
  reserve(incidentId: string, tokens: number): Reservation {
    const day = Math.floor(this.#clock.now() / dayMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#spentToday = 0;
    }
    const spent = this.#byIncident.get(incidentId) ?? 0;
    const { tokensPerIncident, tokensPerDay } = this.#limits;
    if (spent + tokens > tokensPerIncident)
      throw new ModelError(
        'budget',
        `the incident's budget of ${tokensPerIncident} tokens would be overshot (${spent} spent, ${tokens} needed at most); raise model.budget.tokensPerIncident`,
      );
    if (this.#spentToday + tokens > tokensPerDay)
      throw new ModelError(
        'budget',
        `today's budget of ${tokensPerDay} tokens would be overshot (${this.#spentToday} spent, ${tokens} needed at most); raise model.budget.tokensPerDay or wait for tomorrow (UTC)`,
      );
    this.#byIncident.set(incidentId, spent + tokens);
    this.#spentToday += tokens;
    let isSettled = false;
    return {
      settle: (usedTokens) => {
        if (isSettled) return;
        isSettled = true;
        // A server that reports more than was set aside is believed: the money is gone.
        const surplus = tokens - usedTokens;
        this.#byIncident.set(incidentId, (this.#byIncident.get(incidentId) ?? 0) - surplus);
        if (this.#day === day) this.#spentToday -= surplus;
      },
    };
  }

  /** Forgets an incident that is done with. */
  release(incidentId: string): void {
    this.#byIncident.delete(incidentId);
  }
}
