/**
 * Congestion control as the lecture draws it (CS162, lecture 22, "Congestion Avoidance"): start slowly; while nothing
 * times out the window grows by one for each ACK; a time-out means congestion, so the window is cut in half; "additive
 * increase, multiplicative decrease". Nothing else is a sign of loss there: no duplicate ACKs, no SACK, no ECN, hence
 * `timeoutOnly`. Once a time-out has set ssthresh, the increase is additive: one segment a round trip, so the picture
 * is the saw tooth; before that it is one for each ACK.
 * Unlike RFC 5681 the window is not taken down to one segment after the time-out: the lecture halves it.
 */
import { INFINITE_SSTHRESH, type TcpSock } from "../tcp-sock.ts";
import type { CongestionControl } from "./congestion.ts";
import { additiveIncrease, halfWindow, isInSlowStart, slowStart } from "./growth.ts";

export const LECTURE: CongestionControl = {
  name: "lecture",
  timeoutOnly: true,

  /** "Start sending slowly": from one segment, not from RFC 6928's ten. */
  init(tcp: TcpSock): void {
    tcp.ca = null;
    if (tcp.sndSsthresh === INFINITE_SSTHRESH) tcp.sndCwnd = 1;
  },

  ssthresh: halfWindow,

  avoid(tcp: TcpSock, acked: number): void {
    // "Increase window size by 1 for each ack received", however much the ACK acknowledges.
    if (isInSlowStart(tcp)) slowStart(tcp, 1);
    else additiveIncrease(tcp, tcp.sndCwnd, acked);
  },

  undoCwnd(tcp: TcpSock): number {
    return tcp.sndCwnd;
  },
};
