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

/** `=`, `:`, `:=`, `=>`, `?=`, `||=`, `.=`, `->` and their like. */
const OPERATOR = Uint8Array.from({ length: 256 }, (_unused, code) => (':=>?|.~+-'.includes(String.fromCharCode(code)) ? 1 : 0));
const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB;

/** @param at somewhere in the name */
export function readAssignment(bytes: Uint8Array, at: number): Assignment | undefined {
  const nameStart = runStart(bytes, at, NAME, at - mostName);
  const nameEnd = runEnd(bytes, at, NAME, at + mostName);
  let i = nameEnd;
  // Closing signs of the name: `"name"`, `\"name\"`, `['name']`.
  let isQuotedName = false;
  while (i - nameEnd < 4 && (QUOTE[bytes[i] ?? 0] === 1 || bytes[i] === BACKSLASH || bytes[i] === 0x5d)) {
    if (QUOTE[bytes[i] as number] === 1) isQuotedName = true;
    i += 1;
  }
  const afterName = i;
  i = skipBlanks(bytes, i);
  const valueWord = isQuotedName ? behindValueWord(bytes, afterName) : -1;
  if (valueWord >= 0) return valueAt(bytes, nameStart, nameEnd, valueWord, 'assigned');
  // `var token string = …`
  if (i > afterName && LETTER[bytes[i] ?? 0] === 1) {
    const word = runEnd(bytes, i, LETTER, i + 8);
    if (/^(?:string|str|text|is|was)$/i.test(textOf(bytes, i, word))) {
      const next = skipBlanks(bytes, word);
      if (bytes[next] === EQUALS || bytes[next] === COLON) i = next;
      else if (word - i < 4) return valueAt(bytes, nameStart, nameEnd, next, 'blank');
    }
  }
  if (isEncodedEquals(bytes, i)) return valueAt(bytes, nameStart, nameEnd, i + 3, 'assigned');
  const operatorEnd = runEnd(bytes, i, OPERATOR, i + 5);
  if (operatorEnd > i && hasAssigningSign(bytes, i, operatorEnd)) {
    const start = skipBlanks(bytes, operatorEnd);
    const isXml = operatorEnd - i === 1 && bytes[i] === MORE;
    if (isXml && bytes[nameStart - 1] !== LESS) return undefined;
    if (isXml) return valueAt(bytes, nameStart, nameEnd, skipSpace(bytes, operatorEnd), 'assigned');
    const isColon = bytes[operatorEnd - 1] === COLON && operatorEnd - i === 1;
    return valueAt(bytes, nameStart, nameEnd, start, isColon && start > operatorEnd && !isQuotedName ? 'colon' : 'assigned');
  }
  // `setProperty("name", "value")`, `('name', 'value')`
  if (isQuotedName && bytes[i] === COMMA) {
    const start = skipBlanks(bytes, i + 1);
    return QUOTE[bytes[start] ?? 0] === 1 ? valueAt(bytes, nameStart, nameEnd, start, 'assigned') : undefined;
  }
  if (i > afterName && afterName === nameEnd) {
    const isFlag = bytes[nameStart] === DASH && bytes[nameStart + 1] === DASH;
    return valueAt(bytes, nameStart, nameEnd, i, isFlag ? 'flag' : 'blank');
  }
  return undefined;
}

function valueAt(bytes: Uint8Array, nameStart: number, nameEnd: number, from: number, form: AssignmentForm): Assignment | undefined {
  let start = from;
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
  return next === 0x6e || next === 0x72 || next === 0x74 || next === BACKSLASH || QUOTE[next] === 1;
}

/** `|name=`: the bar parts settings. Elsewhere it is part of the value. */
function isNextPair(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x7c) return false;
  const end = runEnd(bytes, at + 1, NAME, at + 1 + mostName);
  return end > at + 1 && (bytes[end] === EQUALS || bytes[end] === COLON);
}

/** `%3D` or `%3A`. */
function isEncodedEquals(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== PERCENT || bytes[at + 1] !== 0x33) return false;
  const last = (bytes[at + 2] ?? 0) | 0x20;
  return last === 0x64 || last === 0x61;
}

function hasAssigningSign(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i] === EQUALS || bytes[i] === COLON || bytes[i] === MORE) return true;
  return false;
}

/** `"DB_PASSWORD","value":"` and `"Password" value="`: where the second quote opens. */
function behindValueWord(bytes: Uint8Array, from: number): number {
  const text = textOf(bytes, from, Math.min(bytes.length, from + 32));
  const match = /^[ ,\\]{0,4}["'\\]{0,2}[Vv]alue["'\\]{0,2} ?[:=] ?(?=\\?["'])/.exec(text);
  return match === null ? -1 : from + match[0].length;
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let i = from;
  while (i - from < mostBlanks && isBlank(bytes[i] ?? 0)) i += 1;
  return i;
}

/** Blanks and line ends, for markup. */
function skipSpace(bytes: Uint8Array, from: number): number {
  let i = from;
  while (i - from < mostBlanks && (isBlank(bytes[i] ?? 0) || bytes[i] === LINE_FEED || bytes[i] === RETURN)) i += 1;
  return i;
}
