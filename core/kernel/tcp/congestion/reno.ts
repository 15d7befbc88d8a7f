/** NewReno's congestion control, RFC 5681 (Linux tcp_cong.c): halve on loss, then one segment more a round trip. */
import type { TcpSock } from "../tcp-sock.ts";
import type { CongestionControl } from "./congestion.ts";
import { additiveIncrease, halfWindow, isInSlowStart, slowStart } from "./growth.ts";

export const RENO: CongestionControl = {
  name: "reno",

  init(tcp: TcpSock): void {
    tcp.ca = null;
  },

  ssthresh: halfWindow,

  avoid(tcp: TcpSock, acked: number): void {
    let left = acked;
    if (isInSlowStart(tcp)) left = slowStart(tcp, acked);
    if (left > 0) additiveIncrease(tcp, tcp.sndCwnd, left);
  },

  undoCwnd(tcp: TcpSock): number {
    return Math.max(tcp.sndCwnd, tcp.priorCwnd);
  },
};
