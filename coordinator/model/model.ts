// The contract of a text model, whoever runs it: a prompt in, text and its price in tokens out, and errors that know what to do.
// Must never import an SDK or know what the text is about.
import { HephaestusError, type RetryAdvice } from '../../base/errors.ts';

/** A JSON Schema (draft 2020-12 subset that grammars manage: object, array, string, number, boolean, enum). */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface CompletionRequest {
  readonly system: string;
  readonly turns: readonly Turn[];
  /** The answer must be JSON of this shape. A server that can't force it gets it described; the caller checks anyway. */
  readonly schema: JsonSchema | undefined;
  readonly maxOutputTokens: number;
  /** Prompt and answer together. Sent explicitly where the server cuts silently otherwise (Ollama's num_ctx). */
  readonly contextTokens: number;
  readonly temperature: number;
  readonly signal: AbortSignal;
  /** Called with the number of characters received so far. */
  readonly onProgress?: ((characters: number) => void) | undefined;
}

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface Completion {
  readonly text: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** `length`: it was cut at maxOutputTokens or at the end of the context. */
  readonly stopped: 'end' | 'length';
}

export interface TextModel {
  /** `ollama`, `openai-compatible`, `anthropic`. */
  readonly provider: string;
  /** As the server calls it. */
  readonly model: string;
  /** @throws ModelError */
  complete(request: CompletionRequest): Promise<Completion>;
  /** Reaches the server and looks for the model. @throws ModelError that says what to do. */
  probe(signal: AbortSignal): Promise<void>;
}

export type ModelErrorReason =
  | 'unreachable'
  | 'timeout'
  | 'overloaded'
  | 'refused'
  | 'model-absent'
  | 'bad-request'
  | 'broken-answer'
  | 'budget'
  | 'circuit-open';

const adviceByReason: Readonly<Record<ModelErrorReason, RetryAdvice>> = {
  // Asking a model twice changes nothing outside, so that everything transient is safe.
  unreachable: 'safe',
  timeout: 'safe',
  overloaded: 'safe',
  'broken-answer': 'safe',
  refused: 'never',
  'model-absent': 'never',
  'bad-request': 'never',
  budget: 'never',
  'circuit-open': 'never',
};

/** What went wrong with a model; `retry` is `safe` for what may pass by itself. */
export class ModelError extends HephaestusError {
  readonly reason: ModelErrorReason;
  /** What the server asked for (Retry-After), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: ModelErrorReason, message: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) {
    super({
      code: `model.${reason}`,
      kind: reason === 'bad-request' || reason === 'model-absent' ? 'validation' : 'operational',
      retry: adviceByReason[reason],
      message,
      cause: options.cause,
    });
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Where keys come from: files, systemd credentials or the encrypted store. */
export interface SecretReader {
  get(name: string): Promise<string | undefined>;
}

/** Tokens of a text, estimated a little high (3.2 characters a token; code in common tokenisers has 3.0 to 4.0), so that a budget holds. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 3.2);
}
