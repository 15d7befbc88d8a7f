/** Where the headers of one frame are, found once and asked by every primitive of a filter. Ethernet or raw IP. */
import { u16, u8 } from "../../base/bytes.ts";
import { LINKTYPE } from "../../wire/capture.ts";
import { COOKED2, COOKED2_HEADER_BYTES, LINKTYPE_LINUX_SLL2 } from "../../wire/tcpdump.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_SERVICE_VLAN, ETHERTYPE_VLAN } from "../../wire/ethernet.ts";
import { IP_OFFSET, IPV4, IPV4_HEADER_BYTES, ipv4HeaderBytes } from "../../wire/ipv4.ts";
import { VLAN_TAG_BYTES } from "../../wire/vlan.ts";

export class PacketView {
  readonly bytes: Uint8Array;
  /** Length on the wire. */
  readonly length: number;
  readonly hasEthernet: boolean;
  /** EtherType behind `depth` tags, and where its payload begins; -1 when the frame is too short or not tagged so. */
  readonly etherType: number;
  readonly network: number;
  /** Protocol of IPv4, -1 when it is none; and where its header begins, -1 in a later fragment. */
  readonly protocol: number;
  readonly transport: number;

  constructor(bytes: Uint8Array, length: number, linkType: number, depth: number) {
    this.bytes = bytes;
    this.length = length;
    this.hasEthernet = linkType === LINKTYPE.ETHERNET;
    let { type, at } = linkHeader(bytes, linkType);
    for (let i = 0; i < depth; i++) {
      const tagged = isTag(type) && bytes.length >= at + VLAN_TAG_BYTES;
      type = tagged ? u16(bytes, at + 2) : -1;
      at += VLAN_TAG_BYTES;
    }
    this.etherType = type;
    this.network = at;
    const isIp = type === ETHERTYPE_IPV4 && bytes.length >= at + IPV4_HEADER_BYTES && u8(bytes, at) >>> 4 === 4;
    this.protocol = isIp ? u8(bytes, at + IPV4.protocol) : -1;
    const first = isIp && (u16(bytes, at + IPV4.fragment) & IP_OFFSET) === 0;
    this.transport = first ? at + ipv4HeaderBytes(bytes, at) : -1;
  }
}

/** EtherType, -1 when the header is cut short, and where the payload begins. */
function linkHeader(bytes: Uint8Array, linkType: number): { type: number; at: number } {
  const typed = (typeAt: number, at: number): { type: number; at: number } => ({
    type: bytes.length >= at ? u16(bytes, typeAt) : -1,
    at,
  });
  if (linkType === LINKTYPE.ETHERNET) return typed(12, ETHERNET_HEADER_BYTES);
  if (linkType === LINKTYPE.LINUX_SLL) return typed(14, 16);
  if (linkType === LINKTYPE_LINUX_SLL2) return typed(COOKED2.protocol, COOKED2_HEADER_BYTES);
  return { type: ETHERTYPE_IPV4, at: 0 };
}

export const isTag = (type: number): boolean => type === ETHERTYPE_VLAN || type === ETHERTYPE_SERVICE_VLAN;
