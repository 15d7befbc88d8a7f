/**
 * One TCP connection as the workbench draws it: plain data. Sequence numbers are relative, as tcpdump and Wireshark
 * show them: to our ISS on the sending side, to the peer's on the receiving side. Bytes, us and segments as named.
 */

/** The lecture's regions of the sender: sent and acknowledged | sent, not acknowledged | may be sent now | may not. */
export interface SenderRegions {
  /** End of what is acknowledged (SND.UNA). */
  readonly acknowledged: number;
  /** End of what was sent (SND.NXT). */
  readonly sent: number;
  /** End of what the peer's window lets be sent (SND.UNA + SND.WND). */
  readonly window: number;
  /** End of what the program has written. */
  readonly written: number;
  /** Parts of what was sent and is not acknowledged. */
  readonly sacked: readonly SequenceRange[];
  readonly lost: readonly SequenceRange[];
  readonly retransmitted: readonly SequenceRange[];
}

/** The regions of the receiver: received and read | received, unread | window, with what came out of order in it. */
export interface ReceiverRegions {
  /** End of what the program has read. */
  readonly read: number;
  /** End of what has come without a gap (RCV.NXT). */
  readonly received: number;
  /** Right edge of the window offered. */
  readonly window: number;
  readonly outOfOrder: readonly SequenceRange[];
}

export interface SequenceRange {
  readonly start: number;
  /** Behind the last octet. */
  readonly end: number;
}

export interface TcpTimerView {
  /** "retransmission", "delayed ACK", ... */
  readonly name: string;
  /** Virtual time, ns. */
  readonly expires: number;
}

export interface TcpView {
  /** As ss prints it. */
  readonly state: string;
  readonly local: string;
  readonly peer: string;
  readonly sender: SenderRegions;
  readonly receiver: ReceiverRegions;
  readonly congestionControl: string;
  /** Open, Disorder, CWR, Recovery or Loss. */
  readonly congestionState: string;
  /** Segments; ssthresh is null before the first loss. */
  readonly cwnd: number;
  readonly ssthresh: number | null;
  readonly inFlight: number;
  readonly packetsOut: number;
  readonly sackedOut: number;
  readonly lostOut: number;
  readonly retransOut: number;
  /** Bytes. */
  readonly mss: number;
  readonly sendWindow: number;
  readonly receiveWindow: number;
  /** us; 0 before the first measurement. */
  readonly srttUs: number;
  readonly rttvarUs: number;
  readonly minRttUs: number | null;
  readonly rtoUs: number;
  /** Time-outs in a row, and segments retransmitted in all. */
  readonly backoff: number;
  readonly retransmits: number;
  readonly totalRetransmits: number;
  readonly timers: readonly TcpTimerView[];
  /** "timestamps", "SACK", "window scaling", "ECN". */
  readonly options: readonly string[];
}

/** More ranges than this are not listed: a drawing cannot show them. */
export const TCP_VIEW_RANGES_MAX = 256;
