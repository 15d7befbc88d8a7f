/**
 * The frame check sequence of Ethernet (IEEE 802.3, 3.2.9): CRC-32 with polynomial 0x04c11db7, bits reflected, start
 * and final value all ones. The field goes out least significant byte first.
 */
import { u8 } from "../base/bytes.ts";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC of `length` bytes from `at`, unsigned; `start` continues the CRC of the bytes before. */
export function crc32(bytes: Uint8Array, at = 0, length = bytes.length - at, start = 0): number {
  let rest = ~start;
  for (let i = at; i < at + length; i++) rest = (rest >>> 8) ^ (TABLE[(rest ^ u8(bytes, i)) & 255] as number);
  return ~rest >>> 0;
}
