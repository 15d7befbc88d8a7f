/** The connection has timed out (tcp_write_err). */
import { E } from "../../syscall/errno.ts";
import { doneWithError } from "./life.ts";
import type { TcpSock } from "../tcp-sock.ts";
import { purgeQueues } from "../send/write-queue.ts";

/** Ends it: the program hears of what ICMP had said meanwhile, or ETIMEDOUT. */
export function writeError(tcp: TcpSock): void {
  const errno = tcp.softError !== 0 ? tcp.softError : E.ETIMEDOUT;
  purgeQueues(tcp);
  tcp.core.snmp.tcpExt.TCPAbortOnTimeout++;
  doneWithError(tcp, errno, "time-out");
}
