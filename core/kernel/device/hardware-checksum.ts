/**
 * Checksums that the card computes: verifying what arrived finished (rx checksumming), and in software what a
 * protocol left open for a card that cannot (skb_checksum_help, net/core/dev.c).
 */
import { put16, u16, u8 } from "../../base/bytes.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "../../wire/checksum.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_VLAN } from "../../wire/ethernet.ts";
import {
  ipv4HeaderBytes,
  ipv4IsFragment,
  ipv4Source,
  ipv4Target,
  ipv4TotalLength,
  IPV4_HEADER_BYTES,
} from "../../wire/ipv4.ts";
import { IPPROTO_TCP, IPPROTO_UDP, IPV4 } from "../../wire/ipv4.ts";
import { UDP } from "../../wire/udp.ts";
import { VLAN_TAG_BYTES } from "../../wire/vlan.ts";
import type { KernelCore } from "../core.ts";
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, type SkBuff } from "../skb/skbuff.ts";

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

/** Computes the checksum that the packet's protocol left open, and charges the CPU for it. */
export function checksumHelp(core: KernelCore, skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM_PARTIAL) return;
  core.skbs.linearize(skb);
  core.skbs.makeWritable(skb);
  const from = skb.checksumStart;
  const sum = checksumFold(checksumPartial(skb.bytes, from, skb.tail - from));
  // UDP sends 0xffff for a computed zero, since zero means "no checksum" (RFC 768); TCP may send either.
  put16(skb.bytes, from + skb.checksumOffset, sum === 0 ? 0xffff : sum);
  skb.ipSummed = CHECKSUM_NONE;
  core.cpu.charge(Math.ceil((core.costs.checksumKib * (skb.tail - from)) / 1024));
}
