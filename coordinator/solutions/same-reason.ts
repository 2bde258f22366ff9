// Whether a reproduction failed for the incident's reason, and not because the reproduction itself is broken.
// Must never run anything.

export interface Reason {
  /** Exception type, or undefined. */
  readonly type: string | undefined;
  readonly message: string;
  /** What was logged, as it came; an error that it names is the incident's, too. */
  readonly logged: string;
}

/** Failures of the machinery around a reproduction; they prove nothing about the problem. */
const brokenMachinery =
  /\b(?:command not found|not found: \w+|Cannot find module|ModuleNotFoundError|ImportError|SyntaxError|IndentationError|ERR_MODULE_NOT_FOUND|EADDRINUSE|could not be started|No such file or directory|permission denied)\b/i;

export type ReasonVerdict = 'same' | 'unsaid' | 'other';

/**
 * `same`: the output shows the incident's error. `unsaid`: it shows none (a command may only set its exit status).
 * `other`: it shows another error.
 */
export function compareReason(output: string, reason: Reason): ReasonVerdict {
  const shown = normalise(output);
  const type = reason.type?.split('.').at(-1);
  const message = normalise(firstLine(reason.message));
  const hasType = type !== undefined && type !== '' && output.includes(type);
  if (message.length >= 8 && shown.includes(message)) return 'same';
  if (hasType && sharesWords(shown, message)) return 'same';
  const error = /\b([A-Z]\w*(?:Error|Exception))\b/.exec(output)?.[1];
  if (type === undefined && error !== undefined && reason.logged.includes(error)) return 'same';
  if (brokenMachinery.test(output)) return 'other';
  // Without a type there is nothing that the error could contradict.
  if (type !== undefined && error !== undefined && error !== type) return 'other';
  return hasType ? 'same' : 'unsaid';
}

/** Values differ between runs: numbers, quoted strings and spacing are no part of the reason. */
function normalise(text: string): string {
  return text
    .replaceAll(/'[^'\n]{0,200}'|"[^"\n]{0,200}"/g, '*')
    .replaceAll(/\d+/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function sharesWords(shown: string, message: string): boolean {
  const words = message.split(/[^A-Za-z]+/).filter((word) => word.length > 3);
  if (words.length === 0) return true;
  return words.filter((word) => shown.includes(word)).length * 2 >= words.length;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
