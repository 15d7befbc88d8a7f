/** Checksums that the card verifies as frames arrive (rx checksumming), so that protocols need not sum them again. */
import { u16, u8 } from "../../base/bytes.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "../../wire/checksum.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_VLAN } from "../../wire/ethernet.ts";
import {
  ipv4HeaderBytes,
  ipv4IsFragment,
  ipv4Source,
  ipv4Target,
  ipv4TotalLength,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV4,
  IPV4_HEADER_BYTES,
} from "../../wire/ipv4.ts";
import { UDP } from "../../wire/udp.ts";
import { VLAN_TAG_BYTES } from "../../wire/vlan.ts";

/**
 * Whether the frame at `at` carries TCP or UDP whose checksum is right. False also for what a card does not look at:
 * other protocols, fragments, UDP without a checksum, and anything malformed; software decides about those.
 */
export function transportChecksumGood(bytes: Uint8Array, at: number, length: number): boolean {
  let ip = at + ETHERNET_HEADER_BYTES;
  let type = u16(bytes, at + ETHERNET.type);
  if (type === ETHERTYPE_VLAN) {
    type = u16(bytes, ip + 2);
    ip += VLAN_TAG_BYTES;
  }
  const available = at + length - ip;
  if (type !== ETHERTYPE_IPV4 || available < IPV4_HEADER_BYTES || u8(bytes, ip) >>> 4 !== 4) return false;
  const header = ipv4HeaderBytes(bytes, ip);
  const transport = ipv4TotalLength(bytes, ip) - header;
  if (header < IPV4_HEADER_BYTES || transport < 8 || header + transport > available) return false;
  if (ipv4IsFragment(bytes, ip)) return false;
  const protocol = u8(bytes, ip + IPV4.protocol);
  const isUdp = protocol === IPPROTO_UDP;
  if (!isUdp && protocol !== IPPROTO_TCP) return false;
  if (isUdp && u16(bytes, ip + header + UDP.checksum) === 0) return false;
  const pseudo = pseudoHeaderSum(ipv4Source(bytes, ip), ipv4Target(bytes, ip), protocol, transport);
  return checksumFold(checksumPartial(bytes, ip + header, transport, pseudo)) === 0;
}
