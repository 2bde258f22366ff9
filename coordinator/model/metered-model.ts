// A text model that pays: each attempt is set aside in the ledger first, settled after, and its words are kept for audit.
// Must never ask before the ledger agreed, or keep a secret: what is kept is redacted once more.
import { randomBytes } from 'node:crypto';
import { findPersonalData } from '../../analysis/redaction/personal-data.ts';
import { findRandomValues } from '../../analysis/redaction/random-values.ts';
import { Redaction } from '../../analysis/redaction/redaction.ts';
import type { Clock } from '../../base/clock.ts';
import { usdOf, type ModelLedger, type Price } from './ledger.ts';
import { ModelError, estimateTokens, type Completion, type CompletionRequest, type TextModel } from './model.ts';

export interface MeterOptions {
  readonly endpoint: string;
  readonly price: Price;
  readonly ledger: ModelLedger;
  readonly keepsTranscripts: boolean;
  readonly clock: Clock;
}

/** Of a question or an answer that is kept; the middle of longer ones is left out. */
const mostCharacters = 200_000;

export function makeMetered(model: TextModel, options: MeterOptions): TextModel {
  const { endpoint, price, ledger, clock } = options;
  const redaction = new Redaction({ key: randomBytes(32), passes: [findPersonalData, findRandomValues], allow: [] });
  const keep = (request: CompletionRequest, answer: string): string | undefined =>
    options.keepsTranscripts ? JSON.stringify(writeExchange(request, answer, (text) => redaction.redactText(text).text)) : undefined;

  return {
    provider: model.provider,
    model: model.model,
    probe: (signal) => model.probe(signal),
    async complete(request) {
      const { provider } = model;
      const reservation = await ledger.reserve(request, { endpoint, provider, model: model.model, price });
      const startedMs = clock.monotonicMs();
      let received = 0;
      const settle = async (inputTokens: number, outputTokens: number, outcome: string, answer: string): Promise<void> =>
        reservation.settle({
          inputTokens,
          outputTokens,
          usd: usdOf(price, inputTokens, outputTokens),
          durationMs: Math.round(clock.monotonicMs() - startedMs),
          outcome,
          transcript: keep(request, answer),
        });
      let completion: Completion;
      try {
        completion = await model.complete({
          ...request,
          onProgress: (characters) => {
            received = characters;
            request.onProgress?.(characters);
          },
        });
      } catch (error) {
        const reason = error instanceof ModelError ? error.reason : 'stopped';
        // A prompt that was taken is paid for, whatever becomes of its answer; one that was turned away costs nothing.
        const isTaken = received > 0 || reason === 'timeout' || reason === 'broken-answer' || reason === 'runaway' || reason === 'stopped';
        const input = isTaken ? promptTokens(request) : 0;
        await settle(input, Math.ceil(received / 3.2), reason, error instanceof Error ? `[no answer: ${error.message}]` : '');
        throw error;
      }
      const counted = {
        ...completion,
        isEstimated: completion.inputTokens === 0,
        inputTokens: completion.inputTokens === 0 ? promptTokens(request) : completion.inputTokens,
        outputTokens: completion.outputTokens === 0 ? estimateTokens(textOf(completion)) : completion.outputTokens,
      };
      await settle(counted.inputTokens, counted.outputTokens, 'answered', textOf(completion));
      return counted;
    },
  };
}

/** One exchange as it is kept: what is new in the prompt (what was said before is in the exchanges before), and the answer. */
export interface KeptExchange {
  /** Empty where it was kept with an earlier exchange of the same talk. */
  readonly system: string;
  readonly said: readonly { readonly role: string; readonly content: string }[];
  readonly answer: string;
}

function writeExchange(request: CompletionRequest, answer: string, redact: (text: string) => string): KeptExchange {
  const lastAnswer = request.turns.findLastIndex(({ role }) => role === 'assistant');
  const fresh = request.turns.slice(lastAnswer + 1);
  const bounded = (text: string): string => redact(cutMiddle(text));
  return {
    system: lastAnswer < 0 ? bounded(request.system) : '',
    said: fresh.map((turn) => ({ role: turn.role === 'tool' ? `result of ${turn.name}` : turn.role, content: bounded(turn.content) })),
    answer: bounded(answer),
  };
}

function textOf({ text, calls }: Completion): string {
  const asked = (calls ?? []).map(({ name, input }) => `[calls ${name} ${JSON.stringify(input)}]`);
  return [text, ...asked].filter((part) => part !== '').join('\n');
}

function cutMiddle(text: string): string {
  if (text.length <= mostCharacters) return text;
  const half = mostCharacters / 2;
  return `${text.slice(0, half)}\n[… ${text.length - mostCharacters} characters left out]\n${text.slice(-half)}`;
}

function promptTokens({ system, turns }: CompletionRequest): number {
  return estimateTokens(system + turns.map(({ content }) => content).join('\n'));
}
