/**
 * An established connection without a stack around it, for tests of TCP's receiving half: segments are handed to it in
 * place of IP, and the ACKs that it sends are kept, parsed.
 */
import { NO_METRICS } from "../../core/kernel/net/route.ts";
import { put16, put32, put8 } from "../../core/base/bytes.ts";
import type { VirtualTime } from "../../core/base/time.ts";
import type { KernelTimer } from "../../core/kernel/timer/timers.ts";
import type { SkBuff } from "../../core/kernel/skb/skbuff.ts";
import { copyOut } from "../../core/kernel/skb/skb-pool.ts";
import { clearMessage, emptyAddress } from "../../core/kernel/socket/socket.ts";
import type { Message } from "../../core/kernel/syscall/sys.ts";
import { ackSendCheck, compressedAckExpired, delackTimerExpired } from "../../core/kernel/tcp/receive/acknowledge.ts";
import { queueData } from "../../core/kernel/tcp/receive/receive.ts";
import { initBufferSpace, selectInitialWindow } from "../../core/kernel/tcp/receive/receive-window.ts";
import { receiveMessage } from "../../core/kernel/tcp/receive/recvmsg.ts";
import { seqOf } from "../../core/kernel/tcp/sequence.ts";
import { TCP_STATE } from "../../core/kernel/tcp/states.ts";
import { TIMER, TcpSock } from "../../core/kernel/tcp/tcp-sock.ts";
import { TcpSysctls } from "../../core/kernel/tcp/tcp-sysctls.ts";
import type { Tcp as TcpStack } from "../../core/kernel/tcp/tcp.ts";
import { parseTcp, TCP, TCP_HEADER_BYTES, TH, type Tcp } from "../../core/wire/tcp.ts";
import { TestMachine } from "./device.ts";

const IP_HEADER_BYTES = 20;

class TestSock extends TcpSock {
  override onTimer(timer: KernelTimer): void {
    if (timer.code === TIMER.DELACK) delackTimerExpired(this);
    else compressedAckExpired(this);
  }

  override send(): number {
    return -1;
  }

  override receive(): number {
    return -1;
  }

  override localAddress(): number {
    return 0;
  }

  override peerAddress(): number {
    return 0;
  }

  override info(): null {
    return null;
  }

  override crash(): void {}

  protected override release(): void {}
}

export interface Given {
  readonly flags?: number;
  readonly gsoSize?: number;
  /** Type of service of the IP header. */
  readonly tos?: number;
  /** Bytes of TCP options, all NOPs. */
  readonly optionBytes?: number;
  /** What the payload's bytes are; by default each is its sequence number, less the ISN. */
  readonly text?: Uint8Array;
}

export interface ReceiverOptions {
  readonly receiveBuffer?: number;
  readonly wscaleOk?: boolean;
  readonly sackOk?: boolean;
  readonly tstampOk?: boolean;
  readonly irs?: number;
}

/** Payload byte at that offset of the stream. */
export const streamByte = (offset: number): number => (offset * 31 + (offset >>> 8)) & 0xff;

export class TestReceiver {
  readonly machine = new TestMachine();
  readonly sysctls: TcpSysctls;
  readonly tcp: TcpSock;
  /** Sequence number of the stream's first byte. */
  readonly first: number;
  readonly sent: Tcp[] = [];
  wakes = 0;

  constructor(options: ReceiverOptions = {}) {
    const { core } = this.machine;
    this.sysctls = new TcpSysctls(core.sysctls);
    const stack = {
      core,
      sysctls: this.sysctls,
      ip: { isCurrent: () => true, send: (skb: SkBuff) => this.#keep(skb) },
      defaultCongestionControl: () => ({ name: "none" }),
    } as unknown as TcpStack;
    const tcp = new TestSock(stack, { domain: 2, type: 1, protocol: 6, inode: 1 });
    this.tcp = tcp;
    tcp.waiters.wake = () => void this.wakes++;
    tcp.route = {
      device: { isLoopback: false },
      mtu: 1500,
      mtuLocked: false,
      metrics: NO_METRICS,
    } as unknown as NonNullable<TcpSock["route"]>;
    tcp.state = TCP_STATE.ESTABLISHED;
    if (options.receiveBuffer !== undefined) {
      tcp.receiveBufferBytes = options.receiveBuffer;
      tcp.receiveBufferLocked = true;
    }
    tcp.rxOpt.sackOk = options.sackOk ?? true;
    tcp.rxOpt.tstampOk = options.tstampOk ?? false;
    tcp.rxOpt.wscaleOk = options.wscaleOk ?? false;
    tcp.advmss = 1460;
    tcp.ackRcvMss = 536;
    tcp.tcpHeaderLen = tcp.rxOpt.tstampOk ? 32 : 20;
    tcp.irs = seqOf(options.irs ?? 0);
    this.first = seqOf(tcp.irs + 1);
    for (const name of ["rcvNxt", "rcvWup", "copiedSeq"] as const) tcp[name] = seqOf(this.first);
    const window = selectInitialWindow(tcp, tcp.rxOpt.tstampOk ? 1448 : 1460, tcp.rxOpt.wscaleOk);
    tcp.rxOpt.rcvWscale = window.rcvWscale;
    tcp.windowClamp = tcp.rxOpt.wscaleOk ? window.windowClamp : Math.min(window.windowClamp, 65_535);
    tcp.rcvWnd = window.rcvWnd;
    tcp.rcvSsthresh = window.rcvWnd;
    initBufferSpace(tcp);
  }

  /** A segment as Tcp.receive has it. @param from offset in the stream. */
  segment(from: number, length: number, given: Given = {}): SkBuff {
    const { flags = TH.ACK, gsoSize = 0, tos = 0, optionBytes = 0 } = given;
    const skb = this.machine.skbs.alloc(IP_HEADER_BYTES + TCP_HEADER_BYTES + optionBytes + length);
    skb.networkHeader = skb.put(IP_HEADER_BYTES);
    put8(skb.bytes, skb.networkHeader + 1, tos);
    const at = skb.put(TCP_HEADER_BYTES + optionBytes);
    const seq = (this.first + from) | 0;
    put32(skb.bytes, at + TCP.seq, seq);
    put16(skb.bytes, at + TCP.offset, ((TCP_HEADER_BYTES + optionBytes) << 10) | flags);
    skb.bytes.fill(1, at + TCP_HEADER_BYTES, at + TCP_HEADER_BYTES + optionBytes);
    const text = skb.put(length);
    for (let i = 0; i < length; i++) skb.bytes[text + i] = given.text?.[i] ?? streamByte(from + i);
    skb.pull(IP_HEADER_BYTES);
    skb.transportHeader = at;
    skb.cb0 = seq;
    skb.cb1 = (seq + length + ((flags & TH.FIN) !== 0 ? 1 : 0)) | 0;
    skb.cb2 = flags;
    skb.gsoSize = gsoSize;
    skb.gsoSegments = gsoSize === 0 ? 0 : Math.ceil(length / gsoSize);
    return skb;
  }

  /** The segment arrives: its text is queued, and acknowledged as it is due. */
  give(from: number, length: number, given: Given = {}): void {
    queueData(this.tcp, this.segment(from, length, given));
    ackSendCheck(this.tcp);
    this.check();
  }

  read(most: number, flags = 0): Uint8Array | number {
    const buffer = new Uint8Array(most);
    const count = receiveMessage(this.tcp, buffer, flags, null);
    this.check();
    return count <= 0 ? count : buffer.subarray(0, count);
  }

  readMessage(most: number): [number, Message] {
    const message = { from: emptyAddress() } as Message;
    clearMessage(message);
    const count = receiveMessage(this.tcp, new Uint8Array(most), 0, message);
    return [count, message];
  }

  advance(ms: number): void {
    this.machine.engine.advance((this.machine.engine.now + ms * 1_000_000) as VirtualTime);
  }

  /** Takes what was sent since the last call: acknowledgment relative to the stream's first byte, and SACK blocks. */
  acks(): string[] {
    const texts = this.sent.map((tcp) => {
      const sack = tcp.options.find((option) => option.kind === "sack");
      const relative = (seq: number): number => (seq - this.first) | 0;
      const blocks = sack?.blocks.map(({ left, right }) => `${relative(left)}-${relative(right)}`) ?? [];
      return [`ack ${relative(tcp.ack)}`, ...blocks].join(" ");
    });
    this.sent.length = 0;
    return texts;
  }

  check(): void {
    const { tcp } = this;
    tcp.checkInvariants();
    tcp.outOfOrder.checkInvariants();
    let used = 0;
    for (let skb = tcp.receiveQueue.first; skb !== null; skb = skb.next) used += skb.truesize;
    for (let node = tcp.outOfOrder.first; node !== null; node = tcp.outOfOrder.next(node)) {
      used += node.skb?.truesize ?? 0;
    }
    if (used !== tcp.receiveMemory.used) throw new Error(`charged ${tcp.receiveMemory.used}, queued ${used}`);
  }

  #keep(skb: SkBuff): number {
    const bytes = new Uint8Array(skb.length);
    copyOut(skb, 0, bytes, 0, bytes.length);
    const parsed = parseTcp(bytes);
    if (!parsed.ok) throw new Error(parsed.error);
    this.sent.push(parsed.value);
    this.machine.core.consume(skb);
    return 0;
  }
}
