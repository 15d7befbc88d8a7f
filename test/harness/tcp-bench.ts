/**
 * A machine with real TCP over a network layer that keeps what is sent: tests play the peer, segment by segment. All
 * sequence numbers that the peer uses are relative to its initial one, PEER_ISS; what we send is shown relative to
 * ours.
 */
import { put16, put8, utf8Encode } from "../../core/base/bytes.ts";
import type { Ipv4Address } from "../../core/wire/address.ts";
import { IPPROTO_TCP, IPV4, parseIpv4Packet, sealIpv4 } from "../../core/wire/ipv4.ts";
import { emitTcp, parseTcp, sealTcp, TH, type Tcp as TcpHeader } from "../../core/wire/tcp.ts";
import type { TcpOption } from "../../core/wire/tcp-options.ts";
import { ICMP_TYPE } from "../../core/wire/icmp.ts";
import type { IcmpError } from "../../core/kernel/net/protocol.ts";
import { TcpSocket } from "../../core/kernel/tcp/tcp-socket.ts";
import { AF, SOCK } from "../../core/kernel/syscall/sys.ts";
import { putIpv4Header } from "./ipv4-header.ts";
import { at, OWN_ADDRESS, TestMachine, ip } from "./process.ts";

export const PEER = ip("10.0.0.2");
export const PEER_ISS = 5000;

export interface Segment {
  readonly flags: string;
  /** Relative to PEER_ISS. */
  readonly seq?: number;
  /** Absolute. */
  readonly ack?: number;
  readonly window?: number;
  readonly text?: string;
  readonly options?: readonly TcpOption[];
  readonly from?: Ipv4Address;
  readonly port?: number;
  readonly to?: number;
  readonly tos?: number;
  readonly ttl?: number;
}

const LETTERS: readonly (readonly [letter: string, bit: number])[] = [
  ["F", TH.FIN],
  ["S", TH.SYN],
  ["R", TH.RST],
  ["P", TH.PSH],
  ["A", TH.ACK],
  ["U", TH.URG],
  ["E", TH.ECE],
  ["W", TH.CWR],
];

const flagBits = (letters: string): number =>
  LETTERS.reduce((bits, [letter, bit]) => (letters.includes(letter) ? bits | bit : bits), 0);
export const flagLetters = (bits: number): string =>
  LETTERS.filter(([, bit]) => (bits & bit) !== 0)
    .map(([letter]) => letter)
    .join("");

export class TcpBench {
  readonly machine = new TestMachine();
  #read = 0;
  /** Sequence numbers of the last SYN or SYN-ACK that we sent. */
  iss = 0;

  get tcp(): TestMachine["userland"]["tcp"] {
    return this.machine.userland.tcp;
  }

  get core(): TestMachine["core"] {
    return this.machine.core;
  }

  sysctl(name: string, value: number | string): void {
    const error = this.core.sysctls.set(`net.ipv4.${name}`, String(value));
    if (error !== null) throw new Error(`${name}: ${error}`);
  }

  /** A socket that one descriptor stands for; it does not block. */
  socket(): TcpSocket {
    const socket = this.machine.userland.sockets.create(AF.INET, SOCK.STREAM, 0);
    if (!(socket instanceof TcpSocket)) throw new Error("no TCP socket");
    socket.acquire();
    socket.nonblocking = true;
    return socket;
  }

  listener(port = 80, backlog = 8): TcpSocket {
    const socket = this.socket();
    socket.reuseAddress = true;
    if (socket.bind(at("0.0.0.0", port)) < 0) throw new Error("bind");
    if (socket.listen(backlog) < 0) throw new Error("listen");
    return socket;
  }

  accept(listener: TcpSocket): TcpSocket {
    const socket = listener.accept(null);
    if (!(socket instanceof TcpSocket)) throw new Error(`accept: ${String(socket)}`);
    socket.acquire();
    socket.nonblocking = true;
    return socket;
  }

  /** A connection that was accepted; its listener is closed. What was sent so far is read. */
  passive(port = 40_000, options: readonly TcpOption[] = []): TcpSocket {
    const listener = this.listener();
    this.inject({ flags: "S", port, options });
    const synAck = this.lastSent();
    this.iss = synAck.seq;
    const stamp = synAck.options.find((option) => option.kind === "timestamps");
    const stamps: TcpOption[] =
      stamp?.kind === "timestamps" ? [{ kind: "timestamps", value: 2, echo: stamp.value }] : [];
    this.inject({ flags: "A", seq: 1, ack: this.iss + 1, port, options: stamps });
    const socket = this.accept(listener);
    listener.close();
    this.sent();
    return socket;
  }

  connecting(port = 7): TcpSocket {
    const socket = this.socket();
    socket.connect(at("10.0.0.2", port));
    this.iss = this.lastSent().seq;
    return socket;
  }

  /** The peer sends a segment, by default from its port 40,000 to our port 80. */
  inject(segment: Segment): void {
    const { core, ip: layer } = this.machine;
    const source = segment.from ?? PEER;
    const bytes = emitTcp({
      sourcePort: segment.port ?? 40_000,
      targetPort: segment.to ?? 80,
      seq: (PEER_ISS + (segment.seq ?? 0)) >>> 0,
      ack: (segment.ack ?? 0) >>> 0,
      flags: flagBits(segment.flags),
      window: segment.window ?? 65_535,
      checksum: 0,
      urgent: 0,
      options: segment.options ?? [],
      payload: utf8Encode(segment.text ?? ""),
    });
    sealTcp(bytes, 0, bytes.length, { source, target: OWN_ADDRESS });
    const skb = core.skbs.alloc(bytes.length);
    skb.bytes.set(bytes, skb.put(bytes.length));
    putIpv4Header(skb, {
      source,
      target: OWN_ADDRESS,
      protocol: IPPROTO_TCP,
      ttl: segment.ttl ?? 64,
      dontFragment: true,
    });
    put8(skb.bytes, skb.data + IPV4.tos, segment.tos ?? 0);
    sealIpv4(skb.bytes, skb.data);
    skb.deviceIndex = 2;
    layer.deliver(skb);
    this.machine.userland.checkInvariants();
  }

  /** An ICMP error about our segment with that sequence number. */
  icmp(error: Partial<IcmpError>, about: { seq: number; from: number; to: number }): void {
    const { core, ip: layer } = this.machine;
    const skb = core.skbs.alloc(8);
    const start = skb.put(8);
    put16(skb.bytes, start, about.from);
    put16(skb.bytes, start + 2, about.to);
    new DataView(skb.bytes.buffer, skb.bytes.byteOffset + start).setUint32(4, about.seq >>> 0);
    putIpv4Header(skb, { source: OWN_ADDRESS, target: PEER, protocol: IPPROTO_TCP, ttl: 64, dontFragment: true });
    skb.networkHeader = skb.data;
    skb.pull(20);
    skb.transportHeader = skb.data;
    skb.deviceIndex = 2;
    const whole: IcmpError = {
      type: ICMP_TYPE.DEST_UNREACH,
      code: 0,
      info: 0,
      offender: PEER,
      errno: 113,
      isFatal: false,
      ...error,
    };
    layer.protocol(IPPROTO_TCP).error(skb, whole);
    core.consume(skb);
  }

  /** What was sent since the last look. */
  sent(): TcpHeader[] {
    const { sent } = this.machine.ip;
    const news = sent.slice(this.#read).map((packet) => {
      const ipv4 = parseIpv4Packet(packet.bytes);
      if (!ipv4.ok) throw new Error("not IPv4");
      const segment = parseTcp(ipv4.value.payload);
      if (!segment.ok) throw new Error("not TCP");
      return segment.value;
    });
    this.#read = sent.length;
    return news;
  }

  lastSent(): TcpHeader {
    const last = this.sent().at(-1);
    if (last === undefined) throw new Error("nothing was sent");
    return last;
  }

  /** What was sent since the last look, in short: `SA`, or `A 1:11` for data. */
  brief(): string[] {
    return this.sent().map((segment) => {
      const from = (segment.seq - this.iss) | 0;
      const { length } = segment.payload;
      return flagLetters(segment.flags & 0xff) + (length > 0 ? ` ${from}:${from + length}` : "");
    });
  }

  advance(span: number): void {
    this.machine.advance(span);
  }

  /** Packets that nobody admits to hold. */
  get unaccounted(): number {
    return this.core.skbs.outstanding - this.machine.userland.queuedPackets();
  }
}
