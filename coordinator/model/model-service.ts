// The Model Service: which model answers, talks by incident, budgets and usage, and the built-in engine where no model does.
// Must never know repositories, edits or sandboxes: prompts come in, text goes out.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { TokenBudget } from './budget.ts';
import { runCanary, type CanaryReport } from './canary.ts';
import { ModelError, estimateTokens, type JsonSchema, type SecretReader, type TextModel, type Turn } from './model.ts';
import type { ModelConfiguration } from './model-configuration.ts';
import type { PatternCandidate, PatternEngine, PatternProblem } from './pattern-engine.ts';
import { describeSchema } from './schema-in-words.ts';
import { Sessions, type Usage } from './sessions.ts';
import { chooseTextModel } from './text-models.ts';

export interface ModelServiceOptions {
  readonly configuration: ModelConfiguration;
  readonly secrets: SecretReader;
  readonly engine: PatternEngine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Instead of what the configuration names; for tests and benchmarks. */
  readonly textModel?: TextModel | undefined;
}

export interface ModelStatus {
  /** `builtin` where no text model is used. */
  readonly provider: string;
  readonly model: string;
  readonly ready: boolean;
  /** In words: why this provider, or what is wrong and what to do. */
  readonly reason: string;
}

/** One question in the talk about an incident. */
export interface Exchange {
  readonly system: string;
  readonly prompt: string;
  readonly schema: JsonSchema | undefined;
  /** Begins a new talk; otherwise what was said before goes along. */
  readonly fresh: boolean;
  readonly onProgress?: ((characters: number) => void) | undefined;
}

export type ExchangeOutcome =
  | { readonly kind: 'answered'; readonly text: string; readonly isCut: boolean; readonly provider: string; readonly model: string }
  /** No text model is in use, or it failed in a way that asking again won't cure. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface Review {
  readonly agrees: boolean;
  readonly concerns: readonly string[];
}

const reviewSchema: JsonSchema = {
  type: 'object',
  properties: { agrees: { type: 'boolean' }, concerns: { type: 'array', items: { type: 'string' }, maxItems: 5 } },
  required: ['agrees', 'concerns'],
  additionalProperties: false,
};

export class ModelService {
  readonly #options: ModelServiceOptions;
  readonly #sessions = new Sessions();
  readonly #budget: TokenBudget;
  #model: TextModel | undefined;
  #canary: CanaryReport | undefined;
  #isChecked = false;
  #reason = 'not initialized';
  #setup: Promise<void> | undefined;

  constructor(options: ModelServiceOptions) {
    this.#options = options;
    this.#budget = new TokenBudget(options.configuration.budget, options.clock);
  }

  /** Chooses the model and reaches for it. A model that doesn't answer now is tried again when it is needed. */
  async initialize(signal: AbortSignal): Promise<ModelStatus> {
    const { configuration, secrets, logger, clock, textModel } = this.#options;
    try {
      const choice =
        textModel === undefined
          ? await chooseTextModel(configuration, secrets, { clock, logger }, signal)
          : { model: textModel, reason: 'given' };
      this.#model = choice.model;
      this.#reason = choice.reason;
      await this.#model?.probe(signal);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      this.#reason = error.message;
      logger.warn('model is not ready', { err: error });
      return this.status(false);
    }
    logger.info('model chosen', { provider: this.status(true).provider, model: this.#model?.model, reason: this.#reason });
    return this.status(true);
  }

  status(ready = this.#model === undefined || this.#isChecked || this.#canary !== undefined): ModelStatus {
    return { provider: this.#model?.provider ?? 'builtin', model: this.#model?.model ?? '', ready, reason: this.#reason };
  }

  /** Tokens that a prompt may have, so that the answer still fits. */
  promptTokens(): number {
    const { contextTokens, maxOutputTokens } = this.#options.configuration;
    return Math.min(contextTokens, this.#canary?.contextTokens ?? contextTokens) - maxOutputTokens;
  }

  /** Asks the text model, in the talk about an incident. Never throws for what a model or its server does. */
  async generateSolutionProposal(incidentId: string, exchange: Exchange, signal: AbortSignal): Promise<ExchangeOutcome> {
    const model = this.#model;
    if (model === undefined) return { kind: 'unavailable', reason: this.#reason };
    try {
      await this.#prove(model, signal);
      return await this.#ask(model, incidentId, exchange, signal);
    } catch (error) {
      if (!(error instanceof ModelError) || signal.aborted) throw error;
      this.#options.logger.warn('model gave no answer', { incidentId, provider: model.provider, reason: error.reason, err: error });
      return { kind: 'unavailable', reason: `${model.provider}: ${error.message}` };
    }
  }

  /** What the built-in engine wants to see of the repository. */
  patternKeys(problem: Pick<PatternProblem, 'type' | 'message'>): readonly string[] {
    return this.#options.engine.keysOf(problem);
  }

  /** Candidates of the built-in engine. */
  async proposeByPattern(problem: PatternProblem): Promise<readonly PatternCandidate[]> {
    return this.#options.engine.propose(problem);
  }

  /** Has the model look at a proven change once more; undefined if no model answers or it answers nonsense. */
  async validateSolutionProposal(
    incidentId: string,
    question: { system: string; prompt: string },
    signal: AbortSignal,
  ): Promise<Review | undefined> {
    const outcome = await this.generateSolutionProposal(incidentId, { ...question, schema: reviewSchema, fresh: true }, signal);
    return outcome.kind === 'answered' ? readReview(outcome.text) : undefined;
  }

  usageOf(incidentId: string): Usage {
    return this.#sessions.get(incidentId).usage;
  }

  /** Ends the talk about an incident. */
  cleanup(incidentId: string): void {
    this.#sessions.end(incidentId);
    this.#budget.release(incidentId);
  }

  /** Once for each process: the canary, shared by those who ask at the same time. */
  async #prove(model: TextModel, signal: AbortSignal): Promise<void> {
    if (this.#isChecked) return;
    this.#setup ??= (async () => {
      this.#canary = await runCanary(model, this.#options.configuration.contextTokens, signal);
      this.#isChecked = true;
      for (const finding of this.#canary.findings) this.#options.logger.warn('model is used in a weaker way', { finding });
    })();
    try {
      await this.#setup;
    } finally {
      this.#setup = undefined;
    }
  }

  async #ask(model: TextModel, incidentId: string, exchange: Exchange, signal: AbortSignal): Promise<ExchangeOutcome> {
    const { configuration, clock } = this.#options;
    const { maxOutputTokens, price } = configuration;
    const earlier = exchange.fresh ? [] : this.#sessions.get(incidentId).turns;
    const turns: readonly Turn[] = [...earlier, { role: 'user', content: exchange.prompt }];
    const inWords = exchange.schema !== undefined && this.#canary?.honoursSchema === false;
    const system = inWords && exchange.schema !== undefined ? `${exchange.system}\n\n${describeSchema(exchange.schema)}` : exchange.system;
    const estimate = estimateTokens(system + turns.map(({ content }) => content).join('\n'));
    if (estimate > this.promptTokens() * 1.15)
      throw new ModelError(
        'bad-request',
        `the prompt has about ${estimate} tokens, more than the ${this.promptTokens()} that the context leaves`,
      );
    const reservation = this.#budget.reserve(incidentId, estimate + maxOutputTokens);
    const startedMs = clock.monotonicMs();
    let used = 0;
    try {
      const completion = await model.complete({
        system,
        turns,
        schema: inWords ? undefined : exchange.schema,
        maxOutputTokens,
        contextTokens: this.promptTokens() + maxOutputTokens,
        temperature: 0,
        signal,
        onProgress: exchange.onProgress,
      });
      const inputTokens = completion.inputTokens === 0 ? estimate : completion.inputTokens;
      const outputTokens = completion.outputTokens === 0 ? estimateTokens(completion.text) : completion.outputTokens;
      used = inputTokens + outputTokens;
      const costUsd = (inputTokens * price.inputUsd + outputTokens * price.outputUsd) / 1_000_000;
      const usage = { requests: 1, inputTokens, outputTokens, durationMs: clock.monotonicMs() - startedMs, costUsd };
      this.#sessions.record(incidentId, [...turns, { role: 'assistant', content: completion.text }], usage);
      return {
        kind: 'answered',
        text: completion.text,
        isCut: completion.stopped === 'length',
        provider: model.provider,
        model: model.model,
      };
    } finally {
      reservation.settle(used);
    }
  }
}

function readReview(text: string): Review | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('agrees' in parsed) || typeof parsed.agrees !== 'boolean') return undefined;
    const concerns =
      'concerns' in parsed && Array.isArray(parsed.concerns) ? parsed.concerns.filter((item) => typeof item === 'string') : [];
    return { agrees: parsed.agrees, concerns };
  } catch {
    return undefined;
  }
}
