// The kinds of tokens and named masks of a template, and the classes of characters that tokens are made of.
// Must never scan a message; value-scans.ts and token-scanner.ts do.

/** Kinds of tokens. Below {@link firstMask} they are literals. */
export const token = {
  word: 0,
  /** Letters with a digit or two, `eth0` or `L3`: a literal until a second value shows that it varies. */
  soft: 1,
  /** What programs print for no value: `null`, `n/a`, `-`, `****`, empty brackets. */
  absent: 2,
  /** A literal skeleton with digits masked: `core.<num>`, `<num> bytes`. */
  shaped: 3,
  number: 4,
  hex: 5,
  uuid: 6,
  ip: 7,
  mac: 8,
  path: 9,
  url: 10,
  duration: 11,
  size: 12,
  timestamp: 13,
  email: 14,
  quoted: 15,
  host: 16,
  identifier: 17,
  flag: 18,
  any: 19,
} as const;

/** Kinds from here on stand for values; those below are literals, `shaped` being both. */
export const firstMask = token.shaped;

/** What a mask prints as, by kind. */
export const maskText: readonly string[] =
  ',,,,<num>,<hex>,<uuid>,<ip>,<mac>,<path>,<url>,<duration>,<size>,<time>,<email>,<quoted>,<host>,<id>,<bool>,<*>'.split(',');

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
