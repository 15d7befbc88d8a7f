/**
 * Header fields as data, for the dissector: a table per protocol says where each field lies and how it is shown, and
 * one function reads any table. Names are Wireshark's display filter names, values as `tshark -T fields` prints them.
 */
import { hexByte, u16, u32, u8 } from "../base/bytes.ts";
import { formatIpv4, formatMac, readIpv4, readMac } from "./address.ts";

/** Half open: the first byte, and the one behind the last. */
export type ByteRange = readonly [from: number, to: number];

export type Field = {
  readonly name: string;
  readonly label: string;
  readonly value: number | string;
  readonly range: ByteRange;
  /** What is wrong with the value. */
  readonly error?: string;
};

export type FieldSpec = {
  readonly name: string;
  readonly label: string;
  /** Offset in the header. */
  readonly at: number;
  readonly size: 1 | 2 | 4 | 6;
  /** The bits of the field; its lowest bit becomes bit 0 of the value. */
  readonly mask?: number;
  /** What one unit of the field is worth, such as 4 for a length in words. */
  readonly scale?: number;
  readonly show?: "hex" | "ipv4" | "mac";
};

/** The fields of the header at `at` that end before `to`, in the table's order. */
export function readFields(specs: readonly FieldSpec[], bytes: Uint8Array, at: number, to: number): Field[] {
  const fields: Field[] = [];
  for (const spec of specs) {
    const from = at + spec.at;
    if (from + spec.size > to) continue;
    fields.push({
      name: spec.name,
      label: spec.label,
      value: readField(spec, bytes, from),
      range: [from, from + spec.size],
    });
  }
  return fields;
}

function readField(spec: FieldSpec, bytes: Uint8Array, at: number): number | string {
  if (spec.show === "mac") return formatMac(readMac(bytes, at));
  if (spec.show === "ipv4") return formatIpv4(readIpv4(bytes, at));
  const raw = spec.size === 1 ? u8(bytes, at) : spec.size === 2 ? u16(bytes, at) : u32(bytes, at);
  const { mask, scale = 1 } = spec;
  const value = (mask === undefined ? raw : ((raw & mask) >>> 0) / (mask & -mask)) * scale;
  return spec.show === "hex" ? hexOf(value, spec.size) : value;
}

/** `0x` and two digits a byte. */
export const hexOf = (value: number, bytes: number): string => `0x${value.toString(16).padStart(2 * bytes, "0")}`;

/** The first bytes of a blob in hexadecimal, as a field's value: enough to recognise it by. */
export function hexPreview(bytes: Uint8Array, [from, to]: ByteRange): string {
  let text = "";
  for (let i = from; i < Math.min(to, from + 32); i++) text += hexByte(u8(bytes, i));
  return to - from > 32 ? `${text}...` : text;
}

/** The same list with `error` on the field of that name. */
export function markField(fields: readonly Field[], name: string, error: string): Field[] {
  return fields.map((field) => (field.name === name ? { ...field, error } : field));
}
