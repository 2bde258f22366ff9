// Takes the colours off a line that was written for a terminal.
// Must never copy a line that has none.

/** Without the escape sequences of a terminal (ECMA-48, CSI), also where syslog wrote the escape as `#033` or a logger as `\u001b`. */
export function withoutColours(text: string): string {
  if (!text.includes('[') || (!text.includes('\u001b') && !text.includes('#033[') && !text.includes('\\u001b['))) return text;
  return text.replace(sequence, '');
}

// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for.
const sequence = /(?:\u001b|#033|\\u001b)\[[\d;:?]{0,32}[A-Za-z]/g;
