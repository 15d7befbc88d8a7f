/**
 * The identification of datagrams (RFC 6864): unique per source and destination while the datagram may be under way,
 * and not a counter that others can read across destinations. After Linux's ip_idents: hashed counters. A datagram that
 * will never be fragmented may have any; it gets 0, as Linux gives to packets with DF.
 */
import type { Random } from "../../base/random.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { IDENT_BUCKETS } from "./limits.ts";

export class IpIdentifiers {
  readonly #secret: number;
  /** Made on first use: many a host sends nothing but lone datagrams. */
  #counters: Uint16Array | null = null;

  constructor(random: Random) {
    this.#secret = random.next32() | 0;
  }

  /** @param isLone sent with DF and small enough: never a fragment. */
  next(source: Ipv4Address, target: Ipv4Address, isLone: boolean): number {
    if (isLone) return 0;
    let hash = Math.imul((source | 0) ^ this.#secret, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ (target | 0), 0x85ebca6b);
    hash ^= hash >>> 13;
    const bucket = (hash >>> 8) & (IDENT_BUCKETS - 1);
    this.#counters ??= new Uint16Array(IDENT_BUCKETS);
    const count = this.#counters[bucket] as number;
    this.#counters[bucket] = count + 1;
    return (count + Math.imul(bucket, 0x6f4f) + this.#secret) & 0xffff;
  }
}
