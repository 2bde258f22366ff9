// A text model with a time limit for each answer, retries with backoff for what may pass, and a circuit breaker.
// Must never retry what the server refused, or hide that it did.
import { backoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { ModelError, type Completion, type CompletionRequest, type TextModel } from './model.ts';

export interface ResilienceOptions {
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** The first included. */
  readonly attempts: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: (() => number) | undefined;
}

/** Answers in a row that fail before the circuit opens, and for how long. */
const threshold = 5;
const coolDownMs = 60_000;
/** A server that asks for more patience than this gets its answer from the fallback instead. */
const mostPatienceMs = 60_000;

export function makeResilient(model: TextModel, options: ResilienceOptions): TextModel {
  const breaker = new CircuitBreaker({ threshold, coolDownMs, clock: options.clock });

  const attempt = async (request: CompletionRequest): Promise<Completion> => {
    if (!breaker.allow())
      throw new ModelError(
        'circuit-open',
        `${model.provider} failed ${threshold} times in a row and is left alone for ${coolDownMs / 1000} s`,
      );
    try {
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(options.requestTimeoutMs)]);
      const completion = await model.complete({ ...request, signal });
      breaker.succeeded();
      return completion;
    } catch (error) {
      // Stopped by whoever asked: that is no failure of the model.
      if (request.signal.aborted) {
        breaker.undecided();
        throw error;
      }
      const failure = error instanceof ModelError ? error : new ModelError('broken-answer', String(error), { cause: error });
      if (failure.retry === 'safe') breaker.failed();
      else breaker.succeeded();
      throw failure;
    }
  };

  return {
    provider: model.provider,
    model: model.model,
    async complete(request) {
      for (let count = 0; ; count += 1) {
        try {
          return await attempt(request);
        } catch (error) {
          const isLast = count + 1 >= options.attempts;
          if (!(error instanceof ModelError) || error.retry !== 'safe' || isLast || request.signal.aborted) throw error;
          const asked = error.retryAfterMs ?? 0;
          if (asked > mostPatienceMs) throw error;
          const waitMs = Math.max(asked, backoffMs(count, { baseMs: 1_000, maxMs: 30_000, random: options.random }));
          options.logger.info('model failed, will be asked again', {
            provider: model.provider,
            reason: error.reason,
            waitMs: Math.round(waitMs),
            err: error,
          });
          await options.clock.sleep(waitMs, request.signal);
        }
      }
    },
    probe: (signal) => model.probe(AbortSignal.any([signal, AbortSignal.timeout(options.connectTimeoutMs)])),
  };
}
