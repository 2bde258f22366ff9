// The kinds of tokens and named masks of a template, and the classes of characters that tokens are made of.
// Must never scan a message; value-scans.ts and token-scanner.ts do.

/** Kinds of tokens. Below {@link firstMask} they are literals. */
export const token = {
  word: 0,
  /** Letters with a digit or two, `eth0` or `L3`: a literal until a second value shows that it varies. */
  soft: 1,
  /** A literal skeleton with digits masked: `core.<num>`. */
  shaped: 2,
  number: 3,
  hex: 4,
  uuid: 5,
  ip: 6,
  mac: 7,
  path: 8,
  url: 9,
  duration: 10,
  size: 11,
  timestamp: 12,
  email: 13,
  quoted: 14,
  host: 15,
  identifier: 16,
  any: 17,
} as const;

export type TokenKind = (typeof token)[keyof typeof token];

export const firstMask = token.shaped;

/** What a mask prints as, by kind. */
export const maskText: readonly string[] = [
  '',
  '',
  '',
  '<num>',
  '<hex>',
  '<uuid>',
  '<ip>',
  '<mac>',
  '<path>',
  '<url>',
  '<duration>',
  '<size>',
  '<time>',
  '<email>',
  '<quoted>',
  '<host>',
  '<id>',
  '<*>',
];

const digitClass = 1;
const letterClass = 2;
const delimiterClass = 4;
const hexClass = 8;
const partClass = 16;

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isDelimiter(code: number): boolean {
  return code < 128 && ((charClasses[code] ?? 0) & delimiterClass) !== 0;
}

/** Classes of ASCII characters; everything above 127 counts as a letter. */
export const charClasses: Uint8Array = buildClasses();

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(128);
  for (let code = 0; code < 128; code++) {
    let bits = 0;
    if (code >= 48 && code <= 57) bits |= digitClass | hexClass;
    const lower = code | 32;
    if (lower >= 97 && lower <= 122) bits |= letterClass;
    if (lower >= 97 && lower <= 102) bits |= hexClass;
    classes[code] = bits;
  }
  for (let code = 0; code <= 32; code++) classes[code] = delimiterClass;
  for (const char of ',;:=()[]{}"\'<>|`!?\\') classes[char.charCodeAt(0)] = delimiterClass;
  // Where a skeleton is cut: the benchmark's correction rules and people alike keep `core.` in `core.123`.
  for (const char of '.-@#$%&+~/') classes[char.charCodeAt(0)] = (classes[char.charCodeAt(0)] ?? 0) | partClass;
  return classes;
}

/** Class bits, for the scanner that walks messages. */
export const classBits = { digit: digitClass, letter: letterClass, delimiter: delimiterClass, hex: hexClass, part: partClass } as const;
