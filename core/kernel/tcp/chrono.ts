/**
 * Chronograph of a connection (tcp_chrono_start and tcp_chrono_stop): for how long it had something to send, and for
 * how long of that the peer's window or its own send buffer kept it from going on. What is timed is the state with the
 * highest number that holds.
 */
import { CHRONO, type TcpSock } from "./tcp-sock.ts";

/** Nothing sent is unacknowledged, and nothing waits to be sent (tcp_rtx_and_write_queues_empty). */
export const areQueuesEmpty = (tcp: TcpSock): boolean => tcp.rtxQueue.size === 0 && tcp.writeQueue.length === 0;

export function chronoStart(tcp: TcpSock, type: number): void {
  if (type > tcp.chronoType) chronoSet(tcp, type);
}

/** The state of `type` is over: the time counts as busy from now on, or as idle when everything is acknowledged. */
export function chronoStop(tcp: TcpSock, type: number): void {
  if (areQueuesEmpty(tcp)) chronoSet(tcp, CHRONO.NONE);
  else if (type === tcp.chronoType) chronoSet(tcp, CHRONO.BUSY);
}

function chronoSet(tcp: TcpSock, type: number): void {
  const now = tcp.nowUs;
  const old = tcp.chronoType;
  if (old !== CHRONO.NONE) tcp.chronoUs[old] = (tcp.chronoUs[old] as number) + now - tcp.chronoStartUs;
  tcp.chronoStartUs = now;
  tcp.chronoType = type;
}
