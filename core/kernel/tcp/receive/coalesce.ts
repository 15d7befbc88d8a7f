/**
 * Packets that wait for the program, as memory: whose account they count on, and joining them to fewer
 * (skb_set_owner_r, tcp_try_coalesce, skb_try_coalesce). Joining moves no bytes but a few: payload goes into the tail's
 * spare room if it fits, else the tail gets a reference to it.
 */
import type { SkBuff } from "../../skb/skbuff.ts";
import { copyOut } from "../../skb/skb-pool.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** Fragments of one packet (MAX_SKB_FRAGS). */
const FRAGMENTS_MAX = 17;
/** Memory of an sk_buff itself, of its shared info, and of a whole packet that has only headers in its linear part. */
const SK_BUFF_BYTES = 256;
const SHARED_INFO_BYTES = 320;
const HEAD_BYTES = 768;
/** IP and TCP header, and what is kept free in front of them; least buffer (SKB_SMALL_HEAD_SIZE). */
const HEADERS_BYTES = 106;
const SMALL_BUFFER_BYTES = 704;
/** Payload that Linux keeps beside the headers in a page; the rest lies in pages of its own. */
const LINEAR_BYTES = 3776;
const PAGE_BYTES = 4096;

/**
 * The packet is the receiver's now: whoever sent it over loopback has its memory back. A large linear packet counts as
 * Linux's devices would have brought it, in pages, not in a block of a power of two.
 */
export function orphan(skb: SkBuff): void {
  if (skb.account !== null) {
    skb.account.uncharge(skb.truesize);
    skb.account = null;
  }
  if (skb.frags !== null) {
    // Fragments of a send buffer are counted by their bytes.
    skb.truesize = Math.max(skb.truesize, HEAD_BYTES + skb.dataLength);
    return;
  }
  const pages = Math.max(0, skb.length - LINEAR_BYTES + PAGE_BYTES - 1) & -PAGE_BYTES;
  skb.truesize = Math.min(skb.truesize, SK_BUFF_BYTES + PAGE_BYTES + pages);
}

/** Counts an orphaned packet on the receive buffer, until it is freed. */
export function charge(tcp: TcpSock, skb: SkBuff): void {
  skb.account = tcp.receiveMemory;
  tcp.receiveMemory.used += skb.truesize;
}

/**
 * Joins `from` to the end of `to`, which is charged already and whose bytes end where those of `from` begin. The caller
 * still has to end `from`. @param shares its bytes may be referred to, not only copied. @returns whether it did.
 */
export function tryCoalesce(tcp: TcpSock, to: SkBuff, from: SkBuff, shares = true): boolean {
  if (from.cb0 !== to.cb1) return false;
  const grown = join(tcp, to, from, shares);
  if (grown < 0) return false;
  to.truesize += grown;
  tcp.receiveMemory.used += grown;
  tcp.core.snmp.tcpExt.TCPRcvCoalesce++;
  to.cb1 = from.cb1;
  to.cb2 |= from.cb2;
  to.cb3 = from.cb3;
  return true;
}

/** Room behind the payload in the buffer that Linux would have taken for it: our blocks are larger. */
function spareRoom(skb: SkBuff): number {
  const bytes = skb.length + HEADERS_BYTES + SHARED_INFO_BYTES;
  const buffer = bytes <= SMALL_BUFFER_BYTES ? SMALL_BUFFER_BYTES : 1 << (32 - Math.clz32(bytes - 1));
  return Math.min(buffer, skb.truesize - SK_BUFF_BYTES) - bytes;
}

/** @returns bytes by which the memory of `to` grows; -1 when they do not join. */
function join(tcp: TcpSock, to: SkBuff, from: SkBuff, shares: boolean): number {
  const length = from.length;
  // A FIN alone.
  if (length === 0) return 0;
  if (length <= Math.min(spareRoom(to), to.tailroom) && !to.isShared) {
    copyOut(from, 0, to.bytes, to.put(length), length);
    return 0;
  }
  const { block, frags } = from;
  const linear = from.headLength;
  const pieces = (frags?.length ?? 0) + (linear > 0 ? 1 : 0);
  if (!shares || block === null || (to.frags?.length ?? 0) + pieces > FRAGMENTS_MAX) return -1;
  const { skbs } = tcp.core;
  if (linear > 0) skbs.addFragment(to, { block: skbs.blocks.share(block), start: from.data, length: linear });
  for (const frag of frags ?? []) {
    skbs.blocks.share(frag.block);
    skbs.addFragment(to, frag);
  }
  return Math.max(0, from.truesize - (linear > 0 ? SK_BUFF_BYTES : HEAD_BYTES));
}
