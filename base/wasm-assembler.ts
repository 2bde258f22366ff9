// Writes WebAssembly modules from expressions that read like the loops they are, for scans that need vectors of 16 bytes.
// Must never know what is scanned for; it knows the binary format (webassembly.github.io/spec/core/binary) and no more.

/** Instructions in binary form. What leaves one value on the stack is used as an operand of others. */
export type Code = readonly number[];

/** A local variable of a function. */
export interface Variable {
  readonly get: Code;
  set(value: Code): Code;
}

type ValueType = 'i32' | 'i64' | 'v128';

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

/** Unsigned LEB128, what the format writes sizes and indexes in. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128, what it writes constants in. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

type Unary = (value: Code) => Code;
type Binary = (left: Code, right: Code) => Code;

const unary =
  (...opcode: number[]): Unary =>
  (value) => [...value, ...opcode];
const binary =
  (...opcode: number[]): Binary =>
  (left, right) => [...left, ...right, ...opcode];
const vector = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

function signedConstant(value: number): Code {
  return [0x41, ...signed(value | 0)];
}

/** 32-bit integers; comparisons are unsigned and leave 0 or 1. */
export const i32 = {
  of: signedConstant,
  load: (address: Code, offset = 0): Code => [...address, 0x28, 0, ...unsigned(offset)],
  loadByte: (address: Code, offset = 0): Code => [...address, 0x2d, 0, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x36, 0, ...unsigned(offset)],
  less: binary(0x49),
  isSet: (value: Code): Code => value,
  countTrailingZeros: unary(0x68),
  add: binary(0x6a),
  subtract: binary(0x6b),
  multiply: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  not: (value: Code): Code => [...value, ...signedConstant(-1), 0x73],
  shiftLeft: (value: Code, bits: number): Code => [...value, ...signedConstant(bits), 0x74],
  shiftRight: (value: Code, bits: number): Code => [...value, ...signedConstant(bits), 0x76],
  shiftRightBy: binary(0x76),
  /** The lower half. */
  fromI64: unary(0xa7),
};

/** 64-bit integers, as sets of 64 bits. */
export const i64 = {
  of: (value: number): Code => [0x42, ...signed(value)],
  fromI32: unary(0xad),
  and: binary(0x83),
  or: binary(0x84),
  subtract: binary(0x7d),
  not: (value: Code): Code => [...value, ...i64.of(-1), 0x85],
  isSet: (value: Code): Code => [...value, 0x50, 0x45],
  countTrailingZeros: unary(0x7a),
  shiftLeft: (value: Code, bits: number): Code => [...value, ...i64.of(bits), 0x86],
  shiftRight: (value: Code, bits: number): Code => [...value, ...i64.of(bits), 0x88],
};

/** 16 bytes at once. */
export const bytes16 = {
  load: (address: Code, offset = 0): Code => [...address, ...vector(0x00), 0, ...unsigned(offset)],
  /** The same byte 16 times. */
  of: (value: number): Code => [...i32.of(value), ...vector(0x0f)],
  /** For each byte of `indexes`, all below 16, the byte of `table` that stands there (relaxed, since what lies beyond isn't asked). */
  lookUp: (table: Code, indexes: Code): Code => [...table, ...indexes, ...vector(0x100)],
  equal: binary(...vector(0x23)),
  notEqual: binary(...vector(0x24)),
  less: binary(...vector(0x26)),
  and: binary(...vector(0x4e)),
  or: binary(...vector(0x50)),
  /** One bit a byte, its highest. */
  bits: unary(...vector(0x64)),
  /** Two bytes at a time, of which the lower gets bits of the higher: processors have no such instruction for single bytes. */
  shiftRightPairs: (value: Code, bits: number): Code => [...value, ...i32.of(bits), ...vector(0x8d)],
  subtract: binary(...vector(0x71)),
};

const blockEmpty = 0x40;
const end = 0x0b;

/** Repeats `body` while `condition` (i32) isn't 0; asked before each turn. */
export function whilst(condition: Code, ...body: readonly Code[]): Code {
  return [0x02, blockEmpty, 0x03, blockEmpty, ...condition, 0x45, 0x0d, 1, ...body.flat(), 0x0c, 0, end, end];
}

/** Runs `visit` for each bit of `bits`, lowest first; the trailing zeroes of `bits` are its number. They are 0 afterwards. */
export function forEachBit(bits: Variable, type: typeof i32 | typeof i64, ...visit: readonly Code[]): Code {
  return whilst(type.isSet(bits.get), ...visit, bits.set(type.and(bits.get, type.subtract(bits.get, type.of(1)))));
}

/** Goes through memory from one address to another. */
export interface FunctionDefinition {
  readonly name: string;
  /** @returns code that leaves the result. Addresses and results are i32 */
  readonly body: (from: Variable, to: Variable, declare: (type: ValueType) => Variable) => Code;
}

/** @returns a module of these functions over an imported memory `env.memory` */
export function assemble(functions: readonly FunctionDefinition[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
  const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
  const name = (text: string): number[] => list(Array.from(text, (char) => [char.charCodeAt(0)]));
  const i32Code = typeCodes.i32;
  const type = [0x60, 2, i32Code, i32Code, 1, i32Code];
  const memory = [...name('env'), ...name('memory'), 0x02, 0x00, 0x01];
  const exported = functions.map((each, index) => [...name(each.name), 0x00, ...unsigned(index)]);
  const code = functions.map((each) => {
    const body = bodyOf(each);
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...magic,
    ...section(1, list([type])),
    ...section(2, list([memory])),
    ...section(3, list(functions.map(() => [0]))),
    ...section(7, list(exported)),
    ...section(10, list(code)),
  ]);
}

/** `\0asm`, version 1. */
const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

function bodyOf({ body }: FunctionDefinition): number[] {
  const declared: ValueType[] = [];
  const variable = (index: number): Variable => ({
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
  });
  const code = body(variable(0), variable(1), (type) => variable(1 + declared.push(type)));
  return [...unsigned(declared.length), ...declared.flatMap((type) => [1, typeCodes[type]]), ...code, end];
}
