/** Values in a display filter, and how they compare with what the dissector shows. */
import { parseIpv4 } from "../address.ts";

export type FilterValue =
  | { readonly kind: "number"; readonly number: number; readonly text: string }
  /** IPv4 prefix: `10.0.0.0/8`, or 32 bits of one address. */
  | { readonly kind: "prefix"; readonly address: number; readonly bits: number; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

/** @param quoted a quoted word is a text, whatever it looks like. */
export function readFilterValue(word: string, quoted: boolean): FilterValue {
  if (quoted) return { kind: "text", text: word };
  if (/^(0x[0-9a-f]+|-?\d+(\.\d+)?)$/i.test(word)) return { kind: "number", number: Number(word), text: word };
  if (/^true$/i.test(word)) return { kind: "number", number: 1, text: word };
  if (/^false$/i.test(word)) return { kind: "number", number: 0, text: word };
  const [, address = "", bits] = /^([\d.]+)(?:\/(\d+))?$/.exec(word) ?? [];
  const parsed = parseIpv4(address);
  const length = bits === undefined ? 32 : Number(bits);
  if (parsed.ok && length <= 32) return { kind: "prefix", address: parsed.value, bits: length, text: word };
  // MAC addresses are shown in lower case with colons.
  return { kind: "text", text: /^([0-9a-f]{2}[:.-]){5}[0-9a-f]{2}$/i.test(word) ? macText(word) : word };
}

const macText = (word: string): string => word.toLowerCase().replace(/[.-]/g, ":");

/**
 * Order of a field's value and a filter's: negative, 0, positive; null when they cannot be compared. Within a prefix
 * all addresses are equal.
 */
export function compareFilterValue(field: number | string, value: FilterValue): number | null {
  if (value.kind === "number") {
    const number = numberOf(field);
    return Number.isNaN(number) ? null : number - value.number;
  }
  if (value.kind === "prefix") {
    const parsed = parseIpv4(String(field));
    if (!parsed.ok) return null;
    const size = 2 ** (32 - value.bits);
    return Math.floor(parsed.value / size) - Math.floor(value.address / size);
  }
  const text = String(field);
  return text < value.text ? -1 : Number(text > value.text);
}

/** Shown as a number, or in hexadecimal with 0x. */
export function numberOf(field: number | string): number {
  if (typeof field === "number") return field;
  return /^(0x[0-9a-f]+|\d+)$/i.test(field) ? Number(field) : NaN;
}
