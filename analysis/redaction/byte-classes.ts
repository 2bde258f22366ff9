// Which bytes may stand in a token, a name or a number. Tables, so that hot loops ask with one load.
// Must never decode text: bytes from 0x80 up are in no class but `opaque`.

/** One entry a byte, 1 where it belongs to the class. */
export type ByteClass = Uint8Array;

function classOf(characters: string, isHigh = false): ByteClass {
  const table = new Uint8Array(256);
  for (let i = 0; i < characters.length; i += 1) table[characters.charCodeAt(i)] = 1;
  if (isHigh) table.fill(1, 0x80);
  return table;
}

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const letters = lower + upper;

export const DIGIT = classOf(digits);
export const LOWER = classOf(lower);
export const UPPER = classOf(upper);
export const LETTER = classOf(letters);
export const ALNUM = classOf(digits + letters);
export const HEX = classOf(`${digits}abcdefABCDEF`);
/** Base64url, and what most tokens are made of. */
export const WORD = classOf(`${digits}${letters}_-`);
export const BASE64 = classOf(`${digits}${letters}+/=`);
/** What tokens with several parts are made of. */
export const TOKEN = classOf(`${digits}${letters}_-.+/=~:`);
/** In the name of a setting, header, variable or field. */
export const NAME = classOf(`${digits}${letters}_-.`);
export const QUOTE = classOf(`"'\``);
/** Ends a value without quotes; a line feed ends everything. */
export const VALUE_END = classOf(` \t\r\n"'\`,;&<>()[]{}\0\u001b`);
/** May stand in the user part of a URL. */
export const USER_INFO = classOf(`${digits}${letters}_-.~!$&()*+,;=:%@[]{}|^\\`, true);

const LINE_FEED = 0x0a;

/** Where the run of bytes of a class that begins at `from` ends. */
export function runEnd(bytes: Uint8Array, from: number, table: ByteClass, limit: number): number {
  const end = Math.min(limit, bytes.length);
  let i = from;
  while (i < end && table[bytes[i] as number] === 1) i += 1;
  return i;
}

/** Where the run of bytes of a class that ends before `to` begins. */
export function runStart(bytes: Uint8Array, to: number, table: ByteClass, limit: number): number {
  const start = Math.max(limit, 0);
  let i = to;
  while (i > start && table[bytes[i - 1] as number] === 1) i -= 1;
  return i;
}

/** Where the line that holds `at` ends: its line feed, or the end of all. */
export function lineEnd(bytes: Uint8Array, at: number): number {
  const found = bytes.indexOf(LINE_FEED, at);
  return found < 0 ? bytes.length : found;
}

/** Where the line that holds `at` begins, but at most `most` bytes back. */
export function lineStart(bytes: Uint8Array, at: number, most: number): number {
  const stop = Math.max(0, at - most);
  let i = at;
  while (i > stop && bytes[i - 1] !== LINE_FEED) i -= 1;
  return i;
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i += 1) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Roughly how often a byte stands in logs; only the order matters. */
export function commonness(code: number): number {
  if (DIGIT[code] === 1) return 12;
  const rank = 'etaoinsrcdlpmuhgfbykvwxjqz'.indexOf(String.fromCharCode(code));
  if (rank >= 0) return 20 - rank * 0.7;
  return code === 0x2d || code === 0x2e || code === 0x2f || code === 0x3a ? 8 : 2;
}
