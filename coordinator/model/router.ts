// Which models are asked about a problem, in which order, and why: by privacy first, then by difficulty and cost.
// Must never let a hosted model see what only in-house ones may, or leave a model out without saying why.

/** What the router knows of a model. */
export interface RoutedModel {
  /** In the configuration. */
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly isInHouse: boolean;
  readonly skill: 'small' | 'strong';
  /** US dollars for a million tokens, as prompts and answers mix. */
  readonly usd: number;
  /** Why it can't be used at all; undefined if it can. */
  readonly problem: string | undefined;
}

export interface RouteRequest {
  /** Why only in-house models may see the problem; undefined if any may. */
  readonly localOnly: string | undefined;
  readonly difficulty: { readonly level: 'plain' | 'hard'; readonly reason: string };
}

export type RoutePreference = 'difficulty' | 'cost' | 'order';

/** What became of a model for one proposal. */
export interface ModelChoice {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  /** `waiting`: not needed so far. */
  readonly verdict: 'used' | 'failed' | 'refused' | 'waiting';
  readonly reason: string;
}

export interface Route {
  /** Names, best first. */
  readonly order: readonly string[];
  /** All models; those of `order` wait. */
  readonly choices: readonly ModelChoice[];
}

export function planRoute(models: readonly RoutedModel[], request: RouteRequest, prefer: RoutePreference): Route {
  const allowed = models.filter((model) => refusalOf(model, request) === undefined);
  const isHard = prefer === 'difficulty' && request.difficulty.level === 'hard';
  const sorted =
    prefer === 'order' ? allowed : allowed.toSorted((left, right) => (isHard ? rankOf(left) - rankOf(right) : 0) || left.usd - right.usd);
  const choices = [...sorted, ...models.filter((model) => !sorted.includes(model))].map((model): ModelChoice => {
    const { name, provider, model: called } = model;
    const refusal = refusalOf(model, request);
    if (refusal !== undefined) return { name, provider, model: called, verdict: 'refused', reason: refusal };
    return { name, provider, model: called, verdict: 'waiting', reason: explainPlace(model, sorted, request, prefer) };
  });
  return { order: sorted.map(({ name }) => name), choices };
}

function refusalOf({ isInHouse, problem }: RoutedModel, { localOnly }: RouteRequest): string | undefined {
  if (localOnly !== undefined && !isInHouse) return `it is hosted, and ${localOnly}`;
  return problem;
}

function rankOf({ skill }: RoutedModel): number {
  return skill === 'strong' ? 0 : 1;
}

function explainPlace(model: RoutedModel, sorted: readonly RoutedModel[], { difficulty }: RouteRequest, prefer: RoutePreference): string {
  const place = sorted.indexOf(model) + 1;
  if (sorted.length === 1) return 'the only model that may be asked';
  const cost = model.usd === 0 ? 'costs nothing' : `costs about ${Number(model.usd.toPrecision(2))} USD a million tokens`;
  const which = `${place} of ${sorted.length}`;
  if (prefer === 'order') return `${which} in the configured order`;
  if (prefer === 'cost' || difficulty.level === 'plain')
    return `${which} by cost: it ${cost}${prefer === 'cost' ? '' : `; the problem is plain (${difficulty.reason})`}`;
  return `${which} for a hard problem (${difficulty.reason}): ${model.skill}, and it ${cost}`;
}
