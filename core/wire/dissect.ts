/**
 * From bytes to layers and fields, for people: the packet view, exports and tests. Any bytes give a result: what is
 * missing or contradicts itself is an error in its layer, and the rest is still shown.
 * Left out: everything above TCP and UDP, IPv6, LLC, reassembly, whatever needs other packets.
 */
import { u16, u8 } from "../base/bytes.ts";
import { fieldsOfArp, ARP, ARPOP, parseArp } from "./arp.ts";
import { formatIpv4, formatMac } from "./address.ts";
import { LINKTYPE } from "./capture.ts";
import { dissectIpv4 } from "./dissect-ip.ts";
import { LayerList, type Layer } from "./dissect-layers.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_MIN,
  ETHERTYPE_RARP,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_VLAN,
  fieldsOfEthernet,
  parseEthernet,
} from "./ethernet.ts";
import { WIRE_ERRORS } from "./error.ts";
import { hexOf, readFields, type FieldSpec } from "./fields.ts";
import { FRAME_BYTES_MIN } from "./frame.ts";
import { VLAN_TAGS_MAX } from "./limits.ts";
import { fieldsOfVlan, VLAN, VLAN_ID_MASK, VLAN_TAG_BYTES } from "./vlan.ts";

export type DissectedPacket = {
  readonly layers: readonly Layer[];
  /** The summary of the last layer that is a protocol: one line for a list of packets. */
  readonly summary: string;
};

export function dissect(bytes: Uint8Array, linkType: number): DissectedPacket {
  const list = new LayerList(bytes);
  switch (linkType) {
    case LINKTYPE.ETHERNET:
      dissectEthernet(list, bytes);
      break;
    case LINKTYPE.RAW:
    case LINKTYPE.IPV4:
      endWithPadding(list, dissectIpv4(list, 0, bytes.length), 0);
      break;
    case LINKTYPE.NULL:
    case LINKTYPE.LOOP:
      dissectNull(list, bytes, linkType === LINKTYPE.LOOP);
      break;
    case LINKTYPE.LINUX_SLL:
      dissectCooked(list, bytes);
      break;
    default:
      list.data(0, bytes.length, `link type ${linkType}`);
  }
  return { layers: list.layers, summary: list.summary() };
}

function dissectEthernet(list: LayerList, bytes: Uint8Array): void {
  const frame = parseEthernet(bytes);
  const fields = fieldsOfEthernet(bytes, 0, bytes.length);
  if (!frame.ok) {
    list.add({ protocol: "eth", summary: "Ethernet", range: [0, bytes.length], fields, error: WIRE_ERRORS.truncated });
    return;
  }
  const { source, target, type } = frame.value;
  const summary = `Ethernet, ${formatMac(source)} > ${formatMac(target)}`;
  list.add({ protocol: "eth", summary, range: [0, ETHERNET_HEADER_BYTES], fields });
  if (type < ETHERTYPE_MIN) {
    const end = Math.min(ETHERNET_HEADER_BYTES + type, bytes.length);
    list.data(ETHERNET_HEADER_BYTES, end, "802.3 payload");
    endWithPadding(list, end, FRAME_BYTES_MIN);
    return;
  }
  endWithPadding(list, dissectTyped(list, { type, at: ETHERNET_HEADER_BYTES, to: bytes.length }), FRAME_BYTES_MIN);
}

/** What an EtherType announces. @returns where it ends, before padding. */
function dissectTyped(list: LayerList, from: { type: number; at: number; to: number }): number {
  const { bytes } = list;
  let { type, at } = from;
  for (let tags = 0; tags < VLAN_TAGS_MAX && (type === ETHERTYPE_VLAN || type === ETHERTYPE_SERVICE_VLAN); tags++) {
    const fields = fieldsOfVlan(bytes, at, from.to);
    if (at + VLAN_TAG_BYTES > from.to) {
      list.add({ protocol: "vlan", summary: "802.1Q", range: [at, from.to], fields, error: WIRE_ERRORS.truncated });
      return from.to;
    }
    const id = u16(bytes, at + VLAN.control) & VLAN_ID_MASK;
    list.add({ protocol: "vlan", summary: `802.1Q, VLAN ${id}`, range: [at, at + VLAN_TAG_BYTES], fields });
    type = u16(bytes, at + VLAN.type);
    at += VLAN_TAG_BYTES;
  }
  if (type === ETHERTYPE_IPV4) return dissectIpv4(list, at, from.to);
  if (type === ETHERTYPE_ARP || type === ETHERTYPE_RARP) return dissectArp(list, at, from.to);
  list.data(at, from.to, `EtherType ${hexOf(type, 2)}`);
  return from.to;
}

function dissectArp(list: LayerList, at: number, to: number): number {
  const { bytes } = list;
  const fields = fieldsOfArp(bytes, at, to);
  const parsed = parseArp(bytes.subarray(at, to));
  if (!parsed.ok) {
    list.add({ protocol: "arp", summary: "ARP", range: [at, to], fields, error: WIRE_ERRORS[parsed.error] });
    return to;
  }
  const { operation, senderIp, senderMac, targetIp } = parsed.value;
  let summary = `ARP operation ${operation}`;
  if (operation === ARPOP.REQUEST) summary = `Who has ${formatIpv4(targetIp)}? Tell ${formatIpv4(senderIp)}`;
  if (operation === ARPOP.REPLY) summary = `${formatIpv4(senderIp)} is at ${formatMac(senderMac)}`;
  const end = at + ARP.targetIp + 4;
  list.add({ protocol: "arp", summary, range: [at, end], fields });
  return end;
}

/** BSD loopback: a 32-bit address family in the host's byte order, or big-endian for LOOP. 2 is IPv4 everywhere. */
function dissectNull(list: LayerList, bytes: Uint8Array, bigEndian: boolean): void {
  if (bytes.length < 4) {
    list.add({
      protocol: "null",
      summary: "Loopback",
      range: [0, bytes.length],
      fields: [],
      error: WIRE_ERRORS.truncated,
    });
    return;
  }
  const little = !bigEndian && u8(bytes, 0) !== 0;
  const family = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, little);
  const fields = [{ name: "null.family", label: "Family", value: family, range: [0, 4] as const }];
  list.add({ protocol: "null", summary: "Loopback", range: [0, 4], fields });
  if (family === 2) endWithPadding(list, dissectIpv4(list, 4, bytes.length), 0);
  else list.data(4, bytes.length, `address family ${family}`);
}

const COOKED_HEADER_BYTES = 16;
const COOKED_FIELDS: readonly FieldSpec[] = [
  { name: "sll.pkttype", label: "Packet type", at: 0, size: 2 },
  { name: "sll.hatype", label: "Link-layer address type", at: 2, size: 2 },
  { name: "sll.halen", label: "Link-layer address bytes", at: 4, size: 2 },
  { name: "sll.src.eth", label: "Source", at: 6, size: 6, show: "mac" },
  { name: "sll.etype", label: "Protocol", at: 14, size: 2, show: "hex" },
];

/** Linux cooked capture, version 1: what packet sockets give for the pseudo-device "any". */
function dissectCooked(list: LayerList, bytes: Uint8Array): void {
  const fields = readFields(COOKED_FIELDS, bytes, 0, bytes.length);
  const whole = bytes.length >= COOKED_HEADER_BYTES;
  const range = [0, Math.min(COOKED_HEADER_BYTES, bytes.length)] as const;
  const summary = "Linux cooked capture";
  list.add({ protocol: "sll", summary, range, fields, ...(whole ? {} : { error: WIRE_ERRORS.truncated }) });
  if (!whole) return;
  const from = { type: u16(bytes, 14), at: COOKED_HEADER_BYTES, to: bytes.length };
  endWithPadding(list, dissectTyped(list, from), 0);
}

/** Bytes no layer claimed: padding up to the shortest frame, a trailer beyond it. */
function endWithPadding(list: LayerList, end: number, frameBytesMin: number): void {
  const { bytes } = list;
  if (end >= bytes.length) return;
  const isPadding = bytes.length <= frameBytesMin;
  const name = isPadding ? "eth.padding" : "eth.trailer";
  list.blob({ protocol: "padding", name, summary: isPadding ? "Padding" : "Trailer" }, end, bytes.length);
}
