/** Closer looks: one TCP connection over time, and one machine's CPUs. Times are virtual ns. */

export interface TcpSocketRow {
  readonly node: string;
  /** Inode: what trace events call `sock`. */
  readonly socket: number;
  readonly state: string;
  /** `10.0.0.1:80`. */
  readonly local: string;
  readonly peer: string;
  readonly command: string;
}

/** Parallel columns for plots, from `since` on, and what happened to the state. */
export interface TcpSeries {
  readonly time: readonly number[];
  /** Segments; ssthresh is null before the first loss. */
  readonly cwnd: readonly number[];
  readonly ssthresh: readonly (number | null)[];
  readonly inFlight: readonly number[];
  /** us. */
  readonly srtt: readonly number[];
  readonly rto: readonly number[];
  /** Bytes since the connection's first: sent, acknowledged, and the right edge of the peer's window. */
  readonly sndNxt: readonly number[];
  readonly sndUna: readonly number[];
  readonly windowEnd: readonly number[];
  readonly retransmits: readonly { readonly time: number; readonly seq: number; readonly length: number }[];
  readonly states: readonly {
    readonly time: number;
    readonly from: string;
    readonly to: string;
    readonly step: string;
  }[];
  /** Cursor for the next call. */
  readonly next: number;
}

export interface CpuInterval {
  readonly cpu: number;
  readonly start: number;
  readonly end: number;
  readonly context: "hardirq" | "softirq" | "process" | "idle";
  /** Interrupt, softirq or program. */
  readonly name: string;
  readonly pid: number;
}

export interface KernelTimeline {
  readonly intervals: readonly CpuInterval[];
  readonly rings: readonly {
    readonly nic: string;
    readonly ring: "rx" | "tx";
    readonly time: readonly number[];
    readonly used: readonly number[];
    readonly size: number;
  }[];
  /** The bounds that were looked at; narrower than asked for where there was too much. */
  readonly from: number;
  readonly to: number;
  readonly truncated: boolean;
}
