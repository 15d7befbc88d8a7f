/** Unsent data has become sent data (tcp_event_new_data_sent). */
import { rearmRto } from "../loss/rtt.ts";
import type { TcpSegment } from "./segment.ts";
import { checkSpace } from "./stream-memory.ts";
import { WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";

/** The segment was sent for the first time: it changes over to the retransmit queue, and the timer runs. */
export function eventNewDataSent(tcp: TcpSock, segment: TcpSegment): void {
  const before = tcp.packetsOut;
  tcp.sndNxt = segment.endSeq;
  tcp.writeQueue.remove(segment);
  tcp.rtxQueue.insert(segment);
  tcp.highestSack ??= segment;
  tcp.packetsOut += segment.segments;
  if (before === 0 || tcp.writeTimerKind === WRITE_TIMER.LOSS_PROBE) rearmRto(tcp);
  tcp.core.snmp.tcpExt.TCPOrigDataSent += segment.segments;
  checkSpace(tcp);
}
