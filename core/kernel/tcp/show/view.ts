/**
 * A connection for the workbench to draw (contract/tcp-view.ts): walks its queues, so it is for people, not per packet.
 */
import { formatIpv4 } from "../../../wire/address.ts";
import {
  TCP_VIEW_RANGES_MAX,
  type SequenceRange,
  type TcpTimerView,
  type TcpView,
} from "../../../contract/tcp-view.ts";
import type { KernelTimer } from "../../timer/timers.ts";
import { minRttUs, NO_RTT_MIN } from "../loss/rtt.ts";
import { LOST, SACKED_ACKED, SACKED_RETRANS } from "../send/segment.ts";
import { seqDistance, type Seq } from "../sequence.ts";
import { TCP_STATE_NAMES } from "../states.ts";
import { ECN, INFINITE_SSTHRESH, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";

const CA_STATE_NAMES = ["Open", "Disorder", "CWR", "Recovery", "Loss"] as const;

export function tcpView(tcp: TcpSock): TcpView {
  const rx = tcp.rxOpt;
  const least = minRttUs(tcp);
  const agreed: readonly (readonly [boolean, string])[] = [
    [rx.tstampOk, "timestamps"],
    [rx.sackOk, "SACK"],
    [rx.wscaleOk, "window scaling"],
    [(tcp.ecnFlags & ECN.OK) !== 0, "ECN"],
  ];
  return {
    state: TCP_STATE_NAMES[tcp.state],
    local: `${formatIpv4(tcp.boundAddress)}:${tcp.localPort}`,
    peer: `${formatIpv4(tcp.remoteAddress)}:${tcp.remotePort}`,
    sender: senderRegions(tcp),
    receiver: receiverRegions(tcp),
    congestionControl: tcp.cc.name,
    congestionState: CA_STATE_NAMES[tcp.caState] ?? "",
    cwnd: tcp.sndCwnd,
    ssthresh: tcp.sndSsthresh >= INFINITE_SSTHRESH ? null : tcp.sndSsthresh,
    inFlight: tcp.inFlight,
    packetsOut: tcp.packetsOut,
    sackedOut: tcp.sackedOut,
    lostOut: tcp.lostOut,
    retransOut: tcp.retransOut,
    mss: tcp.mssCache,
    sendWindow: tcp.sndWnd,
    receiveWindow: tcp.receiveWindow,
    srttUs: Math.floor(tcp.srttUs / 8),
    rttvarUs: Math.floor(tcp.rttvarUs / 4),
    minRttUs: least === NO_RTT_MIN ? null : least,
    rtoUs: tcp.rtoUs,
    backoff: tcp.backoff,
    retransmits: tcp.retransmits,
    totalRetransmits: tcp.totalRetrans,
    timers: timers(tcp),
    options: agreed.filter(([isAgreed]) => isAgreed).map(([, name]) => name),
  };
}

function senderRegions(tcp: TcpSock): TcpView["sender"] {
  const at = (seq: Seq): number => seqDistance(tcp.iss, seq) >>> 0;
  return {
    acknowledged: at(tcp.sndUna),
    sent: at(tcp.sndNxt),
    window: at(tcp.windowEnd),
    written: at(tcp.writeSeq),
    sacked: marked(tcp, SACKED_ACKED),
    lost: marked(tcp, LOST),
    retransmitted: marked(tcp, SACKED_RETRANS),
  };
}

/** What of the retransmit queue has that mark, neighbours joined. */
function marked(tcp: TcpSock, mark: number): SequenceRange[] {
  const found: { start: number; end: number }[] = [];
  for (let segment = tcp.rtxQueue.first; segment !== null; segment = tcp.rtxQueue.next(segment)) {
    if ((segment.sacked & mark) !== 0) join(found, tcp.iss, segment.seq, segment.endSeq);
  }
  return found;
}

function join(found: { start: number; end: number }[], from: Seq, first: Seq, behind: Seq): void {
  const start = seqDistance(from, first) >>> 0;
  const end = seqDistance(from, behind) >>> 0;
  const last = found.at(-1);
  if (last !== undefined && last.end >= start) last.end = Math.max(last.end, end);
  else if (found.length < TCP_VIEW_RANGES_MAX) found.push({ start, end });
}

function receiverRegions(tcp: TcpSock): TcpView["receiver"] {
  const at = (seq: Seq): number => seqDistance(tcp.irs, seq) >>> 0;
  const outOfOrder: { start: number; end: number }[] = [];
  const queue = tcp.outOfOrder;
  for (let node = queue.first; node !== null; node = queue.next(node)) join(outOfOrder, tcp.irs, node.seq, node.endSeq);
  const received = at(tcp.rcvNxt);
  return { read: at(tcp.copiedSeq), received, window: received + tcp.receiveWindow, outOfOrder };
}

const WRITE_TIMER_NAMES: Readonly<Record<number, string>> = {
  [WRITE_TIMER.RETRANS]: "retransmission",
  [WRITE_TIMER.PROBE0]: "window probe",
  [WRITE_TIMER.LOSS_PROBE]: "loss probe",
  [WRITE_TIMER.REO_TIMEOUT]: "reordering",
};

function timers(tcp: TcpSock): TcpTimerView[] {
  const all: readonly (readonly [KernelTimer | null, string])[] = [
    [tcp.writeTimer, WRITE_TIMER_NAMES[tcp.writeTimerKind] ?? ""],
    [tcp.delackTimer, "delayed ACK"],
    [tcp.keepaliveTimer, "keepalive"],
    [tcp.pacingTimer, "pacing"],
    [tcp.compressedAckTimer, "compressed ACK"],
  ];
  return all.flatMap(([timer, name]) =>
    timer?.isPending === true && name !== "" ? [{ name, expires: timer.expires }] : [],
  );
}
