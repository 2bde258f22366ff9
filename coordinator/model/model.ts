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
  /** What the model may call. They go along as long as the talk holds calls, since servers refuse calls of tools that they don't know. */
  readonly tools?: { readonly definitions: readonly ToolDefinition[]; readonly mayCall: boolean } | undefined;
  /** Called with the number of characters received so far. */
  readonly onProgress?: ((characters: number) => void) | undefined;
  /** Whose budget pays; undefined: the coordinator's own business, such as a canary. */
  readonly account?: Account | undefined;
}

export interface Account {
  readonly incidentId: string;
  /** Name of the repository. */
  readonly repository: string;
  /** `diagnose`, `explore`, `edit`, `repair`, `test`, `review`, `canary`. */
  readonly purpose: string;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

export interface ToolCall {
  /** As the server named it, or made up where it names none. */
  readonly id: string;
  readonly name: string;
  /** What the model wrote; not checked. */
  readonly input: unknown;
}

export type Turn =
  | { readonly role: 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly calls?: readonly ToolCall[] | undefined }
  /** The result of a call. */
  | { readonly role: 'tool'; readonly content: string; readonly callId: string; readonly name: string };

export interface Completion {
  readonly text: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** `length`: it was cut at maxOutputTokens or at the end of the context. */
  readonly stopped: 'end' | 'length';
  /** True if the server counted no tokens. */
  readonly isEstimated?: boolean | undefined;
  /** What the model wants to be done before it goes on. */
  readonly calls?: readonly ToolCall[] | undefined;
}

/** What a server says of a model; undefined where it doesn't say. */
export interface ModelDescription {
  readonly contextTokens: number | undefined;
  /** In billions. */
  readonly parameters: number | undefined;
  readonly callsTools: boolean | undefined;
}

export const nothingSaid: ModelDescription = { contextTokens: undefined, parameters: undefined, callsTools: undefined };

export interface TextModel {
  /** `ollama`, `openai-compatible`, `anthropic`. */
  readonly provider: string;
  /** As the server calls it. */
  readonly model: string;
  /** @throws ModelError */
  complete(request: CompletionRequest): Promise<Completion>;
  /** Reaches the server, looks for the model and for what the server says of it. @throws ModelError that says what to do. */
  probe(signal: AbortSignal): Promise<ModelDescription>;
}

export type ModelErrorReason =
  | 'unreachable'
  | 'timeout'
  | 'overloaded'
  | 'refused'
  | 'model-absent'
  | 'bad-request'
  | 'broken-answer'
  /** It repeats itself, or goes on beyond what it was allowed. */
  | 'runaway'
  /** The prompt doesn't fit: our own doing. */
  | 'too-long'
  /** The model, or a filter before it, won't answer this prompt; another one it may. */
  | 'declined'
  | 'budget'
  | 'circuit-open';

const adviceByReason: Readonly<Record<ModelErrorReason, RetryAdvice>> = {
  // Asking a model twice changes nothing outside, so that everything transient is safe.
  unreachable: 'safe',
  timeout: 'safe',
  overloaded: 'safe',
  'broken-answer': 'safe',
  // Asked the same it answers the same.
  runaway: 'never',
  refused: 'never',
  'model-absent': 'never',
  'bad-request': 'never',
  'too-long': 'never',
  declined: 'never',
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

/**
 * More tokens than this a prompt and its answer can't have: none is shorter than a byte, and a turn has some around it.
 * @param isCut the server cuts what is beyond `contextTokens`
 */
export function mostTokens(request: Omit<CompletionRequest, 'temperature' | 'signal'>, isCut: boolean): number {
  const aside = JSON.stringify([request.schema ?? '', request.tools?.definitions ?? '']);
  const turns = request.turns.map((turn) => turn.content + (turn.role === 'assistant' ? JSON.stringify(turn.calls ?? '') : ''));
  const bytes = [request.system, aside, ...turns].reduce((sum, text) => sum + Buffer.byteLength(text) + 64, 0);
  return isCut ? Math.min(bytes + request.maxOutputTokens, request.contextTokens) : bytes + request.maxOutputTokens;
}
