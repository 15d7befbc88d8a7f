/**
 * Fragmentation, RFC 791, section 3.2, after Linux's ip_do_fragment. A packet that is a fragment itself is cut further.
 * Each fragment is a packet of its own with the datagram's packet id. Left out: the charge against the sender's buffer
 * ends with the whole packet and is not passed on to its fragments.
 */
import { assert } from "../../base/assert.ts";
import { copyBytes, put16, u16 } from "../../base/bytes.ts";
import { IP_DF, IP_MF, IP_OFFSET, IPV4, IPV4_HEADER_BYTES, ipv4HeaderBytes, sealIpv4 } from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import { checksumHelp } from "../skb/checksum-help.ts";
import type { SkbPool } from "../skb/skb-pool.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { thinOptions } from "./ip-options.ts";

/** Cuts one packet into fragments that fit `mtu`, one at a time. The packet stays with the caller. */
export class Fragmenter {
  readonly #skbs: SkbPool;
  readonly #skb: SkBuff;
  readonly #headerBytes: number;
  readonly #dataBytesMax: number;
  readonly #dataBytes: number;
  #done = 0;

  /** @param mtu room for the header and 8 bytes at least. */
  constructor(core: KernelCore, skb: SkBuff, mtu: number) {
    checksumHelp(core, skb);
    core.skbs.linearize(skb);
    this.#skbs = core.skbs;
    this.#skb = skb;
    this.#headerBytes = ipv4HeaderBytes(skb.bytes, skb.data);
    this.#dataBytes = skb.length - this.#headerBytes;
    // All but the last carry a multiple of 8 bytes, since offsets count in eights.
    this.#dataBytesMax = (mtu - this.#headerBytes) & ~7;
    assert(this.#dataBytesMax >= 8, "a link carries a header and 8 bytes");
  }

  /** The next fragment, `data` at its IP header; null after the last. */
  next(): SkBuff | null {
    if (this.#done >= this.#dataBytes) return null;
    const length = Math.min(this.#dataBytesMax, this.#dataBytes - this.#done);
    const whole = this.#skb;
    const header = this.#headerBytes;
    const piece = this.#skbs.alloc(header + length);
    const at = piece.put(header + length);
    const bytes = piece.bytes;
    copyBytes(whole.bytes, whole.data, bytes, at, header);
    copyBytes(whole.bytes, whole.data + header + this.#done, bytes, at + header, length);
    const original = u16(whole.bytes, whole.data + IPV4.fragment);
    const isLast = this.#done + length === this.#dataBytes;
    const offset = (original & IP_OFFSET) + this.#done / 8;
    put16(bytes, at + IPV4.totalLength, header + length);
    put16(bytes, at + IPV4.fragment, offset | (isLast ? original & IP_MF : IP_MF) | (original & IP_DF));
    if (this.#done > 0 && header > IPV4_HEADER_BYTES) thinOptions(bytes, at, header);
    sealIpv4(bytes, at);
    piece.networkHeader = at;
    piece.transportHeader = at + header;
    inherit(whole, piece);
    this.#done += length;
    return piece;
  }
}

/** What every piece of a packet has from the whole (ip_copy_metadata). */
export function inherit(from: SkBuff, to: SkBuff): void {
  to.protocol = from.protocol;
  to.packetType = from.packetType;
  to.deviceIndex = from.deviceIndex;
  to.priority = from.priority;
  to.mark = from.mark;
  to.hash = from.hash;
  to.timestamp = from.timestamp;
  to.packetId = from.packetId;
  to.cause = from.cause;
}
