// Takes the colours off a line that was written for a terminal.
// Must never copy a line that has none.

/** Without the escape sequences of a terminal (ECMA-48, CSI), also where syslog wrote the escape as `#033` or a logger as `\u001b`. */
export function withoutColours(text: string): string {
  // What comes before a bracket tells, and few lines have many.
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    const before = text.charCodeAt(at - 1);
    const coloured =
      before === 27 || (before === 51 && text.startsWith('#033', at - 4)) || (before === 98 && text.startsWith('\\u001b', at - 6));
    if (coloured) return text.replace(sequence, '');
  }
  return text;
}

// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for.
const sequence = /(?:\u001b|#033|\\u001b)\[[\d;:?]{0,32}[A-Za-z]/g;
