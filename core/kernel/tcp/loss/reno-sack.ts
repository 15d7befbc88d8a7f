/**
 * Counting without SACK: every duplicate ACK means that one more segment has left the network, so `sackedOut` counts
 * duplicates there (tcp_add_reno_sack and around it; RFC 6582).
 */
import { countDelivered, verifyLeftOut } from "./scoreboard.ts";
import type { TcpSock } from "../tcp-sock.ts";

/**
 * There can be no more duplicates than segments behind the hole. @returns whether there were (tcp_limit_reno_sacked).
 */
export function limitRenoSacked(tcp: TcpSock): boolean {
  const holes = Math.min(Math.max(tcp.lostOut, 1), tcp.packetsOut);
  if (tcp.sackedOut + holes <= tcp.packetsOut) return false;
  tcp.sackedOut = tcp.packetsOut - holes;
  return true;
}

/** More duplicates than there can be: the network duplicates, or it reorders far. */
function checkRenoReordering(tcp: TcpSock, acked: number): void {
  if (!limitRenoSacked(tcp)) return;
  tcp.reordering = Math.min(tcp.packetsOut + acked, tcp.tcp.sysctls.maxReordering);
  tcp.reordSeen++;
  tcp.core.snmp.tcpExt.TCPRenoReorder++;
}

export function addRenoSack(tcp: TcpSock, duplicates: number, isEce: boolean): void {
  if (duplicates === 0) return;
  const before = tcp.sackedOut;
  tcp.sackedOut += duplicates;
  checkRenoReordering(tcp, 0);
  if (tcp.sackedOut > before) countDelivered(tcp, tcp.sackedOut - before, isEce);
  verifyLeftOut(tcp);
}

/** `acked` segments were acknowledged: one of them was the hole, the others had sent the duplicates. */
export function removeRenoSacks(tcp: TcpSock, acked: number, isEce: boolean): void {
  if (acked > 0) {
    countDelivered(tcp, Math.max(acked - tcp.sackedOut, 1), isEce);
    tcp.sackedOut = Math.max(0, tcp.sackedOut - (acked - 1));
  }
  checkRenoReordering(tcp, acked);
  verifyLeftOut(tcp);
}

export function resetRenoSack(tcp: TcpSock): void {
  tcp.sackedOut = 0;
}
