/**
 * A TCP socket as system calls see it, tcp(7): inet_stream_ops over tcp_prot in net/ipv4/af_inet.c and tcp.c. What the
 * calls do is in the files beside. Left out: MSG_OOB, MSG_ZEROCOPY, sendfile.
 */
import { assert } from "../../base/assert.ts";
import { IPV4_ANY, IPV4_LOOPBACK } from "../../wire/address.ts";
import { isAddress, isPort } from "../socket/inet-socket.ts";
import { fillAddress, type Socket } from "../socket/socket.ts";
import { E } from "../syscall/errno.ts";
import type { SocketInfo } from "../syscall/netlink.ts";
import {
  AF,
  MSG,
  POLL,
  type Message,
  type OptionResult,
  type OptionValue,
  type SocketAddress,
} from "../syscall/sys.ts";
import type { KernelTimer } from "../timer/timers.ts";
import { tcpClose, tcpDisconnect, tcpShutdown } from "./close/close.ts";
import { failOpen, openConnection, sendSyn, SS } from "./open/connect.ts";
import { socketInfo } from "./show/diagnostics.ts";
import { TFO } from "./open/fastopen.ts";
import { startListening } from "./open/listen.ts";
import { isReadable } from "./receive/receive.ts";
import { receiveMessage } from "./receive/recvmsg.ts";
import { checkSendInvariants } from "./send/send-invariants.ts";
import { sendMessage } from "./send/sendmsg.ts";
import { stateBit, TCP_STATE } from "./states.ts";
import { streamIsWriteable } from "./send/stream-memory.ts";
import { getOptionOf, setOptionOf, tcpIoctl } from "./show/tcp-options-api.ts";
import { TcpSock } from "./tcp-sock.ts";
import { onTcpTimer } from "./tcp-timers.ts";
import { traceTcp } from "./show/trace-tcp.ts";
import { purgeQueues } from "./send/write-queue.ts";
import { setFastopenState } from "./socket-records.ts";

const { CLOSE, LISTEN, SYN_SENT, SYN_RECV } = TCP_STATE;
const OPENING = stateBit(SYN_SENT) | stateBit(SYN_RECV);
const NOT_CONNECTED = OPENING | stateBit(CLOSE);

export class TcpSocket extends TcpSock {
  override onTimer(timer: KernelTimer): void {
    onTcpTimer(this, timer);
    if (this.core.trace.active) traceTcp(this, null);
  }

  /** inet_bind. */
  override bind(address: SocketAddress): number {
    const { family, port } = address;
    if (family !== AF.INET && !(family === AF.UNSPEC && address.address === IPV4_ANY)) return -E.EAFNOSUPPORT;
    if (!isAddress(address.address) || !isPort(port)) return -E.EINVAL;
    const type = address.address === IPV4_ANY ? "local" : this.tcp.ip.addressType(address.address);
    if (type !== "local" && type !== "broadcast" && type !== "multicast") return -E.EADDRNOTAVAIL;
    if (this.state !== CLOSE || this.localPort !== 0) return -E.EINVAL;
    this.boundAddress = address.address;
    this.sourceAddress = type === "local" ? address.address : IPV4_ANY;
    const result = this.tcp.ports.bind(this, port);
    if (result < 0) {
      this.boundAddress = IPV4_ANY;
      this.sourceAddress = IPV4_ANY;
      return result;
    }
    this.addressIsBound = address.address !== IPV4_ANY;
    this.portIsBound = port !== 0;
    this.route = null;
    return 0;
  }

  /** inet_stream_connect, which never waits: asked again it tells how far the connection is. */
  override connect(address: SocketAddress): number {
    if (address.family !== AF.UNSPEC) return this.#connect(address, false);
    return tcpDisconnect(this);
  }

  #connect(address: SocketAddress | null, isSend: boolean): number {
    let error = -E.EISCONN;
    switch (this.connectState) {
      case SS.CONNECTED:
        return error;
      case SS.CONNECTING:
        if (this.fastopen.deferConnect) error = isSend ? -E.EINPROGRESS : -E.EISCONN;
        else error = -E.EALREADY;
        break;
      case SS.UNCONNECTED: {
        if (this.state !== CLOSE) return error;
        const opened = this.#open(address);
        if (opened < 0) return opened;
        this.connectState = SS.CONNECTING;
        // The SYN waits for the first write.
        if (this.fastopen.deferConnect) return 0;
        error = -E.EINPROGRESS;
      }
    }
    if ((stateBit(this.state) & OPENING) !== 0) return error;
    if (this.state === CLOSE) {
      const failure = this.takeError() || -E.ECONNABORTED;
      tcpDisconnect(this);
      this.error = 0;
      return failure;
    }
    this.connectState = SS.CONNECTED;
    return 0;
  }

  #open(address: SocketAddress | null): number {
    if (address === null) return -E.EDESTADDRREQ;
    if (address.family !== AF.INET) return -E.EAFNOSUPPORT;
    if (!isAddress(address.address) || !isPort(address.port)) return -E.EINVAL;
    const target = address.address === IPV4_ANY ? IPV4_LOOPBACK : address.address;
    if (this.rxOpt.tsRecentStampS !== 0 && this.lastRemoteAddress !== target) {
      // What is left of an earlier connection says nothing about another peer.
      this.rxOpt.tsRecent = 0;
      this.rxOpt.tsRecentStampS = 0;
      this.writeSeq = 0 as typeof this.writeSeq;
    }
    this.lastRemoteAddress = target;
    this.remoteAddress = target;
    this.remotePort = address.port;
    const result = openConnection(this);
    this.#afterCall();
    return result;
  }

  /** inet_listen. */
  override listen(backlog: number): number {
    if (!Number.isInteger(backlog)) return -E.EINVAL;
    if (this.connectState !== SS.UNCONNECTED) return -E.EINVAL;
    if (this.localPort === 0 && this.state === CLOSE) {
      const bound = this.tcp.ports.bind(this, 0);
      if (bound < 0) return bound;
    }
    return startListening(this, backlog);
  }

  /** inet_csk_accept. */
  override accept(from: SocketAddress | null): Socket | number {
    const queue = this.accepting;
    if (this.state !== LISTEN || queue === null) return -E.EINVAL;
    const child = queue.shift();
    if (child === null) return -E.EAGAIN;
    child.listener = null;
    // The request of a fast open connection lives on until its handshake is finished.
    if (child.fastopenRequest !== null) child.fastopenRequest.child = null;
    child.connectState = SS.CONNECTED;
    if (from !== null) fillAddress(from, child.remoteAddress, child.remotePort);
    return child;
  }

  /** inet_shutdown. */
  override shutdown(how: 0 | 1 | 2): number {
    const receives = how !== 1;
    const sends = how !== 0;
    if (this.connectState === SS.CONNECTING && (stateBit(this.state) & NOT_CONNECTED) === 0) {
      this.connectState = SS.CONNECTED;
    }
    let result = 0;
    if (this.state === SYN_SENT || (this.state === LISTEN && receives)) result = tcpDisconnect(this);
    else if (this.state !== LISTEN) {
      if (this.state === CLOSE) result = -E.ENOTCONN;
      this.isReceiveShut ||= receives;
      this.isSendShut ||= sends;
      tcpShutdown(this, sends);
    }
    this.#afterCall();
    this.waiters.wake();
    return result;
  }

  override send(bytes: Uint8Array, flags: number, to: SocketAddress | null): number {
    let result: number;
    if ((flags & MSG.FASTOPEN) !== 0 || this.fastopen.deferConnect) result = this.#sendFastopen(bytes, flags, to);
    else result = sendMessage(this, bytes, flags);
    if (this.isConnecting && result === -E.EAGAIN) this.#notePending(flags);
    this.#afterCall();
    return result;
  }

  /** Whoever waits for the connection to write has data ready when it is there (sk_write_pending). */
  #notePending(flags: number): void {
    this.isWritePending = !this.nonblocking && (flags & MSG.DONTWAIT) === 0;
  }

  /**
   * The connection is made by sending (tcp_sendmsg_fastopen). @returns bytes that went with the SYN, -EINPROGRESS when
   * none did, or what any send returns once the connection is there.
   */
  #sendFastopen(bytes: Uint8Array, flags: number, to: SocketAddress | null): number {
    const client = (this.tcp.sysctls.fastopen & TFO.CLIENT) !== 0;
    if (!client || to?.family === AF.UNSPEC) return -E.EOPNOTSUPP;
    if (this.fastopenReq !== null) return -E.EALREADY;
    const request: NonNullable<TcpSock["fastopenReq"]> = { cookie: null, exp: false, copied: 0, data: bytes };
    this.fastopenReq = request;
    if (this.fastopen.deferConnect) {
      const sent = sendSyn(this);
      if (sent < 0) failOpen(this, sent);
    }
    const result = this.#connect(to, true);
    this.fastopenReq = null;
    setFastopenState(this, { deferConnect: false });
    if (request.copied < bytes.length) this.#notePending(flags);
    if (result === -E.EINPROGRESS && request.copied > 0) return request.copied;
    return result < 0 ? result : sendMessage(this, bytes, flags);
  }

  override receive(buffer: Uint8Array, flags: number, from: SocketAddress | null, message: Message | null): number {
    if ((flags & MSG.ERRQUEUE) !== 0) return this.receiveError(buffer, from, message);
    return receiveMessage(this, buffer, flags, message);
  }

  override localAddress(address: SocketAddress): number {
    fillAddress(address, this.sourceAddress === IPV4_ANY ? this.boundAddress : this.sourceAddress, this.localPort);
    return 0;
  }

  override peerAddress(address: SocketAddress): number {
    if (this.remotePort === 0 || (stateBit(this.state) & (stateBit(CLOSE) | stateBit(SYN_SENT))) !== 0) {
      return -E.ENOTCONN;
    }
    fillAddress(address, this.remoteAddress, this.remotePort);
    return 0;
  }

  /** tcp_poll. */
  override pollMask(): number {
    const { state } = this;
    if (state === LISTEN) return (this.accepting?.length ?? 0) > 0 ? POLL.IN : 0;
    let mask = 0;
    if ((this.isReceiveShut && this.isSendShut) || state === CLOSE) mask |= POLL.HUP;
    if (this.isReceiveShut) mask |= POLL.IN | POLL.RDHUP;
    if (state !== SYN_SENT && (state !== SYN_RECV || this.fastopenRequest !== null)) {
      if (isReadable(this, this.rcvLowat)) mask |= POLL.IN;
      if (this.isSendShut || streamIsWriteable(this)) mask |= POLL.OUT;
      // Acknowledgments wake only who has asked.
      else this.noSpace = true;
    } else if (state === SYN_SENT && this.fastopen.deferConnect) mask |= POLL.OUT;
    if (this.error !== 0 || this.errorQueue.length > 0) mask |= POLL.ERR;
    return mask;
  }

  override setOption(level: number, option: number, value: OptionValue): number {
    return setOptionOf(this, level, option, value);
  }

  override getOption(level: number, option: number): OptionResult {
    return getOptionOf(this, level, option);
  }

  override ioctl(request: number): number {
    return tcpIoctl(this, request);
  }

  override info(): Omit<SocketInfo, "process"> {
    return socketInfo(this);
  }

  protected override release(): void {
    if (!this.core.alive || this.isClosed) return;
    tcpClose(this);
    this.#afterCall();
  }

  override crash(): void {
    for (let skb = this.receiveQueue.shift(); skb !== null; skb = this.receiveQueue.shift()) {
      this.core.drop(skb, "NODE_DOWN");
    }
    this.outOfOrder.clear("NODE_DOWN");
    purgeQueues(this);
  }

  override queuedPackets(): number {
    return this.receiveQueue.length + this.outOfOrder.size;
  }

  override checkInvariants(): void {
    super.checkInvariants();
    if (this.isClosed) return;
    assert((this.state === LISTEN) === (this.accepting !== null), "a listener, and nobody else, has an accept queue");
    assert(this.state !== CLOSE || !this.isHashed, "a closed socket is in no table");
    assert(this.packetsOut >= 0 && this.retransOut >= 0 && this.lostOut >= 0, "counts of segments are not negative");
    assert(this.sackedOut + this.lostOut <= this.packetsOut, "no more has left the network than is outstanding");
    checkSendInvariants(this);
    this.outOfOrder.checkInvariants();
  }

  /** After every call that may send. What goes to this machine itself is received before the call returns. */
  #afterCall(): void {
    this.sentToLoopback = this.route?.device.isLoopback ?? false;
    if (this.core.trace.active) traceTcp(this, null);
  }
}
