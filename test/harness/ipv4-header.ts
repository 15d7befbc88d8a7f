/** Writes a plain IPv4 header in front of a packet, for fakes of the network layer. */
import { put16, put8 } from "../../core/base/bytes.ts";
import { putIpv4, type Ipv4Address } from "../../core/wire/address.ts";
import { IPV4, IPV4_HEADER_BYTES, sealIpv4 } from "../../core/wire/ipv4.ts";
import type { SkBuff } from "../../core/kernel/skb/skbuff.ts";

export interface PlainHeader {
  readonly source: Ipv4Address;
  readonly target: Ipv4Address;
  readonly protocol: number;
  readonly ttl: number;
  readonly dontFragment: boolean;
}

export function putIpv4Header(skb: SkBuff, header: PlainHeader): void {
  const length = skb.length + IPV4_HEADER_BYTES;
  const at = skb.push(IPV4_HEADER_BYTES);
  const bytes = skb.bytes;
  bytes.fill(0, at, at + IPV4_HEADER_BYTES);
  put8(bytes, at, 0x45);
  put16(bytes, at + IPV4.totalLength, length);
  put16(bytes, at + IPV4.fragment, header.dontFragment ? 0x4000 : 0);
  put8(bytes, at + IPV4.ttl, header.ttl === 0 ? 64 : header.ttl);
  put8(bytes, at + IPV4.protocol, header.protocol);
  putIpv4(bytes, at + IPV4.source, header.source);
  putIpv4(bytes, at + IPV4.target, header.target);
  sealIpv4(bytes, at);
  skb.networkHeader = at;
}

export { IPV4 };
