// One configured model at work: opened when it is first needed, proven by its canary, and described as it was found.
// Must never use a model in a way that its canary didn't prove.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { runCanary, tryContext, type CanaryReport } from './canary.ts';
import { ModelError, nothingSaid, type ModelDescription, type TextModel } from './model.ts';
import type { ModelEndpoint } from './model-configuration.ts';
import type { RoutedModel } from './router.ts';
import { isInHouse } from './text-models.ts';

export interface EndpointTools {
  /** @throws ModelError */
  readonly open: (endpoint: ModelEndpoint, signal: AbortSignal) => Promise<TextModel>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
  /** Ends what is under way when the coordinator stops. */
  readonly lifetime: AbortSignal;
}

/** What an operator sees of a model. */
export interface EndpointStatus extends RoutedModel {
  readonly state: 'ready' | 'unproven' | 'failed';
  /** In words: what is wrong and what to do, or how it is used. */
  readonly reason: string;
  readonly contextTokens: number;
  readonly mode: 'pipeline' | 'tools';
  readonly canary: CanaryReport | undefined;
}

/** Local models from this size on manage tools and hard problems (decision 042). */
const strongFromBillions = 30;
/** A model that was refused, or can't be used as it is, is left alone for so long. */
const leftAloneMs = 300_000;
/** Of the tokens of a prompt and its answer; for comparing prices. */
const shareOfInput = 0.85;

export class Endpoint {
  readonly configuration: ModelEndpoint;
  readonly #tools: EndpointTools;
  #model: TextModel | undefined;
  #said: ModelDescription = nothingSaid;
  #canary: CanaryReport | undefined;
  #problem: ModelError | undefined;
  #problemAtMs = 0;
  #proving: Promise<void> | undefined;

  constructor(configuration: ModelEndpoint, tools: EndpointTools) {
    this.configuration = configuration;
    this.#tools = tools;
  }

  get name(): string {
    return this.configuration.name;
  }

  /** Prompt and answer together: as configured, or less where the canary or the server says so. */
  get contextTokens(): number {
    const limits = [this.configuration.contextTokens, this.#canary?.contextTokens, this.#said.contextTokens];
    return Math.min(...limits.filter((limit) => limit !== undefined));
  }

  get maxOutputTokens(): number {
    return Math.min(this.configuration.maxOutputTokens, Math.floor(this.contextTokens / 2));
  }

  get honoursSchema(): boolean {
    return this.#canary?.honoursSchema !== false;
  }

  get mode(): 'pipeline' | 'tools' {
    const canCall = this.#canary?.callsTools === true;
    if (this.configuration.mode === 'auto') return canCall && this.#skill() === 'strong' ? 'tools' : 'pipeline';
    return this.configuration.mode === 'tools' && !canCall ? 'pipeline' : this.configuration.mode;
  }

  /** The model, open and with its canary behind it; those who ask at the same time wait for the same one. @throws ModelError */
  async prove(signal: AbortSignal): Promise<TextModel> {
    if (this.#model === undefined || this.#canary === undefined) {
      this.#proving ??= this.#open(this.#tools.lifetime).finally(() => {
        this.#proving = undefined;
      });
      // Whoever is stopped stops waiting; the canary goes on for the others.
      const stopped = Promise.withResolvers<never>();
      const stop = (): void => stopped.reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      try {
        await Promise.race([this.#proving, stopped.promise]);
      } finally {
        signal.removeEventListener('abort', stop);
      }
    }
    if (this.#model === undefined) throw this.#problem ?? new ModelError('refused', `${this.name} could not be opened`);
    return this.#model;
  }

  /** Looks anew, as if it was never asked; throws nothing for what a model or its server does. */
  async check(signal: AbortSignal): Promise<EndpointStatus> {
    if (this.#proving === undefined) {
      this.#model = undefined;
      this.#canary = undefined;
    }
    try {
      await this.prove(signal);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
    }
    return this.status();
  }

  /**
   * Looks again whether the context is cut, with a prompt of a size that seemed to be: the canary's is bounded, and a server's limit may lie
   * above it. Answers with true if it is, and is smaller from now on. @throws ModelError
   */
  async suspect(promptTokens: number, signal: AbortSignal): Promise<boolean> {
    const model = await this.prove(signal);
    const before = this.#canary;
    if (before === undefined) return false;
    const { contextTokens, findings } = await tryContext(model, this.contextTokens, promptTokens, signal);
    if (contextTokens >= this.contextTokens) return false;
    this.#canary = { ...before, contextTokens, findings: [...before.findings, ...findings] };
    this.#tools.logger.warn('model is used in a weaker way', { endpoint: this.name, finding: findings[0] });
    return true;
  }

  /** Remembers that asking failed in a way that an operator should see. */
  failed(error: ModelError): void {
    // What is about one prompt or answer says nothing about the next.
    if (['budget', 'runaway', 'too-long', 'declined'].includes(error.reason)) return;
    this.#remember(error);
  }

  #remember(error: ModelError): void {
    this.#problem = error;
    this.#problemAtMs = this.#tools.clock.monotonicMs();
  }

  answered(): void {
    this.#problem = undefined;
  }

  status(): EndpointStatus {
    const { inputUsd, outputUsd } = this.configuration.price;
    return {
      name: this.name,
      provider: this.#model?.provider ?? this.configuration.provider,
      model: this.#model?.model ?? this.configuration.model ?? '',
      isInHouse: isInHouse(this.configuration),
      skill: this.#skill(),
      usd: inputUsd * shareOfInput + outputUsd * (1 - shareOfInput),
      problem: this.#lastingProblem(),
      state: this.#problem !== undefined ? 'failed' : this.#canary === undefined ? 'unproven' : 'ready',
      reason: this.#describe(),
      contextTokens: this.contextTokens,
      mode: this.mode,
      canary: this.#canary,
    };
  }

  /** What may pass by itself is no reason not to ask; what an operator has to mend is, for a while. */
  #lastingProblem(): string | undefined {
    if (this.#problem === undefined || this.#problem.retry !== 'never' || this.#problem.reason === 'circuit-open') return undefined;
    const isOld = this.#tools.clock.monotonicMs() - this.#problemAtMs > leftAloneMs;
    return isOld ? undefined : this.#problem.message;
  }

  #skill(): 'small' | 'strong' {
    const { skill, provider } = this.configuration;
    if (skill !== 'auto') return skill;
    return provider === 'anthropic' || (this.#said.parameters ?? 0) >= strongFromBillions ? 'strong' : 'small';
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { open, logger } = this.#tools;
    try {
      const model = await open(this.configuration, signal);
      this.#model = model;
      this.#said = await model.probe(signal);
      const { mode } = this.configuration;
      const claimsTools = this.#said.callsTools !== false && (mode === 'tools' || (mode === 'auto' && this.#skill() === 'strong'));
      this.#canary = await runCanary(model, this.contextTokens, claimsTools, signal);
      this.#problem = undefined;
      logger.info('model is ready', { endpoint: this.name, provider: model.provider, model: model.model, mode: this.mode });
      for (const finding of this.#canary.findings) logger.warn('model is used in a weaker way', { endpoint: this.name, finding });
    } catch (error) {
      this.#model = undefined;
      this.#canary = undefined;
      if (!(error instanceof ModelError)) throw error;
      if (!signal.aborted) {
        this.#remember(error);
        // Nobody there is what `auto` is for.
        if (this.configuration.provider === 'auto') logger.info('no local model is used', { endpoint: this.name, reason: error.message });
        else logger.warn('model is not ready', { endpoint: this.name, err: error });
      }
      throw error;
    }
  }

  #describe(): string {
    if (this.#problem !== undefined) return this.#problem.message;
    if (this.#canary === undefined) return this.#proving === undefined ? 'not asked yet' : 'its canary is running';
    const findings = this.#canary.findings.length === 0 ? 'its canary passed' : this.#canary.findings.join('; ');
    return `${findings}; works by ${this.mode === 'tools' ? 'tools' : 'the fixed pipeline'}`;
  }
}
