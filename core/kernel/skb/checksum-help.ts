/** Transport checksums that were left to a device (CHECKSUM_PARTIAL), computed after all (skb_checksum_help). */
import { assert } from "../../base/assert.ts";
import { put16 } from "../../base/bytes.ts";
import { checksumFold, checksumOnWire, checksumPartial } from "../../wire/checksum.ts";
import type { KernelCore } from "../core.ts";
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff } from "./skbuff.ts";

/**
 * Computes the checksum that the packet's protocol left open, and charges the CPU for it. Whoever cuts the packet up,
 * damages it, quotes it, or hands it to a card that cannot sum calls this first.
 */
export function checksumHelp(core: KernelCore, skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM_PARTIAL) return;
  core.skbs.linearize(skb);
  core.skbs.makeWritable(skb);
  const from = skb.checksumStart;
  assert(from >= skb.head && from + skb.checksumOffset + 2 <= skb.tail, "the checksum lies inside the packet");
  const sum = checksumFold(checksumPartial(skb.bytes, from, skb.tail - from));
  put16(skb.bytes, from + skb.checksumOffset, checksumOnWire(sum, skb.checksumOffset));
  if (skb.checksumPaid) {
    // As if the sending card had written it, and the receiving one had verified it.
    skb.ipSummed = CHECKSUM_UNNECESSARY;
    return;
  }
  skb.ipSummed = CHECKSUM_NONE;
  core.cpu.charge(Math.ceil((core.costs.checksumKib * (skb.tail - from)) / 1024));
}
