/**
 * The bytes of a WebAssembly module (core specification, section 5), read and written as far as metering needs it:
 * LEB128 numbers, sections, and instructions to step over. Left out: SIMD, threads, exceptions and tail calls; an
 * instruction of theirs is an error, so that nothing passes through unmetered by mistake.
 */
import { assert } from "../base/assert.ts";

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
} as const;
export const VALUE_I32 = 0x7f;
export const FUNCTION_TYPE = 0x60;
/** Kind of an export. */
export const EXPORT_GLOBAL = 3;

/** Opcodes that metering looks for or writes. */
export const OP = {
  unreachable: 0x00,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  return: 0x0f,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32Eq: 0x46,
  i32LtS: 0x48,
  i32GtU: 0x4b,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  prefix: 0xfc,
} as const;
export const BLOCK_EMPTY = 0x40;
export const PREFIXED = { memoryCopy: 10, memoryFill: 11 } as const;

export class WasmReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    assert(value !== undefined && this.at <= this.end, "the module is not cut short");
    return value;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("a LEB128 number of more than 32 bits");
  }

  /** Signed LEB128 of at most 32 bits. */
  s32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      return shift < 28 && (byte & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
    }
    throw new Error("a LEB128 number of more than 32 bits");
  }

  /** Steps over a LEB128 number of any width. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  skip(count: number): void {
    this.at += count;
    assert(this.at <= this.end, "the module is not cut short");
  }
}

export class WasmWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  put(...bytes: readonly number[]): this {
    this.#reserve(bytes.length);
    for (const byte of bytes) this.#bytes[this.length++] = byte;
    return this;
  }

  copy(from: Uint8Array, start = 0, end = from.length): this {
    this.#reserve(end - start);
    this.#bytes.set(from.subarray(start, end), this.length);
    this.length += end - start;
    return this;
  }

  u32(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.put((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.put(rest);
  }

  /** Signed LEB128 of 32 bits, as i32.const takes it. */
  s32(value: number): this {
    let rest = value;
    while (rest < -64 || rest > 63) {
      this.put((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.put(rest & 0x7f);
  }

  /** A vector of bytes: its length, then they. */
  block(bytes: Uint8Array): this {
    return this.u32(bytes.length).copy(bytes);
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    grown.set(this.view());
    this.#bytes = grown;
  }
}

/** Steps over the immediates of an instruction whose opcode was just read. */
export function skipImmediates(reader: WasmReader, opcode: number): void {
  if (opcode === OP.prefix) return skipPrefixed(reader, reader.u32());
  const shape = IMMEDIATES[opcode];
  assert(shape !== undefined, "only instructions that metering knows");
  switch (shape) {
    case "none":
      return;
    case "number":
      return reader.skipNumber();
    case "two numbers":
      reader.skipNumber();
      return reader.skipNumber();
    case "numbers": {
      for (let count = reader.u32() + 1; count > 0; count--) reader.skipNumber();
      return;
    }
    case "types":
      return reader.skip(reader.u32());
    case "4 bytes":
      return reader.skip(4);
    case "8 bytes":
      return reader.skip(8);
  }
}

type Immediates = "none" | "number" | "two numbers" | "numbers" | "types" | "4 bytes" | "8 bytes";

/** By opcode (section 5.4). A block type is one LEB128 number, whichever of its forms it has. */
const IMMEDIATES: readonly (Immediates | undefined)[] = Array.from({ length: 256 }, (_, opcode) => {
  const isOneOf = (...opcodes: readonly number[]): boolean => opcodes.includes(opcode);
  if (isOneOf(0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2)) return "number";
  if (opcode >= 0x20 && opcode <= 0x26) return "number";
  if (opcode === 0x11 || (opcode >= 0x28 && opcode <= 0x3e)) return "two numbers";
  if (opcode === 0x0e) return "numbers";
  if (opcode === 0x1c) return "types";
  if (opcode === 0x43) return "4 bytes";
  if (opcode === 0x44) return "8 bytes";
  if (isOneOf(0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1)) return "none";
  return opcode >= 0x45 && opcode <= 0xc4 ? "none" : undefined;
});

/** Saturating conversions, bulk memory and tables: how many numbers follow each of 0xfc 0 .. 17. */
const PREFIXED_NUMBERS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1] as const;

function skipPrefixed(reader: WasmReader, opcode: number): void {
  const count = PREFIXED_NUMBERS[opcode];
  assert(count !== undefined, "only instructions that metering knows");
  for (let i = 0; i < count; i++) reader.skipNumber();
}
