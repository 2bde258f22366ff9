// What an answer that is none means: statuses, thrown errors, and what servers write beside them, as a ModelError that says what to do.
// Must never put a path or a query into a message: they may hold a key.
import { isHephaestusError } from '../../base/errors.ts';
import { ModelError } from './model.ts';

/** Scheme, host and port: never the path or query, which may hold a key. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the model server';
}

/** What a thrown error of fetch means. */
export function readFailure(error: unknown, url: string): ModelError {
  if (error instanceof ModelError) return error;
  if (isHephaestusError(error) && error.code === 'offline.refused') return new ModelError('refused', error.message, { cause: error });
  // A stream that was closed from here fails with what it was closed for.
  if (error instanceof Error && error.cause instanceof ModelError) return error.cause;
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError')
    return new ModelError('timeout', `${originOf(url)} did not answer in time; raise model.requestTimeoutMs if the model is slow`, {
      cause: error,
    });
  if (name === 'AbortError') return new ModelError('timeout', `the request to ${originOf(url)} was stopped`, { cause: error });
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  if (/certificate|wrong version number|EPROTO|\bSSL\b|\bTLS\b/i.test(cause))
    return new ModelError(
      'unreachable',
      `no TLS connection to ${originOf(url)} (${cause}); check the scheme of model.baseUrl and its certificate`,
      {
        cause: error,
      },
    );
  const isConnection = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|connect/i.test(cause);
  return isConnection
    ? new ModelError('unreachable', `no model server answers at ${originOf(url)} (${cause}); check model.baseUrl`, { cause: error })
    : new ModelError('broken-answer', `the answer of ${originOf(url)} broke off: ${cause}`, { cause: error });
}

/** In the words of OpenAI, Azure, vLLM, llama.cpp's server, Ollama and Anthropic. */
const tooLong =
  /context_length_exceeded|exceed_context_size|maximum context length|max_model_len|available context size|context (?:window|length)|prompt is too long|input (?:length|is too long)/i;
const declined = /content_filter|content_policy|content management policy|ResponsibleAIPolicyViolation/i;
const unpaid = /insufficient_quota|exceeded your current quota|credit balance|billing/i;
const tooBig = /requires more system memory/i;

export function readStatus(status: number, detail: string, headers: Headers, url: string): ModelError {
  const said = `${originOf(url)} answered ${status}${detail === '' ? '' : `: ${detail.replaceAll(/\s+/g, ' ')}`}`;
  // Some say these with another status than the next one does.
  if (status >= 400 && tooLong.test(detail)) return new ModelError('too-long', `${said}. Lower model.contextTokens`);
  if (status === 400 && declined.test(detail))
    return new ModelError('declined', `${said}. The provider's filter keeps this prompt from the model`);
  if (status === 402 || (status >= 400 && unpaid.test(detail)))
    return new ModelError('refused', `${said}. The account behind the secret that model.key names has no credit or quota left`);
  if (status >= 500 && tooBig.test(detail))
    return new ModelError('refused', `${said}. Choose a smaller model, or lower model.contextTokens`);
  if (status === 401 || status === 403) return new ModelError('refused', `${said}. Check the secret that model.key names`);
  if (status === 404) return new ModelError('model-absent', `${said}. Check model.model and model.baseUrl`);
  if (status === 408) return new ModelError('timeout', said);
  if (status === 413) return new ModelError('too-long', `${said}. Lower model.contextTokens`);
  if (status >= 300 && status < 400)
    return new ModelError('bad-request', `${said}, which leads elsewhere and isn't followed. Check model.baseUrl`);
  // 529 is Anthropic's for an overload of the whole service.
  if (status === 429 || status >= 500) return new ModelError('overloaded', said, { retryAfterMs: readPatience(headers) });
  return new ModelError('bad-request', said);
}

/** What the server asks for, in milliseconds; OpenAI's and Azure's own header is finer than the standard one. */
function readPatience(headers: Headers): number | undefined {
  const fine = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(fine) && fine >= 0) return fine;
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  // A date is set against the server's own clock, where it tells.
  const waitMs = Date.parse(value) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(waitMs) && waitMs >= 0 ? waitMs : undefined;
}
