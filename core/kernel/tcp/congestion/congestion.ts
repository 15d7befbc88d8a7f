/**
 * What a congestion control algorithm is to TCP (struct tcp_congestion_ops): one object per algorithm, without state of
 * its own; what a connection remembers for it is in `tcp.ca`, which `init` makes.
 */
import type { TcpSock } from "../tcp-sock.ts";

/** What the ACK just processed told (struct ack_sample). */
export interface AckSample {
  /** Segments newly acknowledged or SACKed. */
  segmentsAcked: number;
  /** us, -1 without a sample. */
  rttUs: number;
  /** Segments in flight before this ACK. */
  inFlight: number;
}

/** Events of enum tcp_ca_event that an algorithm here listens to. */
export type CongestionEvent = "tx-start" | "cwnd-restart" | "complete-cwr" | "loss" | "ecn-no-ce" | "ecn-is-ce";

export interface CongestionControl {
  /** As in net.ipv4.tcp_congestion_control and TCP_CONGESTION. */
  readonly name: string;
  /** Makes `tcp.ca` when the connection is established, or the algorithm is chosen. */
  init(tcp: TcpSock): void;
  /** New slow start threshold in segments after a loss. */
  ssthresh(tcp: TcpSock): number;
  /** Grows `tcp.sndCwnd` by `acked` segments acknowledged (cong_avoid). Only called while cwnd limits sending. */
  avoid(tcp: TcpSock, acked: number): void;
  /** cwnd in segments to go back to when a reduction proves to be unneeded. */
  undoCwnd(tcp: TcpSock): number;
  /** Congestion state (tcp.caState) is about to become `state`. */
  setState?(tcp: TcpSock, state: number): void;
  onEvent?(tcp: TcpSock, event: CongestionEvent): void;
  /** For every ACK that acknowledges something (pkts_acked). */
  acked?(tcp: TcpSock, sample: AckSample): void;
  /**
   * True for `lecture`: after a time-out cwnd is halved by `ssthresh` alone and no fast recovery is done (see
   * lecture.ts).
   */
  readonly timeoutOnly?: boolean;
}
