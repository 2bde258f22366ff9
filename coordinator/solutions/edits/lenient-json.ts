// JSON as models write it: fenced, with comments, trailing commas, or raw line breaks in strings.
// Must never complete JSON that was cut off: half an answer is no answer.

/** The first JSON object (or list) in a text, or undefined. */
export function readLenientJson(text: string, opening: '{' | '[' = '{'): unknown {
  const start = text.indexOf(opening);
  if (start < 0) return undefined;
  const end = endOfObject(text, start);
  if (end === undefined) return undefined;
  const body = text.slice(start, end);
  for (const attempt of [body, repair(body)]) {
    try {
      return JSON.parse(attempt);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Index after the brace that closes the object at `start`; undefined if it never closes. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index);
    else if (character === '/' && (text[index + 1] === '/' || text[index + 1] === '*')) index = endOfComment(text, index) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index;
  }
  return text.length;
}

function endOfComment(text: string, start: number): number {
  const isLine = text[start + 1] === '/';
  const end = text.indexOf(isLine ? '\n' : '*/', start + 2);
  return end < 0 ? text.length : end + (isLine ? 0 : 2);
}

function repair(text: string): string {
  let result = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if (character === '"') {
      const end = endOfString(text, index);
      result += text
        .slice(index, end + 1)
        .replaceAll('\n', '\\n')
        .replaceAll('\r', '\\r')
        .replaceAll('\t', '\\t')
        // A backslash that begins no escape of JSON's was meant as itself.
        .replaceAll(/\\(?=[^"\\/bfnrtu])/g, '\\\\');
      index = end;
    } else if (character === '/' && (text[index + 1] === '/' || text[index + 1] === '*')) {
      index = endOfComment(text, index) - 1;
    } else if (character === ',' && /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*[}\]]/.test(text.slice(index + 1, index + 400))) {
      continue;
    } else result += character;
  }
  return result;
}
