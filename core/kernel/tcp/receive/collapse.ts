/**
 * Packets that hold much memory for little payload are copied together into full pages when the receive buffer is short
 * (tcp_collapse, tcp_collapse_ofo_queue). Costs time, so it is done only then.
 */
import type { SkBuff } from "../../skb/skbuff.ts";
import { copyOut } from "../../skb/skb-pool.ts";
import { TH } from "../../../wire/tcp.ts";
import { charge } from "./coalesce.ts";
import type { OfoNode } from "./out-of-order.ts";
import { winFromSpace } from "./receive-space.ts";
import { seqBefore, seqDistance, seqMax, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** Payload of a packet that takes one page with what belongs to it (SKB_MAX_ORDER(0, 0)). */
const PAGE_PAYLOAD_BYTES = 3712;

/** Whether copying it would save memory. */
const isBloated = (tcp: TcpSock, skb: SkBuff): boolean => winFromSpace(tcp, skb.truesize) > skb.length;
const isPlain = (skb: SkBuff): boolean => (skb.cb2 & (TH.SYN | TH.FIN)) === 0;

/** Collapses the receive queue from the first packet on for which it is worth it. */
export function collapseReceiveQueue(tcp: TcpSock): void {
  const queue = tcp.receiveQueue;
  const kept: SkBuff[] = [];
  const worth: SkBuff[] = [];
  let end = tcp.copiedSeq;
  for (let skb = queue.shift(); skb !== null; skb = queue.shift()) {
    const hasOld = seqBefore(skb.cb0 as Seq, end);
    if (isPlain(skb) && (worth.length > 0 || hasOld || isBloated(tcp, skb))) worth.push(skb);
    else {
      kept.push(...repack(tcp, worth, end), skb);
      end = skb.cb1 as Seq;
    }
  }
  kept.push(...repack(tcp, worth, end));
  for (const skb of kept) queue.push(skb);
}

/** Collapses what stands together behind the gaps. */
export function collapseOutOfOrder(tcp: TcpSock): void {
  const queue = tcp.outOfOrder;
  for (let node = queue.first; node !== null;) {
    const run: OfoNode[] = [node];
    let end = node.endSeq;
    let bloated = isBloated(tcp, node.skb as SkBuff);
    let next = queue.next(node);
    while (next !== null && !seqBefore(end, next.seq)) {
      run.push(next);
      end = seqMax(end, next.endSeq);
      bloated ||= isBloated(tcp, next.skb as SkBuff);
      next = queue.next(next);
    }
    if (run.length > 1 && bloated && run.every((each) => isPlain(each.skb as SkBuff))) {
      const start = node.seq;
      const taken = run.map((each) => queue.take(each));
      for (const skb of repack(tcp, taken, start)) queue.put(skb);
    }
    node = next;
  }
}

/** Copies the payload from `start` on, and ends the packets it was in. Empties `old`. */
function repack(tcp: TcpSock, old: SkBuff[], start: Seq): SkBuff[] {
  const packed: SkBuff[] = [];
  const { core } = tcp;
  let room = 0;
  // Before the first byte to be kept there may be others that have been read.
  let at = old[0] === undefined ? start : seqMax(start, old[0].cb0 as Seq);
  for (const skb of old) {
    let left = seqDistance(at, skb.cb1 as Seq);
    while (left > 0) {
      if (room === 0) {
        packed.push(emptyPage(tcp, at));
        room = PAGE_PAYLOAD_BYTES;
      }
      const target = packed[packed.length - 1] as SkBuff;
      const count = Math.min(left, room);
      copyOut(skb, seqDistance(skb.cb0 as Seq, at), target.bytes, target.put(count), count);
      at = ((at + count) | 0) as Seq;
      target.cb1 = at;
      left -= count;
      room -= count;
    }
    core.snmp.tcpExt.TCPRcvCollapsed++;
    core.consume(skb);
  }
  old.length = 0;
  return packed;
}

function emptyPage(tcp: TcpSock, at: Seq): SkBuff {
  const skb = tcp.core.skbs.alloc(PAGE_PAYLOAD_BYTES);
  skb.cb0 = at;
  skb.cb1 = at;
  skb.cb2 = TH.ACK;
  charge(tcp, skb);
  return skb;
}
