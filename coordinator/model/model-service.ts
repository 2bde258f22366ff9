// The Model Service: which model answers, talks by incident, budgets and usage, and the built-in engine where no model does.
// Must never know repositories, edits or sandboxes: prompts come in, text goes out.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Outbound } from '../../base/outbound.ts';
import { Endpoint, type EndpointStatus } from './endpoint.ts';
import { ModelLedger, type ModelRequestStore } from './ledger.ts';
import {
  ModelError,
  estimateTokens,
  mostTokens,
  type Completion,
  type JsonSchema,
  type SecretReader,
  type TextModel,
  type ToolCall,
  type ToolDefinition,
  type Turn,
} from './model.ts';
import { endpointsOf, type ModelConfiguration, type ModelEntry } from './model-configuration.ts';
import type { PatternCandidate, PatternEngine, PatternProblem } from './pattern-engine.ts';
import { planRoute, type ModelChoice, type RouteRequest } from './router.ts';
import { describeSchema } from './schema-in-words.ts';
import { Sessions, type Usage } from './sessions.ts';
import { withoutThoughts } from './thinking.ts';
import { openTextModel, wrapTextModel, type TextModelTools } from './text-models.ts';

export interface ModelServiceOptions {
  readonly configuration: ModelConfiguration;
  /** Several models; instead of the one in `configuration`. */
  readonly entries?: readonly ModelEntry[] | undefined;
  readonly secrets: SecretReader;
  readonly requests: ModelRequestStore;
  readonly outbound: Outbound;
  readonly engine: PatternEngine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Instead of what the configuration names; for tests and benchmarks. */
  readonly textModel?: TextModel | undefined;
}

/** Whom a question is about, and whom it is put to. */
export interface Addressee {
  readonly incidentId: string;
  /** Name of the repository, for its budget. */
  readonly repository: string;
  /** Name of the model, as the route has it. */
  readonly model: string;
}

/** One question in the talk about an incident. */
export interface Exchange {
  readonly system: string;
  /** What is said now: a question, or results of calls. */
  readonly say: readonly Turn[];
  readonly schema: JsonSchema | undefined;
  readonly purpose: string;
  /** Begins a new talk; otherwise what was said before goes along. */
  readonly fresh: boolean;
  readonly tools?: { readonly definitions: readonly ToolDefinition[]; readonly mayCall: boolean } | undefined;
  readonly onProgress?: ((characters: number) => void) | undefined;
}

export type ExchangeOutcome =
  | {
      readonly kind: 'answered';
      readonly text: string;
      readonly calls: readonly ToolCall[];
      readonly isCut: boolean;
      readonly provider: string;
      readonly model: string;
      readonly tokens: number;
      /** What was set aside for it, where no server cuts prompts. */
      readonly setAside: number;
    }
  /** The model failed in a way that asking again won't cure now. */
  | { readonly kind: 'unavailable'; readonly reason: string };

const builtin = 'builtin';
/** A prompt of more tokens than this that was counted as less than this share of its estimate may have been cut. */
const leastSuspected = 2_000;
const leastSeen = 0.4;

export class ModelService {
  readonly #options: ModelServiceOptions;
  readonly #sessions = new Sessions();
  readonly #ledger: ModelLedger;
  readonly #endpoints: readonly Endpoint[];
  readonly #ending = new AbortController();

  constructor(options: ModelServiceOptions) {
    const { configuration, entries = [], clock, logger, textModel, secrets, outbound } = options;
    this.#options = options;
    this.#ledger = new ModelLedger({ limits: configuration.budget, store: options.requests, clock });
    const keepsTranscripts = configuration.transcripts.keepDays > 0 && configuration.transcripts.maxBytes > 0;
    const tools: TextModelTools = { secrets, outbound, ledger: this.#ledger, keepsTranscripts, clock, logger };
    const configured = endpointsOf(configuration, entries);
    const given = textModel === undefined ? configured : [{ ...configuration, name: textModel.provider, privacy: 'in-house' as const }];
    this.#endpoints = given.map(
      (endpoint) =>
        new Endpoint(endpoint, {
          open: async (one, signal) => (textModel === undefined ? openTextModel(one, tools, signal) : wrapTextModel(textModel, one, tools)),
          clock,
          logger,
          lifetime: this.#ending.signal,
        }),
    );
  }

  /**
   * Runs the canary of each model. One that doesn't answer now is asked again when it is needed.
   * @returns how each is
   */
  async initialize(signal: AbortSignal): Promise<readonly EndpointStatus[]> {
    return Promise.all(this.#endpoints.map((endpoint) => endpoint.check(signal)));
  }

  /** Every configured model; empty where patterns alone are wanted. */
  statuses(): readonly EndpointStatus[] {
    return this.#endpoints.map((endpoint) => endpoint.status());
  }

  /** Who answers, for people: the models in their order, the engine where there is none. */
  describe(): string {
    // Nobody asked for a local Ollama that isn't there.
    const wanted = this.statuses().filter(({ provider, state }) => provider !== 'auto' || state !== 'failed');
    const names = wanted.map(
      ({ name, model, state }) => `${name}${model === '' ? '' : ` ${model}`}${state === 'failed' ? ' (not ready)' : ''}`,
    );
    return names.length === 0 ? builtin : [...names, builtin].join(', then ');
  }

  /** Begins a proposal: plans whom to ask, and starts the incident's talk and bill anew. Answers with the models' names, best first. */
  beginProposal(incidentId: string, request: RouteRequest): readonly string[] {
    const { order, choices } = planRoute(this.statuses(), request, this.#options.configuration.routing.prefer);
    this.#sessions.begin(incidentId, choices);
    return order;
  }

  /** Opens a model, with its canary if it wasn't proven yet; why it can't be used, or how it is used. */
  async open(to: Addressee, signal: AbortSignal): Promise<EndpointStatus | { readonly state: 'failed'; readonly reason: string }> {
    const endpoint = this.#endpoint(to.model);
    try {
      await endpoint.prove(signal);
      return endpoint.status();
    } catch (error) {
      if (!(error instanceof ModelError) || signal.aborted) throw error;
      this.#sessions.judge(to.incidentId, to.model, 'failed', error.message);
      return { state: 'failed', reason: `${endpoint.name}: ${error.message}` };
    }
  }

  /** Tokens that a prompt may have, so that the answer still fits. */
  promptTokens(model: string): number {
    const { contextTokens, maxOutputTokens } = this.#endpoint(model);
    return contextTokens - maxOutputTokens;
  }

  /** Asks a text model, in the talk about an incident. Never throws for what a model or its server does. */
  async generateSolutionProposal(to: Addressee, exchange: Exchange, signal: AbortSignal): Promise<ExchangeOutcome> {
    const endpoint = this.#endpoint(to.model);
    try {
      const model = await endpoint.prove(signal);
      const outcome = await this.#ask(model, endpoint, to, exchange, signal);
      endpoint.answered();
      this.#sessions.judge(to.incidentId, to.model, 'used');
      return outcome;
    } catch (error) {
      if (!(error instanceof ModelError) || signal.aborted) throw error;
      endpoint.failed(error);
      this.#sessions.judge(to.incidentId, to.model, 'failed', error.message);
      this.#options.logger.warn('model gave no answer', {
        incidentId: to.incidentId,
        endpoint: to.model,
        reason: error.reason,
        err: error,
      });
      return { kind: 'unavailable', reason: `${to.model}: ${error.message}` };
    }
  }

  /** Why a model's part ended, in the words of whoever used it. */
  judge(to: Addressee, verdict: 'used' | 'failed', reason: string): void {
    this.#sessions.judge(to.incidentId, to.model, verdict, reason);
  }

  /** What the built-in engine wants to see of the repository. */
  patternKeys(problem: Omit<PatternProblem, 'settings'>): readonly string[] {
    return this.#options.engine.keysOf(problem);
  }

  /** Candidates of the built-in engine. */
  async proposeByPattern(problem: PatternProblem): Promise<readonly PatternCandidate[]> {
    return this.#options.engine.propose(problem);
  }

  /** What the proposal under way has cost. */
  usageOf(incidentId: string): Usage {
    return this.#sessions.get(incidentId).usage;
  }

  /** Which models were considered for the proposal under way, and what became of each. */
  choicesOf(incidentId: string): readonly ModelChoice[] {
    return this.#sessions.get(incidentId).choices;
  }

  /** Tokens that budgets leave for an incident. */
  async tokensLeft(to: Addressee): Promise<number> {
    return this.#ledger.left(to);
  }

  /** Ends the talk about an incident. */
  cleanup(incidentId: string): void {
    this.#sessions.end(incidentId);
  }

  /** Ends what is under way with any model. */
  close(): void {
    this.#ending.abort();
  }

  #endpoint(name: string): Endpoint {
    const found = this.#endpoints.find((endpoint) => endpoint.name === name);
    if (found === undefined) throw new ModelError('refused', `there is no model ${name} in the configuration`);
    return found;
  }

  async #ask(model: TextModel, endpoint: Endpoint, to: Addressee, exchange: Exchange, signal: AbortSignal): Promise<ExchangeOutcome> {
    const { clock } = this.#options;
    const { incidentId, repository } = to;
    const { maxOutputTokens, contextTokens } = endpoint;
    const { price } = endpoint.configuration;
    const earlier = exchange.fresh ? [] : this.#sessions.get(incidentId).turns;
    const turns: readonly Turn[] = [...earlier, ...exchange.say];
    const inWords = exchange.schema !== undefined && !endpoint.honoursSchema;
    const system = inWords && exchange.schema !== undefined ? `${exchange.system}\n\n${describeSchema(exchange.schema)}` : exchange.system;
    const estimate = estimateTokens(system + turns.map(({ content }) => content).join('\n'));
    const room = contextTokens - maxOutputTokens;
    if (estimate > room * 1.15)
      throw new ModelError('too-long', `the prompt has about ${estimate} tokens, more than the ${room} that the context leaves`);
    const startedMs = clock.monotonicMs();
    const request = {
      system,
      turns,
      schema: inWords ? undefined : exchange.schema,
      tools: exchange.tools,
      maxOutputTokens,
      contextTokens,
      temperature: 0,
      signal,
      onProgress: exchange.onProgress,
      account: { incidentId, repository, purpose: exchange.purpose },
    };
    const completion: Completion = await model.complete(request);
    const { inputTokens, outputTokens, stopped, calls = [] } = completion;
    const text = withoutThoughts(completion.text);
    const costUsd = (inputTokens * price.inputUsd + outputTokens * price.outputUsd) / 1_000_000;
    const usage = { requests: 1, inputTokens, outputTokens, durationMs: clock.monotonicMs() - startedMs, costUsd };
    this.#sessions.record(incidentId, [...turns, { role: 'assistant', content: text, calls }], usage);
    // An answer to half of the evidence looks like any other.
    const seemsCut = exchange.fresh && completion.isEstimated !== true && estimate > leastSuspected && inputTokens < estimate * leastSeen;
    if (seemsCut && (await endpoint.suspect(estimate, signal)))
      throw new ModelError(
        'too-long',
        `the model server was sent about ${estimate} tokens and saw ${inputTokens}: it cuts prompts silently, and gets shorter ones from now on`,
      );
    return {
      kind: 'answered',
      text,
      calls,
      isCut: stopped === 'length',
      provider: model.provider,
      model: model.model,
      tokens: inputTokens + outputTokens,
      setAside: mostTokens(request, false),
    };
  }
}
