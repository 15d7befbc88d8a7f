/**
 * A packet's flow as a number (skb_flow_dissect, skb_get_hash): addresses, protocol, and ports of unfragmented UDP and
 * TCP.
 */
import { u16, u32, u8 } from "../../../base/bytes.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4 } from "../../../wire/ethernet.ts";
import {
  ipv4HeaderBytes,
  ipv4IsFragment,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV4,
  IPV4_HEADER_BYTES,
} from "../../../wire/ipv4.ts";
import type { SkBuff } from "../../skb/skbuff.ts";

/** 32 bits, unsigned. `skb.data` is at the Ethernet header. */
export function flowHash(skb: SkBuff, perturbation: number): number {
  const bytes = skb.bytes;
  const at = skb.data;
  const ip = at + ETHERNET_HEADER_BYTES;
  let hash = perturbation;
  const type = u16(bytes, at + ETHERNET.type);
  if (type !== ETHERTYPE_IPV4 || skb.tail < ip + IPV4_HEADER_BYTES) return finish(mix(hash, type));
  const protocol = u8(bytes, ip + IPV4.protocol);
  hash = mix(mix(mix(hash, u32(bytes, ip + IPV4.source)), u32(bytes, ip + IPV4.target)), protocol);
  const transport = ip + ipv4HeaderBytes(bytes, ip);
  const hasPorts = protocol === IPPROTO_UDP || protocol === IPPROTO_TCP;
  if (hasPorts && !ipv4IsFragment(bytes, ip) && skb.tail >= transport + 4) hash = mix(hash, u32(bytes, transport));
  return finish(hash);
}

/** One round and the finaliser of MurmurHash3 (Appleby 2011). */
function mix(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(start: number): number {
  let hash = start;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
