// Reads the line that names an exception: `TypeError: x is undefined`, also behind a log header.
// Must never look at more than the lines it is given; frames are the language files' part.

/** The exception that a line names. */
export interface ExceptionHead {
  readonly type: string;
  readonly message: string;
}

/** Names end so in every language that has exceptions; anything else must stand at the start of its line. */
const NAME_ENDINGS = ['Error', 'Exception', 'Failure', 'Fault', 'Warning', 'Interrupt', 'Exit', 'Throwable', 'Panic', 'Timeout', 'Err'];

const MAX_NAME = 256;

/** Finds the first `Name: message` whose name ends like an exception's, or a line that ends in such a name. */
export function findExceptionHead(line: string): ExceptionHead | undefined {
  let from = 0;
  while (from < line.length) {
    const colon = line.indexOf(':', from);
    if (colon < 0) break;
    from = colon + 1;
    const next = line.charCodeAt(colon + 1);
    if (colon + 1 < line.length && next !== 0x20) continue;
    let end = colon;
    // `Error [ERR_X]: …` (Node), `RangeError (index): …` (Dart).
    const qualifier = line.charCodeAt(end - 1) === 0x5d ? '[' : line.charCodeAt(end - 1) === 0x29 ? '(' : undefined;
    if (qualifier !== undefined) {
      const open = line.lastIndexOf(qualifier, end);
      if (open > 0 && end - open < 64 && line.charCodeAt(open - 1) === 0x20) end = open - 1;
    }
    const name = nameBefore(line, end);
    if (name === '' || !isExceptionName(name)) continue;
    // Node prints an error whose name was set as `Error [CartError]: …`.
    const given = qualifier === '[' ? line.slice(end + 2, colon - 1) : '';
    const message = line.slice(colon + 1).trim();
    // `Unhandled Exception: Shop.PaymentError: …`: the general word introduces the name.
    const inner = name === 'Exception' || name === 'Error' ? leadingName(message) : undefined;
    if (inner !== undefined) continue;
    if (message === '' && name === 'Exception' && line.lastIndexOf(' ', end) > 0) continue;
    return { type: isExceptionName(given) ? given : name, message };
  }
  const trimmed = line.trimEnd();
  const name = nameBefore(trimmed, trimmed.length);
  return name !== '' && isExceptionName(name) ? { type: name, message: '' } : undefined;
}

/** Reads a line that begins with a name whatever it ends in: `PaymentDeclined: no funds`, `com.shop.Declined`. */
export function readExceptionHead(line: string): ExceptionHead | undefined {
  const text = line.trim();
  let end = 0;
  while (end < text.length && end < MAX_NAME && isNameCode(text.charCodeAt(end))) {
    // `a::b` belongs to a name, `a: b` ends it.
    if (text.charCodeAt(end) === 0x3a) {
      if (text.charCodeAt(end + 1) !== 0x3a) break;
      end += 1;
    }
    end += 1;
  }
  const first = text.charCodeAt(0);
  if (end === 0 || (first >= 0x30 && first <= 0x39) || first === 0x2e) return findExceptionHead(line);
  if (end === text.length) return { type: text, message: '' };
  if (text.charCodeAt(end) === 0x3a) return { type: text.slice(0, end), message: text.slice(end + 1).trim() };
  return findExceptionHead(line);
}

/** The last part of a qualified name begins with a capital and ends like an exception's. */
export function isExceptionName(name: string): boolean {
  let start = name.length;
  while (start > 0 && isWordCode(name.charCodeAt(start - 1))) start -= 1;
  const first = name.charCodeAt(start);
  if (first < 0x41 || first > 0x5a) return false;
  return NAME_ENDINGS.some((ending) => name.endsWith(ending));
}

/** The exception's name that a text begins with, if a colon follows it. */
function leadingName(text: string): string | undefined {
  let end = 0;
  while (end < text.length && end < MAX_NAME && isNameCode(text.charCodeAt(end)) && text.charCodeAt(end) !== 0x3a) end += 1;
  const name = text.slice(0, end);
  return text.charCodeAt(end) === 0x3a && isExceptionName(name) ? name : undefined;
}

function nameBefore(line: string, end: number): string {
  let start = end;
  while (start > 0 && end - start < MAX_NAME && isNameCode(line.charCodeAt(start - 1))) start -= 1;
  while (start < end && (line.charCodeAt(start) === 0x3a || line.charCodeAt(start) === 0x2e)) start += 1;
  return line.slice(start, end);
}

function isWordCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f || code > 0x7f;
}

/** Letters, digits, `_ $ . : \ /` and `+`, with which languages qualify names. */
function isNameCode(code: number): boolean {
  return (
    isWordCode(code) || code === 0x24 || code === 0x2e || code === 0x3a || code === 0x5c || code === 0x2f || code === 0x2b || code === 0x60
  );
}
