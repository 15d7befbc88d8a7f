/**
 * Sockets that receive whole packets: a queue of sk_buffs bounded by the receive buffer, counted by truesize
 * (__skb_recv_datagram and __sock_queue_rcv_skb in Linux).
 */
import { assert } from "../../base/assert.ts";
import { KIND } from "../../contract/trace-event.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { copyOut } from "../skb/skb-pool.ts";
import { SkbQueue } from "../skb/skb-queue.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import { MSG, POLL, SIOCINQ, type Message, type SocketAddress } from "../syscall/sys.ts";
import { clearMessage, Socket } from "./socket.ts";

const RCVQUEUE_FULL = KIND["sock:sock_rcvqueue_full"];
const COPY_DATAGRAM = KIND["skb:skb_copy_datagram_iovec"];

export abstract class DatagramSocket extends Socket {
  protected readonly queue = new SkbQueue();

  /** Puts in who sent the packet. */
  protected abstract fillFrom(skb: SkBuff, from: SocketAddress): void;
  /** Puts in what was asked for beside the payload. */
  protected abstract fillMessage(skb: SkBuff, message: Message): void;
  /** A packet has been handed to a program and is about to be freed. */
  protected delivered(_skb: SkBuff): void {}

  /**
   * Queues a packet whose `data` is at what the program reads; owns it. @param room bytes beyond the buffer's size at
   * which packets are refused: UDP takes one that begins inside the buffer, others none that begins at its end.
   * @returns false when the buffer was full and the packet died.
   */
  enqueue(skb: SkBuff, room: 0 | 1): boolean {
    const memory = this.receiveMemory;
    if (memory.used >= this.receiveBufferBytes + room) {
      this.#refuse(skb);
      return false;
    }
    // skb_set_owner_r: on loopback the packet still counts against its sender.
    skb.account?.uncharge(skb.truesize);
    skb.account = memory;
    memory.used += skb.truesize;
    skb.timestamp = this.core.engine.now;
    this.queue.push(skb);
    this.waiters.wake(POLL.IN);
    return true;
  }

  #refuse(skb: SkBuff): void {
    this.drops++;
    if (this.core.trace.active) {
      this.core.traceSkb(RCVQUEUE_FULL, skb, this.receiveMemory.used, this.receiveBufferBytes);
    }
    this.core.drop(skb, "SOCKET_RCVBUFF");
  }

  override receive(buffer: Uint8Array, flags: number, from: SocketAddress | null, message: Message | null): number {
    if ((flags & MSG.ERRQUEUE) !== 0) return this.receiveError(buffer, from, message);
    if ((flags & MSG.OOB) !== 0) return -E.EOPNOTSUPP;
    if (this.error !== 0) return this.takeError();
    const skb = this.queue.first;
    if (skb === null) return this.isReceiveShut ? 0 : -E.EAGAIN;
    const length = skb.length;
    const count = Math.min(length, buffer.length);
    copyOut(skb, 0, buffer, 0, count);
    if (from !== null) this.fillFrom(skb, from);
    if (message !== null) this.#describe(skb, message, count < length);
    if ((flags & MSG.PEEK) === 0) this.#finish(skb, count);
    return (flags & MSG.TRUNC) !== 0 ? length : count;
  }

  #describe(skb: SkBuff, message: Message, truncated: boolean): void {
    clearMessage(message);
    this.fillFrom(skb, message.from);
    if (truncated) message.flags = MSG.TRUNC;
    if (this.timestamps) message.timestamp = skb.timestamp;
    this.fillMessage(skb, message);
  }

  #finish(skb: SkBuff, count: number): void {
    this.queue.shift();
    if (this.core.trace.active) this.core.traceSkb(COPY_DATAGRAM, skb, this.core.trace.pid, count);
    this.delivered(skb);
    this.core.consume(skb);
  }

  override shutdown(how: 0 | 1 | 2): number {
    if (how !== 1) this.isReceiveShut = true;
    if (how !== 0) this.isSendShut = true;
    this.waiters.wake();
    return 0;
  }

  /** SIOCINQ: the length of the next datagram. */
  override ioctl(request: number): number {
    return request === SIOCINQ ? (this.queue.first?.length ?? 0) : super.ioctl(request);
  }

  override pollMask(): number {
    return this.basicPollMask() | (this.queue.length > 0 ? POLL.IN : 0);
  }

  /** Takes the socket out of the tables through which packets find it. */
  protected abstract unhash(): void;

  protected override release(): void {
    this.isClosed = true;
    this.unhash();
    this.#empty("SOCKET_CLOSED");
    this.errorQueue.length = 0;
    assert(this.receiveMemory.used === 0, "a closed socket's receive buffer is empty");
  }

  override crash(): void {
    this.#empty("NODE_DOWN");
  }

  #empty(reason: DropReason): void {
    for (let skb = this.queue.shift(); skb !== null; skb = this.queue.shift()) this.core.drop(skb, reason);
  }

  override queuedPackets(): number {
    return this.queue.length;
  }

  override checkInvariants(): void {
    super.checkInvariants();
    let bytes = 0;
    for (let skb = this.queue.first; skb !== null; skb = skb.next) bytes += skb.truesize;
    assert(bytes === this.receiveMemory.used, "the receive account is the sum of what is queued");
    assert(!this.isClosed || this.queue.length === 0, "a closed socket holds nothing");
  }
}
