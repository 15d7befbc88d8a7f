/**
 * A connection that a listener is being asked for (struct tcp_request_sock): all that is remembered between the SYN and
 * the ACK of our SYN, an order of magnitude less than a socket, so that a flood of SYNs costs little. Its state shows
 * as SYN_RECV. Data only: see request.ts.
 */
import { WIDE_ZERO } from "../../../base/wide-zero.ts";
import type { Ipv4Address } from "../../../wire/address.ts";
import { KernelTimer, type TimerHandler } from "../../timer/timers.ts";
import type { Seq } from "../sequence.ts";
import type { TableEntry } from "../tables.ts";
import type { TcpSock } from "../tcp-sock.ts";

export class RequestSock implements TimerHandler {
  readonly isTcp = false;
  readonly isRequest = true;
  readonly listener: TcpSock;
  readonly timer: KernelTimer;
  // Addresses, by the names that tables.ts looks at.
  boundAddress = 0 as Ipv4Address;
  localPort = 0;
  remoteAddress = 0 as Ipv4Address;
  remotePort = 0;
  /** Interface a connection of this listener is bound to; 0 for any. */
  device = 0;
  /** Chain of the table of connections (tables.ts). */
  nextInTable: TableEntry | null = null;
  mark = 0;
  /** What the peer asked for in its SYN. */
  mss = 0;
  tstampOk = false;
  sackOk = false;
  wscaleOk = false;
  sndWscale = 0;
  ecnOk = false;
  tsRecent: number = WIDE_ZERO;
  /** Window we offer, before and after scaling was chosen (rsk_rcv_wnd, rsk_window_clamp). */
  rcvWscale = 0;
  rcvWnd = 0;
  windowClamp = 0;
  rcvIsn = 0 as Seq;
  sntIsn = 0 as Seq;
  rcvNxt = 0 as Seq;
  /** First SYN-ACK, virtual us; 0 when none was sent, or nobody remembers (a cookie). */
  sntSynackUs = 0;
  /** Timestamps of the first and last SYN-ACK, offset included: what an echo must lie between. */
  sntTsvalFirst: number = WIDE_ZERO;
  sntTsvalLast: number = WIDE_ZERO;
  tsOffset = 0;
  /** TOS byte of the SYN, for net.ipv4.tcp_reflect_tos. */
  synTos = 0;
  /** SYN-ACKs sent again, and times the timer ran out. */
  numRetrans = 0;
  numTimeout = 0;
  /** First time-out, us. */
  timeoutUs = 1_000_000;
  lastOowAckTimeUs = 0;
  /** The ACK came, but no connection could be made of it yet: the queue was full, or data is waited for. */
  acked = false;
  /** Made from a cookie, and in no table. */
  isCookie = false;
  /** Belongs to a fast open child: is in no table, and counts against the listener's fast open queue. */
  tfoListener = false;
  /** Fast open: the child while nobody has accepted it (req->sk). */
  child: TcpSock | null = null;
  /** Fast open: when the place of a connection that was reset is free again, virtual us. */
  holdUntilUs = 0;

  constructor(listener: TcpSock) {
    this.listener = listener;
    this.timer = new KernelTimer(this);
  }

  onTimer(): void {
    this.listener.tcp.requestTimedOut(this);
  }
}
