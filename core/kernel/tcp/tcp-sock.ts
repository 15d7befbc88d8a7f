/**
 * The transmission control block (RFC 9293, 3.3.1; Linux struct tcp_sock, inet_connection_sock and inet_sock): all that
 * one connection or listener knows. Data only: what happens to it is in the files beside, by role. Names are Linux's,
 * so that the two can be read side by side. Times ending in `Us` are virtual microseconds, and so are spans and timers
 * (Linux: jiffies of 1 ms); windows are in bytes, cwnd and ssthresh in segments.
 */
import type { OrderedTree } from "../../base/ordered-tree.ts";
import { WIDE_ZERO } from "../../base/wide-zero.ts";
import { IPV4_ANY, type Ipv4Address } from "../../wire/address.ts";
import type { Route } from "../net/route.ts";
import { SkbQueue } from "../skb/skb-queue.ts";
import { IpSocketOptions } from "../socket/ip-socket-options.ts";
import { Socket, type SocketSettings } from "../socket/socket.ts";
import { E } from "../syscall/errno.ts";
import type { OptionResult } from "../syscall/sys.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import type { BindBucket, PortOwner } from "./bind-table.ts";
import type { AcceptQueue } from "./open/accept-queue.ts";
import type { CongestionControl } from "./congestion/congestion.ts";
import { WindowedMin } from "./loss/windowed-min.ts";
import { OutOfOrderQueue } from "./receive/out-of-order.ts";
import type { RequestSock } from "./open/request-sock.ts";
import { newRtxQueue, SentList, WriteQueue, type TcpSegment } from "./send/segment.ts";
import { SendBuffer } from "./send/send-buffer.ts";
import { NO_FASTOPEN, NO_OPTIONS, type FastopenState, type TcpOptions } from "./socket-records.ts";
import type { Seq } from "./sequence.ts";
import { TCP_STATE, type TcpState } from "./states.ts";
import type { TableEntry } from "./tables.ts";
import type { Tcp } from "./tcp.ts";

/** Codes of a connection's timers; `tcp-timers.ts` says what each does when it runs out. */
export const TIMER = { WRITE: 0, DELACK: 1, KEEPALIVE: 2, PACING: 3, COMPRESSED_ACK: 4 } as const;

/** What the write timer is armed for (ICSK_TIME_*): one of them at a time. */
export const WRITE_TIMER = { NONE: 0, RETRANS: 1, PROBE0: 3, LOSS_PROBE: 5, REO_TIMEOUT: 6 } as const;

/** Congestion states (enum tcp_ca_state). */
export const CA = { OPEN: 0, DISORDER: 1, CWR: 2, RECOVERY: 3, LOSS: 4 } as const;

/** Place of sk_wmem_queued in SO_MEMINFO's numbers. */
const SK_MEMINFO_WMEM_QUEUED = 5;

/** What the chronograph times (enum tcp_chrono). */
export const CHRONO = { NONE: 0, BUSY: 1, RWND_LIMITED: 2, SNDBUF_LIMITED: 3 } as const;

/** Bits of `nagle` (TCP_NAGLE_*): TCP_NODELAY, TCP_CORK, and a push that overrides both for once. */
export const NAGLE = { OFF: 1, CORK: 2, PUSH: 4 } as const;

/** Bits of `ecnFlags` (TCP_ECN_*): agreed on; say CWR with the next data; say ECE until CWR comes; a mark was seen. */
export const ECN = { OK: 1, QUEUE_CWR: 2, DEMAND_CWR: 4, SEEN: 8 } as const;

/** ssthresh before the first loss (TCP_INFINITE_SSTHRESH). */
export const INFINITE_SSTHRESH = 0x7fffffff;
export const INIT_CWND = 10;

/** One SACK block, left edge and behind the right edge. */
export interface SackRange {
  start: Seq;
  end: Seq;
}

/** Options of the last segment received, and what was agreed on (struct tcp_options_received). */
export class OptionsReceived {
  /** Peer's timestamp to echo, and when it was stored, in virtual seconds (ts_recent, ts_recent_stamp). */
  tsRecent: number = WIDE_ZERO;
  tsRecentStampS = 0;
  sawTstamp = false;
  rcvTsval: number = WIDE_ZERO;
  rcvTsecr: number = WIDE_ZERO;
  /** Timestamps agreed on. */
  tstampOk = false;
  sackOk = false;
  wscaleOk = false;
  /** Shift of windows that we receive, and of those that we send. */
  sndWscale = 0;
  rcvWscale = 0;
  /** MSS asked for by the user (TCP_MAXSEG), 0 none; and the most that may be sent: that and the peer's option. */
  userMss = 0;
  mssClamp = 536;
  /** Blocks in the packet being looked at: offset of the first one in its bytes, and how many. */
  sackAt = 0;
  numSacks = 0;
}

export abstract class TcpSock extends Socket implements TimerHandler {
  readonly tcp: Tcp;
  state: TcpState = TCP_STATE.CLOSE;

  // ---- Addresses and IP (struct inet_sock)
  /** inet_rcv_saddr: 0 any. */
  boundAddress: Ipv4Address = IPV4_ANY;
  /** inet_saddr: source of what is sent. */
  sourceAddress: Ipv4Address = IPV4_ANY;
  /** 0 while not bound. */
  localPort = 0;
  remoteAddress: Ipv4Address = IPV4_ANY;
  remotePort = 0;
  addressIsBound = false;
  portIsBound = false;
  /** Is in the table of established connections, or of listeners: see tables.ts. */
  isHashed = false;
  /** Chain of the table of connections (tables.ts). */
  nextInTable: TableEntry | null = null;
  /** Its port, and who else has it (icsk_bind_hash, sk_bind_node). */
  bindBucket: BindBucket | null = null;
  nextBound: PortOwner | null = null;
  previousBound: PortOwner | null = null;
  readonly ipOptions = new IpSocketOptions();
  /** Kept while it is current. */
  route: Route | null = null;
  /** IP identification of the next packet; -1 before the first (inet_id). */
  ipId = -1;
  /** Data waits for packets below us to leave (TSQ_THROTTLED). */
  isThrottled = false;
  /** Segments of the largest packet worth building (tp->gso_segs). */
  gsoSegs = 0;
  /** Most segments of one packet (sk_gso_max_segs). */
  gsoMaxSegs = 65_535;
  /** Soft error from ICMP (sk_err_soft), reported when the connection times out. */
  softError = 0;
  /** No process holds it any more (SOCK_DEAD after close). */
  isOrphan = false;

  // ---- Send sequence (RFC 9293, 3.3.1)
  iss = 0 as Seq;
  sndUna = 0 as Seq;
  /** Last byte of the most recently transmitted small packet (Minshall's Nagle). */
  sndSml = 0 as Seq;
  sndNxt = 0 as Seq;
  /** Behind the last byte that the program has written. */
  writeSeq = 0 as Seq;
  /** PSH is owed up to here (pushed_seq). */
  pushedSeq = 0 as Seq;
  sndWl1 = 0 as Seq;
  sndWnd = 0;
  /** Largest window the peer has offered. */
  maxWindow = 0;
  sndUp = 0 as Seq;
  readonly sendBuffer: SendBuffer = new SendBuffer(this);
  readonly writeQueue = new WriteQueue();
  readonly rtxQueue: OrderedTree<TcpSegment> = newRtxQueue();
  readonly tsorted = new SentList();
  /** sk_wmem_queued: truesize of all segments in both queues. */
  wmemQueued = 0;
  /** A writer found no room and waits (SOCK_NOSPACE). */
  noSpace = false;
  /** TCP_NODELAY, TCP_CORK (bits TCP_NAGLE_*). */
  nagle = 0;
  /** Packets queued below us and not yet sent out, bytes (sk_wmem_alloc): the `used` of Socket.sendMemory. */
  readonly isTcp = true;

  // ---- Receive sequence
  irs = 0 as Seq;
  rcvNxt = 0 as Seq;
  /** Behind the last byte that the program has read. */
  copiedSeq = 0 as Seq;
  /** rcv_nxt when the last window update was sent. */
  rcvWup = 0 as Seq;
  rcvWnd = 0;
  /** Largest right edge offered is rcvWup + rcvWnd; this is the greatest window ever (rcv_mwnd_seq is not kept). */
  rcvSsthresh = 0;
  windowClamp = 0;
  readonly receiveQueue = new SkbQueue();
  readonly outOfOrder: OutOfOrderQueue = new OutOfOrderQueue(this);
  /** SACK blocks to report, newest first (selective_acks), and the duplicate to report (duplicate_sack). */
  readonly selectiveAcks: SackRange[] = [];
  readonly duplicateSack: SackRange = { start: 0 as Seq, end: 0 as Seq };
  /** rx_opt.dsack: a duplicate is to be reported. */
  dsack = false;
  /** The peer's FIN has been received and all before it (RCV_SHUTDOWN is isReceiveShut). */
  finReceived = false;
  rcvTstampUs = 0;
  urgData = 0;
  urgSeq = 0 as Seq;

  // ---- Acknowledging (icsk_ack)
  ackPending = 0;
  ackQuick = 0;
  ackPingpong = 0;
  ackRetry = 0;
  /** Delayed ACK's span, us. */
  ackAtoUs = 0;
  /** When the delayed ACK is due, us. */
  ackTimeoutUs = 0;
  ackLastReceivedUs = 0;
  /** Size of the last segment, and the estimate of the peer's MSS (rcv_mss). */
  ackLastSegSize = 0;
  ackRcvMss = 0;
  compressedAck = 0;
  compressedAckRcvNxt = 0 as Seq;
  dupAckCounter = 0;
  lastOowAckTimeUs = 0;

  // ---- Options and MSS
  options: TcpOptions = NO_OPTIONS;
  readonly rxOpt = new OptionsReceived();
  /** MSS we advertised. */
  advmss = 536;
  mssCache = 536;
  /** Path MTU that mssCache was computed from (icsk_pmtu_cookie). */
  pmtuCookie = 0;
  /** Bytes of TCP header with the options of a data segment. */
  tcpHeaderLen = 20;
  /** Bytes between user timestamps and ours: tcp clock is ms since boot plus this. */
  tsOffset = 0;
  /** PLPMTUD (icsk_mtup). */
  readonly mtup = {
    enabled: false,
    searchHigh: 0,
    searchLow: 0,
    probeSize: 0,
    probeStart: 0 as Seq,
    probeEnd: 0 as Seq,
    probeTimestampUs: 0,
  };
  rcvMssScaling = 0;
  scalingRatio = 128;

  // ---- Round-trip time (RFC 6298), us; srtt << 3, mdev and rttvar << 2 as in Linux
  srttUs = 0;
  mdevUs = 0;
  mdevMaxUs = 0;
  rttvarUs = 0;
  rttSeq = 0 as Seq;
  /** us, whole ms. */
  rtoUs = 1_000_000;
  rtoMinUs = 200_000;
  backoff = 0;
  readonly rttMin = new WindowedMin();
  /** Receiver's estimate for window auto-tuning. */
  readonly rcvRtt = { rttUs: 0, seq: 0 as Seq, timeUs: 0 };
  readonly rcvq = { space: 0, seq: 0 as Seq, timeUs: 0 };
  rcvRttLastTsecr: number = WIDE_ZERO;

  // ---- Counts of segments (tcp_sock's scoreboard)
  packetsOut = 0;
  sackedOut = 0;
  lostOut = 0;
  retransOut = 0;
  delivered = 0;
  deliveredCe = 0;
  maxPacketsOut = 0;
  /** Highest SACKed segment, where retransmission goes on, first lost one. */
  highestSack: TcpSegment | null = null;
  retransmitHint: TcpSegment | null = null;
  lostHint: TcpSegment | null = null;
  /** SACK blocks of the last ACK, to tell new ones (recv_sack_cache). */
  readonly recvSackCache: SackRange[] = [];
  /** SACK says reneged, Reno counts duplicates in sackedOut. */
  reordering = 3;
  reordSeen = 0;
  dsackSeen = false;

  // ---- Congestion control
  cc: CongestionControl;
  /** Private state of `cc` (icsk_ca_priv). */
  ca: unknown = null;
  caState: number = CA.OPEN;
  sndCwnd = INIT_CWND;
  sndCwndCnt = 0;
  sndCwndClamp = 0xffffffff;
  sndSsthresh = INFINITE_SSTHRESH;
  priorCwnd = 0;
  priorSsthresh = 0;
  isCwndLimited = false;
  cwndUsageSeq = 0 as Seq;
  sndCwndUsed = 0;
  sndCwndStampUs = 0;
  /** End of the recovery episode. */
  highSeq = 0 as Seq;
  /** PRR (RFC 6937). */
  prrDelivered = 0;
  prrOut = 0;
  /** Undo: una at the start of recovery (0 is none: see undoMarked), retransmissions to be proved spurious. */
  undoMarker = 0 as Seq;
  undoMarked = false;
  undoRetrans = 0;
  retransStampUs = 0;
  retransmits = 0;
  /** First retransmission of this time-out series was SYN; F-RTO is going on. */
  frto = false;
  isSackReneg = false;
  tlpHighSeq = 0 as Seq;
  tlpActive = false;
  tlpRetrans = false;
  tlpOrigDataSent = false;
  /** RACK (struct tcp_rack). */
  readonly rack = {
    mstampUs: 0,
    rttUs: 0,
    endSeq: 0 as Seq,
    lastDelivered: 0,
    reoWndSteps: 1,
    reoWndPersist: 0,
    dsackSeen: false,
    advanced: false,
  };
  /** Delivery rate sampling (tcp_rate.c). */
  deliveredMstampUs = 0;
  firstTxMstampUs = 0;
  appLimited: number = WIDE_ZERO;
  rateDelivered = 0;
  rateIntervalUs = 0;
  rateAppLimited = false;
  lostTotal = 0;
  /** Bytes a second; Infinity without pacing (SO_MAX_PACING_RATE, sk_pacing_rate). */
  pacingRate = 0;
  pacingEnabled = false;
  /** Virtual ns before which nothing more may leave (tcp_wstamp_ns). */
  pacingAtNs: number = WIDE_ZERO;

  // ---- ECN (RFC 3168): bits TCP_ECN_*
  ecnFlags = 0;

  // ---- Timers
  readonly writeTimer: KernelTimer = new KernelTimer(this, TIMER.WRITE);
  writeTimerKind = 0;
  readonly delackTimer: KernelTimer = new KernelTimer(this, TIMER.DELACK);
  /** Made when first armed, which most connections never do (timer-arm.ts). */
  keepaliveTimer: KernelTimer | null = null;
  pacingTimer: KernelTimer | null = null;
  compressedAckTimer: KernelTimer | null = null;
  probesOut = 0;
  probesTstampUs = 0;
  keepaliveProbesSent = 0;
  lastSendUs = 0;
  /** Time-outs since the connection began (total_rto). */
  totalRto = 0;

  // ---- Passive open
  /** Listening: connections under way and waiting for accept; null otherwise. */
  accepting: AcceptQueue | null = null;
  /** Connection made by a listener that nobody has accepted yet: the listener. */
  listener: TcpSock | null = null;
  /** SYN that made it, kept for TCP_SAVED_SYN? Left out. Total SYN-ACK retransmissions of a child (total_retrans). */
  totalRetrans = 0;

  // ---- Fast open (RFC 7413); both records are replaced, never changed (socket-records.ts)
  fastopen: FastopenState = NO_FASTOPEN;
  /** A child that took data from a SYN, and is SYN_RECV until the ACK comes: its request. */
  fastopenRequest: RequestSock | null = null;
  /**
   * Client: the sendto or connect that makes the connection, until its SYN is sent. `cookie`: null sends no option, an
   * empty one asks for a cookie; `exp` in the experimental option; `copied`: bytes of `data` that went with the SYN.
   */
  fastopenReq: { cookie: Uint8Array | null; exp: boolean; copied: number; data: Uint8Array | null } | null = null;
  /** Peer of the last connect, which a new one to another must not inherit from. */
  lastRemoteAddress: Ipv4Address = IPV4_ANY;
  /** A process waits for the connection to write (sk_write_pending). */
  isWritePending = false;
  /** What connect(2) answers by (SS_*): see connect.ts. */
  connectState: 0 | 1 | 2 = 0;

  // ---- Figures of tcp_info
  bytesAcked = 0;
  bytesReceived = 0;
  bytesSent = 0;
  bytesRetrans = 0;
  segsIn = 0;
  segsOut = 0;
  dataSegsIn = 0;
  dataSegsOut = 0;
  dsackDups = 0;
  rcvOoopack = 0;
  rttMinWindowUs = 0;
  /** Numbers that the trace has had last (trace-tcp.ts). */
  traced: Float64Array | null = null;
  /** Chronograph: what is timed now (0 none, 1 busy, 2 rwnd limited, 3 sndbuf limited), since when, and sums in us. */
  chronoType = 0;
  chronoStartUs = 0;
  readonly chronoUs: number[] = [0, 0, 0, 0];

  constructor(tcp: Tcp, settings: SocketSettings) {
    const { rmem, wmem } = tcp.sysctls;
    super(tcp.core, settings, rmem.values[1], wmem.values[1]);
    this.tcp = tcp;
    this.cc = tcp.defaultCongestionControl();
  }

  /** tcp_clock_us, as of now. */
  get nowUs(): number {
    return Math.floor(this.core.engine.now / 1000);
  }

  /** Clock of `tsRecentStampS`, s. Starts at 1: 0 means that there is no stamp. */
  get nowS(): number {
    return Math.floor(this.core.engine.now / 1_000_000_000) + 1;
  }

  /** Writers are woken as segments are acknowledged, not here; what TCP held back goes when we are not inside TCP. */
  override sendMemoryFreed(): void {
    if (!this.isThrottled || this.pacingTimer?.isPending === true) return;
    this.pacingTimer ??= new KernelTimer(this, TIMER.PACING);
    this.core.timers.arm(this.pacingTimer, 0);
  }

  abstract onTimer(timer: KernelTimer): void;

  override forgetRoute(): void {
    this.route = null;
  }

  /** IP_MTU. */
  override pathMtu(): OptionResult {
    return this.route === null ? { error: -E.ENOTCONN } : { value: this.route.mtu };
  }

  /** SO_MEMINFO, with the bytes of both send queues. */
  override memoryInfo(): number[] {
    const numbers = super.memoryInfo();
    numbers[SK_MEMINFO_WMEM_QUEUED] = this.wmemQueued;
    return numbers;
  }

  override get isConnecting(): boolean {
    return this.state === TCP_STATE.SYN_SENT;
  }

  override get isClosing(): boolean {
    const { state } = this;
    return state === TCP_STATE.FIN_WAIT1 || state === TCP_STATE.CLOSING || state === TCP_STATE.LAST_ACK;
  }

  /** tcp_packets_in_flight: RFC 6675's pipe, in segments. */
  get inFlight(): number {
    return this.packetsOut - (this.sackedOut + this.lostOut) + this.retransOut;
  }

  /** tcp_receive_window: bytes from rcvNxt to the right edge that was offered. */
  get receiveWindow(): number {
    return Math.max(0, (this.rcvWup + this.rcvWnd - this.rcvNxt) | 0);
  }

  /** tcp_wnd_end: behind the last byte that the peer lets us send. */
  get windowEnd(): Seq {
    return ((this.sndUna + this.sndWnd) | 0) as Seq;
  }
}
