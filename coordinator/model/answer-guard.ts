// Watches an answer as it comes: one that goes on without end, or says the same over and over, is stopped.
// Must never stop what a model may well write: a limit is several times what was allowed, a repetition long and exact.
import { ModelError, type CompletionRequest } from './model.ts';

/** Characters after which an answer is taken to run without end, for each token that was allowed; a token of code has 3 to 4. */
const mostCharactersPerToken = 12;
/** So much of the end has to be the same piece again and again, */
const repeatedCharacters = 4_000;
/** which is no longer than this. */
const longestPiece = 400;
/** Characters between two looks at the end. */
const stride = 1_000;

export interface AnswerGuard {
  /** @param text all of the answer so far @throws ModelError `runaway` */
  check(text: string): void;
}

export function createAnswerGuard(model: string, request: Pick<CompletionRequest, 'maxOutputTokens' | 'onProgress'>): AnswerGuard {
  const mostCharacters = request.maxOutputTokens * mostCharactersPerToken;
  let nextLook = repeatedCharacters;
  return {
    check(text) {
      request.onProgress?.(text.length);
      if (text.length > mostCharacters)
        throw new ModelError(
          'runaway',
          `${model} went on beyond the ${request.maxOutputTokens} tokens that it was allowed, and was stopped`,
        );
      if (text.length < nextLook) return;
      nextLook = text.length + stride;
      if (repeats(text.slice(-repeatedCharacters)))
        throw new ModelError('runaway', `${model} repeated itself without end, and was stopped after ${text.length} characters`);
    },
  };
}

/** True if the text is one short piece again and again (Knuth, Morris and Pratt's failure function gives the shortest period). */
function repeats(text: string): boolean {
  const borders = new Uint16Array(text.length);
  let length = 0;
  for (let at = 1; at < text.length; at += 1) {
    while (length > 0 && text.charCodeAt(at) !== text.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (text.charCodeAt(at) === text.charCodeAt(length)) length += 1;
    borders[at] = length;
  }
  return text.length - length <= longestPiece;
}
