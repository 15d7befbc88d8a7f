/** The 802.1Q tag: the four bytes between an Ethernet source address and the real type (IEEE 802.1Q, clause 9). */
import { copyBytes, put16, u16 } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import type { WireError } from "./error.ts";
import { readFields, type Field, type FieldSpec } from "./fields.ts";

/** What follows the EtherType 0x8100: tag control information, the inner type, and the rest. */
export type Vlan = {
  /** Priority code point, 0 to 7. */
  readonly priority: number;
  readonly dropEligible: boolean;
  /** VLAN identifier, 0 to 4095; 0 is a priority tag, 4095 is reserved. */
  readonly id: number;
  readonly type: number;
  readonly payload: Uint8Array;
};

/** Offsets from the end of the EtherType that announced the tag. */
export const VLAN = { control: 0, type: 2 } as const;
export const VLAN_TAG_BYTES = 4;
export const VLAN_ID_MASK = 0x0fff;
export const VLAN_DROP_ELIGIBLE = 0x1000;
export const VLAN_PRIORITY_SHIFT = 13;
export const VLAN_ID_MAX = 4094;

export function parseVlan(bytes: Uint8Array): Result<Vlan, WireError> {
  if (bytes.length < VLAN_TAG_BYTES) return bad("truncated");
  const control = u16(bytes, VLAN.control);
  return good({
    priority: control >>> VLAN_PRIORITY_SHIFT,
    dropEligible: (control & VLAN_DROP_ELIGIBLE) !== 0,
    id: control & VLAN_ID_MASK,
    type: u16(bytes, VLAN.type),
    payload: bytes.subarray(VLAN_TAG_BYTES),
  });
}

export const vlanControl = (tag: Pick<Vlan, "priority" | "dropEligible" | "id">): number =>
  (tag.priority << VLAN_PRIORITY_SHIFT) | (tag.dropEligible ? VLAN_DROP_ELIGIBLE : 0) | tag.id;

export function emitVlan(tag: Vlan): Uint8Array {
  const bytes = new Uint8Array(VLAN_TAG_BYTES + tag.payload.length);
  put16(bytes, VLAN.control, vlanControl(tag));
  put16(bytes, VLAN.type, tag.type);
  copyBytes(tag.payload, 0, bytes, VLAN_TAG_BYTES, tag.payload.length);
  return bytes;
}

const FIELDS: readonly FieldSpec[] = [
  { name: "vlan.priority", label: "Priority", at: VLAN.control, size: 2, mask: 0xe000 },
  { name: "vlan.dei", label: "Drop eligible", at: VLAN.control, size: 2, mask: VLAN_DROP_ELIGIBLE },
  { name: "vlan.id", label: "VLAN", at: VLAN.control, size: 2, mask: VLAN_ID_MASK },
  { name: "vlan.etype", label: "Type", at: VLAN.type, size: 2, show: "hex" },
];

export const fieldsOfVlan = (bytes: Uint8Array, at: number, to: number): Field[] => readFields(FIELDS, bytes, at, to);
