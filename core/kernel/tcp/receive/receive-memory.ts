/**
 * Room in the receive buffer (tcp_try_rmem_schedule, tcp_prune_queue, tcp_prune_ofo_queue of tcp_input.c). The buffer
 * is counted in memory, not in payload; when a segment finds no room the window is clamped, packets are copied
 * together, and at last out-of-order data is given up, which is allowed: SACK does not promise to keep it (RFC 2018,
 * section 8). Left out: limits over all sockets (tcp_mem).
 */
import type { SkBuff } from "../../skb/skbuff.ts";
import { collapseOutOfOrder, collapseReceiveQueue } from "./collapse.ts";
import { clampWindow } from "./receive-window.ts";
import { sackReset } from "./sack-blocks.ts";
import { seqAfter, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** By payload, not by memory: whatever the peer's packets cost, it may use the window that it was offered. */
const fits = (tcp: TcpSock, skb: SkBuff): boolean => tcp.receiveMemory.used + skb.length <= tcp.receiveBufferBytes;

/** Makes room for the packet. @returns whether there is. */
export function tryRmemSchedule(tcp: TcpSock, skb: SkBuff): boolean {
  return fits(tcp, skb) || pruneQueue(tcp, skb);
}

function pruneQueue(tcp: TcpSock, skb: SkBuff): boolean {
  if (tcp.receiveMemory.used === 0) return false;
  const ext = tcp.core.snmp.tcpExt;
  ext.PruneCalled++;
  clampWindow(tcp);
  if (fits(tcp, skb)) return true;
  collapseOutOfOrder(tcp);
  collapseReceiveQueue(tcp);
  if (fits(tcp, skb)) return true;
  pruneOutOfOrder(tcp, skb);
  if (fits(tcp, skb)) return true;
  ext.RcvPruned++;
  return false;
}

/**
 * Drops out-of-order packets from the end on, an eighth of the buffer at least at a time, so that a flood of small ones
 * cannot make each of them cost a walk.
 */
function pruneOutOfOrder(tcp: TcpSock, skb: SkBuff): void {
  const queue = tcp.outOfOrder;
  let goal = tcp.receiveBufferBytes >> 3;
  let pruned = false;
  for (let last = queue.last; last !== null; last = queue.last) {
    // What would be last itself is worth no more than what is there.
    if (seqAfter(skb.cb0 as Seq, last.seq)) break;
    pruned = true;
    const victim = queue.pop();
    goal -= victim.truesize;
    tcp.drops++;
    tcp.core.drop(victim, "TCP_OFO_QUEUE_PRUNE");
    if (queue.size > 0 && goal > 0) continue;
    if (fits(tcp, skb)) break;
    goal = tcp.receiveBufferBytes >> 3;
  }
  if (!pruned) return;
  tcp.core.snmp.tcpExt.OfoPruned++;
  // Reported blocks may be gone: nothing is reported until something new comes.
  if (tcp.rxOpt.sackOk) sackReset(tcp);
}
