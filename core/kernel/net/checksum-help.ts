/** Transport checksums that were left to a device (CHECKSUM_PARTIAL), computed after all (skb_checksum_help). */
import { assert } from "../../base/assert.ts";
import { put16 } from "../../base/bytes.ts";
import { checksumFold, checksumPartial } from "../../wire/checksum.ts";
import type { SkbPool } from "../skb/skb-pool.ts";
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, type SkBuff } from "../skb/skbuff.ts";

/** Whoever cuts the packet up or shows its bytes calls this first. */
export function completeChecksum(skbs: SkbPool, skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM_PARTIAL) return;
  skbs.linearize(skb);
  skbs.makeWritable(skb);
  const from = skb.checksumStart;
  assert(from >= skb.head && from + skb.checksumOffset + 2 <= skb.tail, "the checksum lies inside the packet");
  const sum = checksumFold(checksumPartial(skb.bytes, from, skb.tail - from));
  // UDP's zero means "none" (RFC 768); for TCP the two are the same number.
  put16(skb.bytes, from + skb.checksumOffset, sum === 0 ? 0xffff : sum);
  skb.ipSummed = CHECKSUM_NONE;
}
