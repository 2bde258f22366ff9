// Where a whole function that a model wrote belongs: with or without its decorators and its comment, on either side.
// Must never cover lines that the new text doesn't bring again.

const decorator = /^\s*@[\w.]/;
const comment = /^\s*(?:\/\/|#(?!\[|!)|\/\*|\*|--|;)/;

/** Lines of the file, 0-based, `end` excluded, and the text for them. */
export interface FunctionPlace {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

/** @param start @param end of the function as its tree has it, 0-based, `end` excluded */
export function placeFunction(file: readonly string[], start: number, end: number, content: string): FunctionPlace {
  const lines = content.split('\n');
  const lead = leadOf(lines, 0);
  // Decorators that the new text doesn't speak of stay as they are.
  const kept = lead.some((line) => decorator.test(line)) ? [] : leadOf(file.slice(start, end), 0).filter((line) => decorator.test(line));
  const above = leadAbove(file, start);
  const isBrought =
    lead.length > 0 &&
    above.length > 0 &&
    (above.some((line) => lead.some((one) => one.trim() === line.trim())) || areBothDocs(lead, above));
  if (!isBrought) return { start: start + kept.length, end, content };
  // What stands above it and what the new text begins with are the same lines: taken once.
  const from = start - above.length;
  const lost = lead.some((line) => decorator.test(line)) ? [] : above.filter((line) => decorator.test(line));
  const head = lines.slice(0, lead.length);
  const body = lines.slice(lead.length);
  return {
    start: from,
    end,
    content: [...head, ...lost.map((line) => line.trim()), ...kept.map((line) => line.trim()), ...body].join('\n'),
  };
}

/** Comments and decorators at the beginning. */
function leadOf(lines: readonly string[], from: number): readonly string[] {
  let end = from;
  while (end < lines.length && (decorator.test(lines[end] ?? '') || comment.test(lines[end] ?? ''))) end += 1;
  return lines.slice(from, end);
}

function leadAbove(file: readonly string[], start: number): readonly string[] {
  let from = start;
  while (from > 0 && (decorator.test(file[from - 1] ?? '') || comment.test(file[from - 1] ?? ''))) from -= 1;
  return file.slice(from, start);
}

/** A documentation comment belongs to what follows; another one in its place replaces it. */
function areBothDocs(lead: readonly string[], above: readonly string[]): boolean {
  const isDoc = (lines: readonly string[]): boolean => /^\s*(?:\/\*\*|\/\/\/)/.test(lines[0] ?? '');
  return isDoc(lead) && isDoc(above);
}
