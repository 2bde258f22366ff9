// Reads how a value is given to a name: `name=value`, `"name": "value"`, `name => 'value'`, `<name>value</name>`, `--name value`.
// Must never judge either; it says where they stand.
import { LETTER, NAME, QUOTE, VALUE_END, runEnd, runStart, textOf } from './byte-classes.ts';

/** How sure it is that the value belongs to the name. */
export type AssignmentForm =
  /** A sign such as `=`, or quotes. */
  | 'assigned'
  /** A colon and a blank, as in YAML, headers and prose. */
  | 'colon'
  /** Behind a command's flag. */
  | 'flag'
  /** In the next column of a table, a bar or a tab between them, or in brackets. */
  | 'column'
  /** Only a blank: prose. */
  | 'blank';

export interface Assignment {
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly form: AssignmentForm;
  readonly isQuoted: boolean;
  readonly start: number;
  readonly end: number;
}

const mostName = 64;
const mostValue = 8192;
const mostBlanks = 24;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;
const COMMA = 0x2c;
const COLON = 0x3a;
const LESS = 0x3c;
const EQUALS = 0x3d;
const MORE = 0x3e;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const OPEN = 0x28;
const STAR = 0x2a;
const BRACKET = 0x5b;
const BRACE = 0x7b;
const AND = 0x26;
const BANG = 0x21;
const ESCAPE = 0x1b;
const BAR = 0x7c;

/** `=`, `:`, `:=`, `=>`, `?=`, `||=`, `.=`, `->` and their like. */
const OPERATOR = Uint8Array.from({ length: 256 }, (_unused, code) => (':=>?|.~+-'.includes(String.fromCharCode(code)) ? 1 : 0));
const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB;

/** @param at somewhere in the name */
export function readAssignment(bytes: Uint8Array, at: number): Assignment | undefined {
  const nameStart = runStart(bytes, at, NAME, at - mostName);
  const nameEnd = runEnd(bytes, at, NAME, at + mostName);
  const marked = behindMarkup(bytes, nameStart, nameEnd);
  if (marked >= 0) return valueAt(bytes, nameStart, nameEnd, marked, 'assigned');
  let i = nameEnd;
  // Closing signs of the name: `"name"`, `\"name\"`, `['name']`.
  let isQuotedName = false;
  while (i - nameEnd < 4 && (QUOTE[bytes[i] ?? 0] === 1 || bytes[i] === BACKSLASH || bytes[i] === 0x5d || bytes[i] === STAR)) {
    if (QUOTE[bytes[i] as number] === 1) isQuotedName = true;
    i += 1;
  }
  const afterName = i;
  i = skipBlanks(bytes, i);
  const valueWord = behindValueWord(bytes, nameStart, afterName, isQuotedName);
  if (valueWord >= 0) return valueAt(bytes, nameStart, nameEnd, valueWord, 'assigned');
  // `var token string = …`
  if (i > afterName && LETTER[bytes[i] ?? 0] === 1) {
    const word = runEnd(bytes, i, LETTER, i + 8);
    if (/^(?:string|str|text|is|was|to)$/i.test(textOf(bytes, i, word))) {
      const next = skipBlanks(bytes, word);
      if (bytes[next] === EQUALS || bytes[next] === COLON) i = next;
      else if (word - i < 4) return valueAt(bytes, nameStart, nameEnd, next, 'blank');
    }
  }
  if (isEncodedEquals(bytes, i)) return valueAt(bytes, nameStart, nameEnd, bytes.indexOf(0x33, i) + 2, 'assigned');
  const operatorEnd = runEnd(bytes, i, OPERATOR, i + 5);
  // `pepper::AutoBuffer` names a scope.
  if (operatorEnd === i + 2 && bytes[i] === COLON && bytes[i + 1] === COLON) return undefined;
  if (operatorEnd > i && hasAssigningSign(bytes, i, operatorEnd)) {
    const start = skipBlanks(bytes, operatorEnd);
    const isXml = operatorEnd - i === 1 && bytes[i] === MORE;
    if (isXml) return undefined;
    const isColon = bytes[operatorEnd - 1] === COLON && operatorEnd - i === 1;
    return valueAt(bytes, nameStart, nameEnd, start, isColon && start > operatorEnd && !isQuotedName ? 'colon' : 'assigned');
  }
  // `password("value")`, `Password(value)`
  if (i === nameEnd && bytes[i] === OPEN) {
    if (QUOTE[bytes[i + 1] ?? 0] !== 1) return valueAt(bytes, nameStart, nameEnd, i + 1, 'column');
    const value = valueAt(bytes, nameStart, nameEnd, i + 1, 'assigned');
    return value !== undefined && hasBlank(bytes, value.start, value.end) ? undefined : value;
  }
  // `setProperty("name", "value")`, `('name', 'value')`
  // `{name,"value"}`, `{name,<<"value">>}` of Erlang
  if ((isQuotedName || bytes[nameStart - 1] === BRACE) && bytes[i] === COMMA) {
    let start = skipBlanks(bytes, i + 1);
    if (bytes[start] === LESS && bytes[start + 1] === LESS) start += 2;
    return QUOTE[bytes[start] ?? 0] === 1 ? valueAt(bytes, nameStart, nameEnd, start, 'assigned') : undefined;
  }
  if (afterName !== nameEnd) return undefined;
  const column = bytes[i] === BAR ? skipBlanks(bytes, i + 1) : bytes[nameEnd] === TAB ? i : -1;
  if (column >= 0) return valueAt(bytes, nameStart, nameEnd, column, 'column');
  return i > afterName ? valueAt(bytes, nameStart, nameEnd, i, isFlag(bytes, nameStart) ? 'flag' : 'blank') : undefined;
}

/** `--name`, and `-name` where a word begins. */
function isFlag(bytes: Uint8Array, nameStart: number): boolean {
  if (bytes[nameStart] !== DASH) return false;
  const before = bytes[nameStart - 1] ?? SPACE;
  return bytes[nameStart + 1] === DASH || isBlank(before) || QUOTE[before] === 1;
}

function valueAt(bytes: Uint8Array, nameStart: number, nameEnd: number, from: number, form: AssignmentForm): Assignment | undefined {
  let start = form === 'assigned' || form === 'colon' ? unwrapped(bytes, from) : from;
  let escapes = 0;
  while (bytes[start + escapes] === BACKSLASH && escapes < 4) escapes += 1;
  const quote = bytes[start + escapes] ?? 0;
  if (QUOTE[quote] === 1) {
    start += escapes + 1;
    const end = closingQuote(bytes, start, quote, escapes);
    return end > start ? { nameStart, nameEnd, form, isQuoted: true, start, end } : undefined;
  }
  let end = start;
  const limit = Math.min(bytes.length, start + mostValue);
  while (end < limit && VALUE_END[bytes[end] as number] !== 1 && !isEscapedEnd(bytes, end) && !isNextPair(bytes, end)) end += 1;
  // `%26` parts what is encoded once more.
  while (end > start && bytes[end - 1] === 0x2e) end -= 1;
  // `${NAME}` and `$(command)` are whole.
  if (end === start + 1 && bytes[start] === 0x24 && (bytes[end] === 0x7b || bytes[end] === 0x28)) return undefined;
  return end > start ? { nameStart, nameEnd, form, isQuoted: false, start, end } : undefined;
}

/** What languages put around a text where they show one: `Some("…")`, `b'…'`, `["…"]`, `Optional[…]`; and the signs of a block in YAML. */
const wrapper =
  /^(?:(?:Some|Just|Ok|Optional|Secret|SecretStr|SecretString|Redacted|String|StringValue|Value|Text|SensitiveString|str|bytes)[([{]{1,2}|[bBuUrRfFNL]{1,2}(?=["'])|&\w{1,32} |!{1,2}\w{1,16} |[^ -\uffff]\[[\d;]{0,12}m|\[{1,2}(?=["'A-Za-z0-9])|[|>][-+0-9]{0,2}\r?\n[ \t]{1,40}(?=\S))/;

function unwrapped(bytes: Uint8Array, from: number): number {
  const first = bytes[from] ?? 0;
  if (LETTER[first] !== 1 && ![BRACKET, BAR, MORE, AND, BANG, ESCAPE].includes(first)) return from;
  const match = wrapper.exec(textOf(bytes, from, Math.min(bytes.length, from + 64)));
  return match === null ? from : from + match[0].length;
}

/** Where the value ends that a quote began; the line's end if nothing closes it. */
function closingQuote(bytes: Uint8Array, start: number, quote: number, escapes: number): number {
  const limit = Math.min(bytes.length, start + mostValue);
  let i = start;
  while (i < limit) {
    const byte = bytes[i] as number;
    if (byte === LINE_FEED || byte === RETURN) return i;
    if (byte === BACKSLASH) {
      let slashes = 1;
      while (bytes[i + slashes] === BACKSLASH) slashes += 1;
      const next = bytes[i + slashes];
      // As many backslashes as before the opening quote close it; more belong to the value.
      if (next === quote && slashes <= escapes) return i;
      i += next === LINE_FEED || next === RETURN ? slashes : slashes + 1;
      continue;
    }
    if (byte === quote) return i;
    i += 1;
  }
  return limit;
}

/** `\n`, `\t`, `\r`, `\"` written out end a value without quotes. */
function isEscapedEnd(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== BACKSLASH) return false;
  const next = bytes[at + 1] ?? 0;
  return next === 0x6e || next === 0x72 || next === 0x74 || next === 0x75 || next === BACKSLASH || QUOTE[next] === 1;
}

/** `|name=`: the bar parts settings. Elsewhere it is part of the value. */
function isNextPair(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x7c) return false;
  const end = runEnd(bytes, at + 1, NAME, at + 1 + mostName);
  return end > at + 1 && (bytes[end] === EQUALS || bytes[end] === COLON);
}

/** `%3D` or `%3A`, also encoded once or twice more: `%253D`. */
function isEncodedEquals(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== PERCENT) return false;
  let i = at + 1;
  while (i < at + 6 && bytes[i] === 0x32 && bytes[i + 1] === 0x35) i += 2;
  if (bytes[i] !== 0x33) return false;
  const last = (bytes[i + 1] ?? 0) | 0x20;
  return last === 0x64 || last === 0x61;
}

function hasAssigningSign(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i] === EQUALS || bytes[i] === COLON || bytes[i] === MORE) return true;
  return false;
}

/** Where the value begins of `<name>`, `<ns:name attribute="…"><![CDATA[`, `<key>name</key><string>`, and of quotes written as `&quot;` or `\u0022`; -1 else. */
function behindMarkup(bytes: Uint8Array, nameStart: number, nameEnd: number): number {
  const next = bytes[nameEnd] ?? 0;
  const before = bytes[nameStart - 1] ?? 0;
  if (before === LESS || (before === COLON && next !== COLON)) return behindTag(bytes, nameStart, nameEnd);
  if (
    next === ESCAPE ||
    ((next === AND || next === BACKSLASH) && QUOTE[bytes[nameEnd + 1] ?? 0] !== 1) ||
    (next === LESS && before === MORE)
  ) {
    const match = escapedSign.exec(textOf(bytes, nameEnd, Math.min(bytes.length, nameEnd + 96)));
    return match === null ? -1 : nameEnd + match[0].length;
  }
  return -1;
}

const escapedSign =
  /^(?:(?:&quot;|&#34;|&#x22;|&#39;|&apos;|\\{1,4}u002[27]) ?[:=] ?(?:&quot;|&#34;|&#x22;|&#39;|&apos;|\\{1,4}u002[27])|(?:[^ -\uffff]\[[\d;]{0,12}m){1,2} ?[:=] ?(?:[^ -\uffff]\[[\d;]{0,12}m){0,2}|<\/key>\s{0,40}<string>)/;

function behindTag(bytes: Uint8Array, nameStart: number, nameEnd: number): number {
  if (bytes[nameStart - 1] === COLON) {
    const prefix = runStart(bytes, nameStart - 1, NAME, nameStart - 1 - 32);
    if (bytes[prefix - 1] !== LESS) return -1;
  }
  const match = /^(?:\s[^<>]{0,120})?>\s{0,24}(?:<!\[CDATA\[)?/.exec(textOf(bytes, nameEnd, Math.min(bytes.length, nameEnd + 160)));
  return match === null ? -1 : nameEnd + match[0].length;
}

const valueWord =
  /^[ ,\\]{0,4}(?:\r?\n[ \t]{0,40})?["'\\]{0,4}(?:[Vv]alue|string_?[Vv]alue)["'\\]{0,4} ?[:=] ?(?:\{\s{0,40}\\?"stringValue\\?" ?: ?)?(?=\\{0,3}["'])/;
const valueBelow = /^(?:\r?\n[ \t]{1,40}value: (?=[^\s"'&*|>{[])|(?:\r?\n){2}(?=\S))/;

/**
 * The name is itself the value of something: `"DB_PASSWORD","value":"`, `"Password" value="`, `name: DB_PASSWORD` with `value:` in the
 * next line, and the parts of a form. @returns where the value begins or its quote opens
 */
function behindValueWord(bytes: Uint8Array, nameStart: number, from: number, isQuotedName: boolean): number {
  const next = bytes[from] ?? 0;
  if (!isQuotedName && next !== LINE_FEED && next !== RETURN) return -1;
  const text = textOf(bytes, from, Math.min(bytes.length, from + 96));
  const match =
    valueWord.exec(text) ??
    (/(?:name|key)["']? ?[:=] ?["']?$/i.test(textOf(bytes, Math.max(0, nameStart - 10), nameStart)) ? valueBelow.exec(text) : null);
  return match === null ? -1 : from + match[0].length;
}

function hasBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (isBlank(bytes[i] as number)) return true;
  return false;
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let i = from;
  while (i - from < mostBlanks && isBlank(bytes[i] ?? 0)) i += 1;
  return i;
}
