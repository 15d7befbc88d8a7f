/**
 * Tail loss probe, RFC 8985, section 7 (tcp_send_loss_probe, tcp_process_tlp_ack): when the last segments of a flight
 * may be lost, nothing follows them that RACK could compare with. So two round trips after the last transmission
 * (loss-probe-timer.ts) one segment goes, new or again, and its SACK tells.
 */
import { FLAG, FLAG_NOT_DUP } from "./ack-flags.ts";
import { endCwndReduction, initCwndReduction, setCaState, tryKeepOpen } from "./cwr.ts";
import { currentMss } from "../send/mss.ts";
import { PUSH, writeXmit } from "../send/output.ts";
import { sendAgain } from "./retransmit.ts";
import { rearmRto } from "./rtt.ts";
import type { TcpSegment } from "../send/segment.ts";
import { seqAfter, seqBefore, seqDistance, type Seq } from "../sequence.ts";
import { fragment } from "../send/split.ts";
import { CA, NAGLE, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";

/** The timer ran out: sends one segment, new data if there is any, and falls back to the retransmission timer. */
export function sendLossProbe(tcp: TcpSock): void {
  const mss = currentMss(tcp);
  // One probe at a time.
  if (!tcp.tlpActive) {
    tcp.tlpRetrans = false;
    if (hasSendable(tcp, mss) ? probeNew(tcp, mss) : probeAgain(tcp, mss)) {
      tcp.tlpHighSeq = tcp.sndNxt;
      tcp.tlpActive = true;
      tcp.core.snmp.tcpExt.TCPLossProbes++;
      // The RTO counts from now on.
      tcp.writeTimerKind = WRITE_TIMER.NONE;
    }
  }
  rearmRto(tcp);
}

function hasSendable(tcp: TcpSock, mss: number): boolean {
  const head = tcp.writeQueue.first;
  if (head === null) return false;
  return seqDistance(head.seq, tcp.windowEnd) >= (head.length > mss ? mss : seqDistance(head.seq, head.endSeq));
}

function probeNew(tcp: TcpSock, mss: number): boolean {
  const before = tcp.packetsOut;
  writeXmit(tcp, mss, NAGLE.OFF, PUSH.PROBE);
  return tcp.packetsOut > before;
}

function probeAgain(tcp: TcpSock, mss: number): boolean {
  let last: TcpSegment | null = tcp.rtxQueue.last;
  if (last === null) return false;
  const count = last.segments;
  if (count > 1 && last.length > (count - 1) * mss) {
    if (fragment(tcp, last, (count - 1) * mss, mss) !== 0) return false;
    last = tcp.rtxQueue.last as TcpSegment;
  }
  if (sendAgain(tcp, last, 1) !== 0) return false;
  tcp.tlpRetrans = true;
  return true;
}

/** An ACK while a probe is under way: did it repair a loss? Then cwnd comes down as for any other. */
export function processTlpAck(tcp: TcpSock, ack: Seq, flag: number): void {
  if (seqBefore(ack, tcp.tlpHighSeq)) return;
  // New data arrived; or a duplicate was reported, so original and probe did: nothing was lost.
  if (!tcp.tlpRetrans || (flag & FLAG.DSACK_TLP) !== 0) tcp.tlpActive = false;
  else if (seqAfter(ack, tcp.tlpHighSeq)) {
    initCwndReduction(tcp);
    setCaState(tcp, CA.CWR);
    endCwndReduction(tcp);
    tryKeepOpen(tcp);
    tcp.core.snmp.tcpExt.TCPLossProbeRecovery++;
  } else if ((flag & (FLAG.SND_UNA_ADVANCED | FLAG_NOT_DUP | FLAG.DATA_SACKED)) === 0) tcp.tlpActive = false;
}
