/**
 * What is left of a connection that was closed here first (struct tcp_timewait_sock): enough to acknowledge a FIN that
 * comes again, and to tell old segments from a new connection. Data only: see time-wait.ts.
 */
import { WIDE_ZERO } from "../../../base/wide-zero.ts";
import { IPV4_ANY } from "../../../wire/address.ts";
import { KernelTimer, type TimerHandler } from "../../timer/timers.ts";
import type { BindBucket, PortOwner } from "../bind-table.ts";
import type { Seq } from "../sequence.ts";
import { TCP_STATE, type TcpState } from "../states.ts";
import type { TableEntry } from "../tables.ts";
import type { Tcp } from "../tcp.ts";

export class TimeWaitSock implements TimerHandler {
  readonly isTcp = false;
  readonly isRequest = false;
  readonly stack: Tcp;
  readonly timer: KernelTimer;
  boundAddress = IPV4_ANY;
  localPort = 0;
  remoteAddress = IPV4_ANY;
  remotePort = 0;
  device = 0;
  /** Chain of the table of connections (tables.ts). */
  nextInTable: TableEntry | null = null;
  /** Its port, and who else has it (tw_tb, tw_bind_node). */
  bindBucket: BindBucket | null = null;
  nextBound: PortOwner | null = null;
  previousBound: PortOwner | null = null;
  inode = 0;
  mark = 0;
  priority = 0;
  tos = 0;
  reuseAddress = false;
  reusePort = false;
  /** FIN_WAIT2 while the peer's FIN has not come, after a close that left nobody to read what it might send. */
  state: TcpState = TCP_STATE.TIME_WAIT;
  rcvNxt = 0 as Seq;
  sndNxt = 0 as Seq;
  /** Bytes, and the shift of what is sent of it. */
  rcvWnd = 0;
  rcvWscale = 0;
  /** Peer's timestamp, and when it came, virtual s; 0 without timestamps. */
  tsRecent: number = WIDE_ZERO;
  tsRecentStampS = 0;
  tsOffset = 0;
  /** When it became a record, virtual us. */
  entryUs = 0;
  lastOowAckTimeUs = 0;
  /** Short time-outs count as TWKilled when they run out. */
  isShort = false;

  constructor(stack: Tcp) {
    this.stack = stack;
    this.timer = new KernelTimer(this);
  }

  onTimer(): void {
    this.stack.timeWaitOver(this);
  }
}
