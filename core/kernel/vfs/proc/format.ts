/** printf's widths, for files whose columns programs rely on. */
import type { Ipv4Address } from "../../../wire/address.ts";

export const right = (value: number | string, width: number): string => String(value).padStart(width);
export const left = (value: number | string, width: number): string => String(value).padEnd(width);
/** %0*X. */
export const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");
/** %08x. */
export const hex32 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");

/** An address as /proc prints it: the bytes as they lie in memory, read as a number by a little-endian machine. */
export function memoryHex(address: Ipv4Address): string {
  const swapped = ((address & 0xff) << 24) | ((address & 0xff00) << 8) | ((address >>> 8) & 0xff00) | (address >>> 24);
  return hex(swapped >>> 0, 8);
}
