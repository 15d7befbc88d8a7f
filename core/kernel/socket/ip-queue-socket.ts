/**
 * The user-level end of the packet filter queue: netlink with protocol NETLINK_FIREWALL, after Linux's ip_queue. A read
 * takes one packet, as the bytes of its IP datagram, with a handle as `from.port`; a write of 5 bytes, handle and
 * verdict (1 accept, 0 drop), decides about it. Handles count up and go round after 65,535.
 * Left out: netlink's message headers, changed packets, copying a part of a packet only.
 */
import { u32, u8 } from "../../base/bytes.ts";
import { IPV4_ANY } from "../../wire/address.ts";
import type { KernelCore } from "../core.ts";
import { copyOut } from "../skb/skb-pool.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import {
  AF,
  MSG,
  POLL,
  SOL,
  type Message,
  type OptionResult,
  type OptionValue,
  type SocketAddress,
} from "../syscall/sys.ts";
import type { IpPort } from "./inet-socket.ts";
import { clearMessage, fillAddress, Socket, type SocketSettings } from "./socket.ts";
import { getSocketOption, setSocketOption, type DeviceNames } from "./socket-options.ts";

/** The socket protocol. */
export const NETLINK_FIREWALL = 3;
const VERDICT_BYTES = 5;
const HANDLES = 0x10000;

export class IpQueueSocket extends Socket {
  readonly #queue: IpPort["ipQueue"];
  readonly #devices: DeviceNames;
  /** Taken packets that wait for their verdict. */
  readonly #taken = new Map<number, SkBuff>();
  #nextHandle = 1;
  #hasCrashed = false;

  constructor(core: KernelCore, settings: SocketSettings, queue: IpPort["ipQueue"], devices: DeviceNames) {
    super(core, settings);
    this.#queue = queue;
    this.#devices = devices;
    queue.open(() => this.waiters.wake());
  }

  override bind(address: SocketAddress): number {
    return address.family === AF.NETLINK ? 0 : -E.EINVAL;
  }

  override receive(buffer: Uint8Array, flags: number, from: SocketAddress | null, message: Message | null): number {
    if ((flags & (MSG.OOB | MSG.PEEK)) !== 0) return -E.EOPNOTSUPP;
    if (this.#taken.size >= HANDLES - 1) return -E.ENOBUFS;
    const skb = this.#queue.take();
    if (skb === null) return -E.EAGAIN;
    const handle = this.#newHandle();
    this.#taken.set(handle, skb);
    const count = Math.min(skb.length, buffer.length);
    copyOut(skb, 0, buffer, 0, count);
    if (message !== null) {
      clearMessage(message);
      message.flags = count < skb.length ? MSG.TRUNC : 0;
    }
    const sender = from ?? message?.from;
    if (sender !== undefined) {
      fillAddress(sender, IPV4_ANY, handle);
      sender.family = AF.NETLINK;
      sender.device = skb.deviceIndex;
    }
    return (flags & MSG.TRUNC) !== 0 ? skb.length : count;
  }

  #newHandle(): number {
    while (this.#taken.has(this.#nextHandle)) this.#advance();
    const handle = this.#nextHandle;
    this.#advance();
    return handle;
  }

  #advance(): void {
    this.#nextHandle = (this.#nextHandle % (HANDLES - 1)) + 1;
  }

  /** @returns -ENOENT for a handle that no packet waits under. */
  override send(bytes: Uint8Array): number {
    if (bytes.length !== VERDICT_BYTES) return -E.EINVAL;
    const handle = u32(bytes, 0);
    const skb = this.#taken.get(handle);
    if (skb === undefined) return -E.ENOENT;
    const verdict = u8(bytes, 4);
    if (verdict > 1) return -E.EINVAL;
    this.#taken.delete(handle);
    this.#queue.verdict(skb, verdict === 1);
    return VERDICT_BYTES;
  }

  override localAddress(address: SocketAddress): number {
    fillAddress(address, IPV4_ANY, 0);
    address.family = AF.NETLINK;
    return 0;
  }

  override peerAddress(address: SocketAddress): number {
    return this.localAddress(address);
  }

  override setOption(level: number, option: number, value: OptionValue): number {
    return level === SOL.SOCKET ? setSocketOption(this, this.#devices, option, value) : -E.ENOPROTOOPT;
  }

  override getOption(level: number, option: number): OptionResult {
    return level === SOL.SOCKET ? getSocketOption(this, this.#devices, option) : { error: -E.ENOPROTOOPT };
  }

  override pollMask(): number {
    return POLL.OUT | (this.#queue.length > 0 ? POLL.IN : 0);
  }

  /** Not an IP socket: `ss` shows it among others that it is not asked about here. */
  override info(): null {
    return null;
  }

  protected override release(): void {
    this.isClosed = true;
    if (this.#hasCrashed) return;
    // What was read but not decided is refused.
    for (const skb of this.#taken.values()) this.#queue.verdict(skb, false);
    this.#taken.clear();
    this.#queue.close();
  }

  /** Taken packets are still the queue's, which frees them when the network layer goes down. */
  override crash(): void {
    this.#hasCrashed = true;
    this.#taken.clear();
  }
}
