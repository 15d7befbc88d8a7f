/** Checks of what programs hand to the library: a wrong value is named at once, before it is on its way to the host. */
import { encode, TEXT_UNITS_MAX, type Data } from "./kernel.ts";

const NativeTypeError = TypeError;
const NativePromise = Promise;
const NativeBytes = Uint8Array;
const isInteger = Number.isInteger;

const forgotten = (value: unknown): string =>
  value instanceof NativePromise ? `a promise: is there an "await" missing?` : typeof value;

/** A whole number that a program gave, 0 or more. */
export function natural(value: unknown, what: string): number {
  if (typeof value === "number" && isInteger(value) && value >= 0) return value;
  throw new NativeTypeError(`${what} is ${typeof value === "number" ? value : forgotten(value)}`);
}

export function descriptor(value: unknown, call: string): number {
  if (typeof value === "number" && isInteger(value)) return value;
  throw new NativeTypeError(`${call}: the descriptor is ${typeof value === "number" ? value : forgotten(value)}`);
}

export function string(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new NativeTypeError(`${what} is ${forgotten(value)}`);
}

/** Data that a program gave, in bytes where it would be too long as a string. */
export function dataOf(value: unknown, call: string): Data {
  if (typeof value === "string") return value.length <= TEXT_UNITS_MAX ? value : encode(value);
  if (value instanceof NativeBytes) return value;
  throw new NativeTypeError(`${call}: the data is ${forgotten(value)}, not a string or Uint8Array`);
}

export function bytesOf(value: unknown, call: string): Uint8Array {
  if (value instanceof NativeBytes) return value;
  throw new NativeTypeError(`${call}: the bytes are ${forgotten(value)}, not a Uint8Array`);
}
