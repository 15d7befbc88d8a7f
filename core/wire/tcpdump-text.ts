/** What the parts of the text printer share: the packet being printed, its options, and tcpdump's hex dump. */
import { hexByte, u8 } from "../base/bytes.ts";
import type { SequenceOrigins } from "./tcpdump-flows.ts";

export type Sheet = {
  readonly bytes: Uint8Array;
  /** Behind the last captured byte, or behind the enclosing IPv4 packet when that ends earlier. */
  readonly end: number;
  /** How many `-v`. */
  readonly verbosity: number;
  /** `-e`. */
  readonly linkHeader: boolean;
  /** `-q`. */
  readonly quiet: boolean;
  /** Show as bytes what cannot be printed otherwise. */
  readonly dumpUnknown: boolean;
  /** Where each flow's sequence numbers start; null for `-S`. */
  readonly origins: SequenceOrigins | null;
};

/** What stands where the captured bytes end too early. */
export const cut = (protocol: string): string => ` [|${protocol}]`;

export const has = (sheet: Sheet, at: number, length: number): boolean => at + length <= sheet.end;

/** Lines of 16 bytes: offset, groups of two, and with `ascii` the printable characters. */
export function hexDump(bytes: Uint8Array, from: number, to: number, ascii: boolean): string {
  let text = "";
  for (let line = from; line < to; line += 16) {
    const end = Math.min(line + 16, to);
    let groups = "";
    let characters = "";
    for (let i = line; i < end; i++) {
      const byte = u8(bytes, i);
      groups += ((i - line) % 2 === 0 ? " " : "") + hexByte(byte);
      characters += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
    }
    const offset = (line - from).toString(16).padStart(4, "0");
    text += `\n\t0x${offset}: ${ascii ? `${groups.padEnd(40)}  ${characters}` : groups}`;
  }
  return text;
}

/** The checksum a field should hold, given what the sum over everything came to. */
export function checksumWanted(field: number, computed: number): number {
  const sum = field + computed;
  return (sum & 0xffff) + (sum >>> 16);
}
