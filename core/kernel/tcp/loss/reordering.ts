/**
 * How far the network reorders: the distance in segments between what arrived late and the highest that had arrived
 * (tcp_check_sack_reordering, tcp_check_reno_reordering). It is the duplicate threshold from then on, up to
 * net.ipv4.tcp_max_reordering.
 */
import { highestSackSeq } from "./scoreboard.ts";
import { seqBefore, seqDistance, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

/**
 * `low` was delivered without retransmission after higher ones. @param byTimestamp the proof is an echoed timestamp.
 */
export function checkSackReordering(tcp: TcpSock, low: Seq, byTimestamp: boolean): void {
  const high = highestSackSeq(tcp);
  if (!seqBefore(low, high)) return;
  const metric = seqDistance(low, high);
  if (metric > tcp.reordering * tcp.mssCache) {
    tcp.reordering = Math.min(Math.ceil(metric / tcp.mssCache), tcp.tcp.sysctls.maxReordering);
  }
  tcp.reordSeen++;
  if (byTimestamp) tcp.core.snmp.tcpExt.TCPTSReorder++;
  else tcp.core.snmp.tcpExt.TCPSACKReorder++;
}
