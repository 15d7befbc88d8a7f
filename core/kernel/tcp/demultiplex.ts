/**
 * What IP hands up, and which socket, request or record it is for (tcp_v4_rcv in net/ipv4/tcp_ipv4.c). Left out: early
 * demultiplexing, MD5 and AO, socket backlogs.
 */
import { u16, u32, u8 } from "../../base/bytes.ts";
import { checksumFold, checksumPartial, pseudoHeaderSum } from "../../wire/checksum.ts";
import { IPPROTO_TCP, IPV4, ipv4Source, ipv4Target } from "../../wire/ipv4.ts";
import { TCP, TCP_HEADER_BYTES, TH, tcpHeaderBytes } from "../../wire/tcp.ts";
import { CHECKSUM_NONE, PACKET_HOST, type SkBuff } from "../skb/skbuff.ts";
import { checkCookie } from "./open/cookie-check.ts";
import { receiveInState, receiveSegment } from "./input.ts";
import { checkRequest } from "./open/request.ts";
import type { RequestSock } from "./open/request-sock.ts";
import { sendReset } from "./close/reset.ts";
import { seqOf, type Seq } from "./sequence.ts";
import { TCP_STATE } from "./states.ts";
import { emptyLookup } from "./tables.ts";
import type { TcpSock } from "./tcp-sock.ts";
import type { Tcp } from "./tcp.ts";
import { ackTimeWait, forgetTimeWait, isnAfter, judgeTimeWait } from "./close/time-wait.ts";
import type { TimeWaitSock } from "./close/time-wait-sock.ts";
import { traceTcp } from "./show/trace-tcp.ts";

/** Of the segment that is being received; one for all machines, since a lookup is over before the next begins. */
const key = emptyLookup();

export class TcpInput {
  readonly #stack: Tcp;

  constructor(stack: Tcp) {
    this.#stack = stack;
  }

  /** tcp_v4_rcv. */
  receive(skb: SkBuff): void {
    const { core } = this.#stack;
    const { tcp } = core.snmp;
    if (core.costs.tcpReceive > 0) core.cpu.charge(core.costs.tcpReceive);
    if (skb.packetType !== PACKET_HOST) {
      core.drop(skb, "OTHERHOST");
      return;
    }
    tcp.InSegs++;
    if (skb.headLength < TCP_HEADER_BYTES) core.skbs.linearize(skb);
    if (skb.headLength < TCP_HEADER_BYTES) {
      core.drop(skb, "PKT_TOO_SMALL");
      return;
    }
    const header = tcpHeaderBytes(skb.bytes, skb.data);
    if (header > skb.headLength) core.skbs.linearize(skb);
    if (header < TCP_HEADER_BYTES || header > skb.headLength) {
      tcp.InErrs++;
      core.drop(skb, "TCP_BAD_OPTION");
      return;
    }
    if (!this.#checksumHolds(skb)) {
      tcp.InCsumErrors++;
      tcp.InErrs++;
      core.drop(skb, "TCP_CSUM");
      return;
    }
    fill(skb, header);
    this.#demultiplex(skb);
  }

  #checksumHolds(skb: SkBuff): boolean {
    if (skb.ipSummed !== CHECKSUM_NONE) return true;
    const { core } = this.#stack;
    core.skbs.linearize(skb);
    const { bytes, length, networkHeader } = skb;
    const { costs } = core;
    if (costs.checksumKib > 0) core.cpu.charge(Math.floor((costs.checksumKib * length) / 1024));
    const source = ipv4Source(bytes, networkHeader);
    const pseudo = pseudoHeaderSum(source, ipv4Target(bytes, networkHeader), IPPROTO_TCP, length);
    return checksumFold(checksumPartial(bytes, skb.data, length, pseudo)) === 0;
  }

  #demultiplex(skb: SkBuff): void {
    const { bytes, networkHeader, transportHeader } = skb;
    key.boundAddress = ipv4Target(bytes, networkHeader);
    key.remoteAddress = ipv4Source(bytes, networkHeader);
    key.localPort = u16(bytes, transportHeader + TCP.targetPort);
    key.remotePort = u16(bytes, transportHeader + TCP.sourcePort);
    key.device = skb.deviceIndex;
    const entry = this.#stack.tables.find(key);
    if (entry === null) this.#toListener(skb);
    else if (entry.isTcp) this.#toSocket(entry, skb, null);
    else if (entry.isRequest) this.#toRequest(entry, skb);
    else this.#toTimeWait(entry, skb);
  }

  #toListener(skb: SkBuff): void {
    const listener = this.#stack.tables.findListener(key);
    if (listener === null) this.#refuse(skb);
    else this.#toSocket(listener, skb, null);
  }

  /** CLOSED, RFC 9293, section 3.10.7.1. */
  #refuse(skb: SkBuff): void {
    sendReset(this.#stack, skb, null, "no-socket");
    this.#stack.core.drop(skb, "NO_SOCKET");
  }

  #toSocket(tcp: TcpSock, skb: SkBuff, twIsn: Seq | null): void {
    const { core } = this.#stack;
    if (u8(skb.bytes, skb.networkHeader + IPV4.ttl) < tcp.ipOptions.minTtl) {
      core.snmp.tcpExt.TCPMinTTLDrop++;
      core.drop(skb, "TCP_MINTTL");
      return;
    }
    if (tcp.state === TCP_STATE.LISTEN) {
      this.#listening(tcp, skb, twIsn);
      return;
    }
    countSegments(tcp, skb);
    this.#deliver(tcp, skb);
  }

  #deliver(tcp: TcpSock, skb: SkBuff): void {
    receiveSegment(tcp, skb);
    if (this.#stack.core.trace.active) traceTcp(tcp, null);
  }

  #listening(listener: TcpSock, skb: SkBuff, twIsn: Seq | null): void {
    if ((skb.cb2 & TH.SYN) === 0) {
      const checked = checkCookie(listener, skb);
      if (typeof checked === "string") {
        this.#stack.core.drop(skb, checked);
        return;
      }
      if (checked !== listener) {
        this.#toChild(listener, checked, skb);
        return;
      }
    }
    receiveSegment(listener, skb, twIsn);
  }

  #toRequest(request: RequestSock, skb: SkBuff): void {
    const { listener } = request;
    const checked = checkRequest(request, skb, null);
    if (typeof checked === "string") this.#stack.core.drop(skb, checked);
    else if (checked === listener) this.#toSocket(listener, skb, null);
    else this.#toChild(listener, checked, skb);
  }

  /** tcp_child_process: the segment that made the connection is its first. */
  #toChild(listener: TcpSock, child: TcpSock, skb: SkBuff): void {
    countSegments(child, skb);
    const refused = receiveInState(child, skb, null);
    if (child.state !== TCP_STATE.SYN_RECV) listener.waiters.wake();
    if (refused !== null) {
      sendReset(this.#stack, skb, child, refused);
      this.#stack.core.drop(skb, refused);
    }
    if (this.#stack.core.trace.active) traceTcp(child, null);
  }

  #toTimeWait(record: TimeWaitSock, skb: SkBuff): void {
    const verdict = judgeTimeWait(record, skb);
    if (verdict === "syn") {
      const listener = this.#stack.tables.findListener(key);
      if (listener !== null) {
        const isn = isnAfter(record);
        forgetTimeWait(record);
        this.#toSocket(listener, skb, isn);
        return;
      }
    }
    if (verdict === "reset") {
      sendReset(this.#stack, skb, record, "time-wait");
      forgetTimeWait(record);
    } else if (verdict !== "drop") ackTimeWait(record, skb);
    this.#stack.core.drop(skb, "TCP_TIME_WAIT");
  }
}

/** tcp_v4_fill_cb: what the control block says of a received segment. */
function fill(skb: SkBuff, header: number): void {
  const { bytes, data } = skb;
  const flags = u8(bytes, data + TCP.flags) | ((u8(bytes, data + TCP.offset) & 1) << 8);
  const seq = u32(bytes, data + TCP.seq);
  const octets = Number((flags & TH.SYN) !== 0) + Number((flags & TH.FIN) !== 0);
  skb.transportHeader = data;
  skb.cb0 = seq | 0;
  skb.cb1 = seqOf(seq + skb.length - header + octets);
  skb.cb2 = flags;
  skb.cb3 = u32(bytes, data + TCP.ack) | 0;
}

/** tcp_segs_in. */
function countSegments(tcp: TcpSock, skb: SkBuff): void {
  const segments = Math.max(1, skb.gsoSegments);
  tcp.segsIn += segments;
  if (skb.length > tcpHeaderBytes(skb.bytes, skb.transportHeader)) tcp.dataSegsIn += segments;
}
