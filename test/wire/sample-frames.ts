/** Frames of every kind the text printer knows, whole, contradictory and cut short, in a fixed order. */
import { multicastMac, parseIpv4, parseMac, type Ipv4Address, type MacAddress } from "../../core/wire/address.ts";
import { emitArp, type Arp } from "../../core/wire/arp.ts";
import { emitEthernet } from "../../core/wire/ethernet.ts";
import { emitIcmp, sealIcmp } from "../../core/wire/icmp.ts";
import { emitIpv4Packet, sealIpv4, type Ipv4 } from "../../core/wire/ipv4.ts";
import { emitTcp, sealTcp, TH, type Tcp } from "../../core/wire/tcp.ts";
import type { PacketToPrint } from "../../core/wire/tcpdump.ts";
import { emitUdp, sealUdp } from "../../core/wire/udp.ts";
import { emitVlan } from "../../core/wire/vlan.ts";

function must<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(String(result.error));
  return result.value;
}

export const ip = (text: string): Ipv4Address => must(parseIpv4(text));
export const mac = (text: string): MacAddress => must(parseMac(text));

const A = ip("10.0.0.1");
const B = ip("10.0.0.2");
const NOTHING = new Uint8Array(0);
const zeros = (length: number): Uint8Array => new Uint8Array(length);

export function frameOf(payload: Uint8Array, type = 0x0800): Uint8Array {
  return emitEthernet({ target: mac("02:00:00:00:00:02"), source: mac("02:00:00:00:00:01"), type, payload });
}

export function packetOf(payload: Uint8Array, fields: Partial<Ipv4> = {}): Uint8Array {
  const bytes = emitIpv4Packet({
    tos: 0,
    id: 7,
    dontFragment: true,
    moreFragments: false,
    reservedFlag: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: 1,
    checksum: 0,
    source: A,
    target: B,
    options: [],
    ...fields,
    payload,
  });
  sealIpv4(bytes, 0);
  return bytes;
}

export function icmpOf(type: number, code: number, rest: number, payload: Uint8Array = NOTHING): Uint8Array {
  const bytes = emitIcmp({ type, code, checksum: 0, rest, payload });
  sealIcmp(bytes, 0, bytes.length);
  return bytes;
}

export function udpOf(payload: Uint8Array): Uint8Array {
  const bytes = emitUdp({ sourcePort: 4000, targetPort: 9, checksum: 0, payload });
  sealUdp(bytes, 0, bytes.length, { source: A, target: B });
  return bytes;
}

/** From A to B, or back when the source port is the server's. */
export function tcpOf(fields: Partial<Tcp> = {}): Uint8Array {
  const segment: Tcp = {
    sourcePort: 40000,
    targetPort: 5001,
    seq: 1000,
    ack: 0,
    flags: TH.SYN,
    window: 64240,
    checksum: 0,
    urgent: 0,
    options: [],
    payload: NOTHING,
    ...fields,
  };
  const bytes = emitTcp(segment);
  const back = segment.sourcePort === 5001;
  sealTcp(bytes, 0, bytes.length, back ? { source: B, target: A } : { source: A, target: B });
  return bytes;
}

export function arpOf(fields: Partial<Arp> = {}): Uint8Array {
  const [senderMac, targetMac] = [mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02")];
  return emitArp({ operation: 1, senderMac, senderIp: A, targetMac, targetIp: B, ...fields });
}

const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};

const inTcp = (segment: Uint8Array): Uint8Array => frameOf(packetOf(segment, { protocol: 6 }));
const backTcp = (fields: Partial<Tcp>): Uint8Array =>
  frameOf(packetOf(tcpOf({ sourcePort: 5001, targetPort: 40000, ...fields }), { protocol: 6, source: B, target: A }));
const inUdp = (datagram: Uint8Array, fields: Partial<Ipv4> = {}): Uint8Array =>
  frameOf(packetOf(datagram, { protocol: 17, ...fields }));
const inIcmp = (message: Uint8Array, fields: Partial<Ipv4> = {}): Uint8Array => frameOf(packetOf(message, fields));

function icmpFrames(): Uint8Array[] {
  const quoted = packetOf(udpOf(zeros(20).fill(65)), { protocol: 17 });
  const segment = packetOf(tcpOf(), { protocol: 6 });
  const echo = packetOf(icmpOf(8, 0, 0x10002));
  const codes = (type: number, count: number, rest = 0): Uint8Array[] =>
    Array.from({ length: count }, (_, code) => icmpOf(type, code, code === 4 && type === 3 ? 1400 : rest, quoted));
  const quotes = [segment, echo, segment.subarray(0, 28), quoted.subarray(0, 24), quoted.subarray(0, 10)];
  return [
    icmpOf(8, 0, 0x70003, zeros(56)),
    icmpOf(0, 0, 0x70003, zeros(56)),
    ...codes(3, 18),
    icmpOf(3, 4, 0, quoted),
    ...quotes.map((quote) => icmpOf(3, 3, 0, quote)),
    icmpOf(3, 2, 0, echo),
    ...codes(5, 6, 0x0a0000fe),
    ...codes(11, 4),
    icmpOf(12, 0, 0x14000000, quoted),
    icmpOf(12, 1, 0, quoted),
    icmpOf(4, 0, 0, quoted),
    icmpOf(13, 0, 0x10002, zeros(12)),
    icmpOf(14, 0, 0x10002, Uint8Array.of(1, 2, 3, 4, 2, 3, 4, 5, 128, 4, 5, 6)),
    icmpOf(17, 0, 0, zeros(4)),
    icmpOf(18, 0, 0, Uint8Array.of(255, 255, 255, 0)),
    icmpOf(15, 0, 1),
    icmpOf(16, 0, 1),
    icmpOf(10, 0, 0),
    icmpOf(9, 0, 0x01020708, Uint8Array.of(10, 0, 0, 1, 0, 0, 0, 5)),
    icmpOf(99, 3, 0),
    changed(icmpOf(8, 0, 5, zeros(8)), 2, 1),
  ].map((message) => inIcmp(message));
}

function udpFrames(): Uint8Array[] {
  const datagram = udpOf(zeros(5).fill(65));
  const noFragment = { dontFragment: false };
  return [
    inUdp(udpOf(NOTHING)),
    inUdp(datagram),
    inUdp(changed(datagram, 8, 66)),
    inUdp(changed(changed(datagram, 6, 0), 7, 0)),
    inUdp(changed(datagram, 5, 40)),
    inUdp(changed(datagram, 5, 3)),
    inUdp(datagram.subarray(0, 6)),
    inUdp(datagram.subarray(0, 2)),
    inUdp(udpOf(zeros(40)).subarray(0, 24), { ...noFragment, moreFragments: true }),
    inUdp(zeros(24), { ...noFragment, fragmentOffset: 24 }),
    inUdp(zeros(24), { ...noFragment, moreFragments: true, fragmentOffset: 48 }),
  ];
}

function tcpFrames(): Uint8Array[] {
  const blocks = [
    { left: 1011, right: 1021 },
    { left: 1031, right: 1041 },
  ];
  const some = (number: number, length: number) => ({ kind: "unknown", number, data: zeros(length) }) as const;
  const mss = { kind: "mss", mss: 1460 } as const;
  const timestamps = { kind: "timestamps", value: 1, echo: 0 } as const;
  const syn: Partial<Tcp> = {
    options: [mss, { kind: "sack-permitted" }, timestamps, { kind: "nop" }, { kind: "window-scale", shift: 7 }],
  };
  const cookie = { kind: "fast-open", cookie: Uint8Array.of(1, 2, 3, 4) } as const;
  const sack = { kind: "sack", blocks } as const;
  return [
    inTcp(tcpOf(syn)),
    backTcp({ seq: 5000, ack: 1001, flags: TH.SYN | TH.ACK, options: [mss, cookie] }),
    inTcp(tcpOf({ seq: 1001, ack: 5001, flags: TH.ACK })),
    inTcp(tcpOf({ seq: 1001, ack: 5001, flags: TH.ACK | TH.PSH, payload: zeros(10) })),
    backTcp({ seq: 5001, ack: 1001, flags: TH.ACK, options: [{ kind: "nop" }, { kind: "nop" }, sack] }),
    inTcp(tcpOf({ seq: 1011, ack: 5001, flags: TH.ACK | TH.FIN })),
    inTcp(tcpOf({ seq: 1011, ack: 5001, flags: 0x1ff, urgent: 3 })),
    inTcp(tcpOf({ flags: 0 })),
    inTcp(tcpOf({ flags: TH.RST, payload: Uint8Array.of(65, 10, 66) })),
    inTcp(tcpOf({ flags: TH.FIN })),
    inTcp(tcpOf({ options: [{ kind: "fast-open", cookie: NOTHING }, some(253, 3)] })),
    inTcp(tcpOf({ options: [some(2, 3), some(5, 3), some(77, 0)] })),
    inTcp(tcpOf({ options: [some(5, 3), { kind: "fast-open", cookie: zeros(3) }], flags: TH.ACK })),
    inTcp(tcpOf({ options: [some(19, 16), some(28, 2), some(6, 4), some(7, 4)], flags: TH.ACK })),
    inTcp(changed(tcpOf(), 12, 0x30)),
    inTcp(changed(tcpOf(), 12, 0xf0)),
    inTcp(changed(tcpOf({ flags: TH.ACK }), 16, 9)),
    inTcp(tcpOf().subarray(0, 12)),
    inTcp(tcpOf().subarray(0, 3)),
    inTcp(changed(tcpOf({ options: [mss] }), 21, 9)),
    inTcp(changed(tcpOf({ options: [mss] }), 21, 3)),
    inTcp(tcpOf({ payload: zeros(50) })),
  ];
}

function ipFrames(): Uint8Array[] {
  const echo = icmpOf(8, 0, 1);
  const plain = packetOf(echo);
  const [source, route] = [A, [A, B]];
  return [
    frameOf(packetOf(NOTHING, { protocol: 99 })),
    frameOf(packetOf(zeros(20), { protocol: 99 })),
    frameOf(packetOf(zeros(5), { protocol: 6 })),
    frameOf(packetOf(packetOf(udpOf(zeros(20)), { protocol: 17 }), { protocol: 4 })),
    ...[1, 6, 17].map((protocol) => frameOf(packetOf(NOTHING, { protocol }))),
    inIcmp(echo, { tos: 0xb9, ttl: 0, options: [{ kind: "record-route", pointer: 8, route }, { kind: "nop" }] }),
    inIcmp(echo, { dontFragment: false, reservedFlag: true }),
    inIcmp(echo, { tos: 3, options: [{ kind: "timestamp", pointer: 9, overflow: 2, flag: 0, words: [7, 8] }] }),
    inIcmp(echo, { tos: 2, options: [{ kind: "timestamp", pointer: 5, overflow: 0, flag: 1, words: [source, 8] }] }),
    inIcmp(echo, {
      options: [
        { kind: "router-alert", value: 0 },
        { kind: "loose-source-route", pointer: 4, route: [A] },
      ],
    }),
    inUdp(udpOf(zeros(3)), { options: [{ kind: "router-alert", value: 5 }] }),
    ...(
      [
        [10, 0],
        [0, 0x44],
        [0, 0x65],
        [0, 0x35],
        [3, 10],
        [3, 0],
        [0, 0x4f],
      ] as const
    ).map(([at, value]) => frameOf(changed(plain, at, value))),
    padded(inIcmp(echo)),
  ];
}

function arpFrames(): Uint8Array[] {
  const request = arpOf();
  return [
    padded(frameOf(arpOf({ targetMac: 0 as MacAddress }), 0x0806)),
    ...[1, 2, 3, 4, 8, 9, 10, 77].map((operation) => frameOf(arpOf({ operation }), 0x0806)),
    frameOf(request.subarray(0, 20), 0x0806),
    frameOf(request.subarray(0, 6), 0x0806),
    ...(
      [
        [3, 5],
        [5, 6],
        [1, 6],
      ] as const
    ).map(([at, value]) => frameOf(changed(request, at, value), 0x0806)),
  ];
}

function vlanFrames(): Uint8Array[] {
  const tagged = emitVlan({
    priority: 3,
    dropEligible: true,
    id: 100,
    type: 0x0800,
    payload: packetOf(udpOf(zeros(3)), { protocol: 17 }),
  });
  const inner = emitVlan({ priority: 0, dropEligible: false, id: 5, type: 0x0806, payload: arpOf() });
  const outer = emitVlan({ priority: 0, dropEligible: false, id: 100, type: 0x8100, payload: inner });
  const unknown = emitEthernet({
    target: multicastMac(ip("224.0.0.5")),
    source: mac("02:00:00:00:00:01"),
    type: 0x88b5,
    payload: Uint8Array.from({ length: 20 }, (_, i) => i + 50),
  });
  return [frameOf(tagged, 0x8100), frameOf(outer, 0x88a8), frameOf(Uint8Array.of(0, 1), 0x8100), unknown];
}

const padded = (frame: Uint8Array): Uint8Array => {
  const whole = zeros(60);
  whole.set(frame);
  return whole;
};

/** One kind each, kept only up to some byte. */
function cutFrames(): { data: Uint8Array; originalLength: number }[] {
  const tcp = inTcp(tcpOf({ payload: zeros(50) }));
  const options = inTcp(
    tcpOf({
      options: [{ kind: "mss", mss: 1460 }, { kind: "sack-permitted" }, { kind: "timestamps", value: 1, echo: 0 }],
    }),
  );
  const echo = inIcmp(icmpOf(8, 0, 1, zeros(50)));
  const unreachable = inIcmp(icmpOf(3, 3, 1, packetOf(udpOf(zeros(20)), { protocol: 17 })));
  const udp = inUdp(udpOf(zeros(50)));
  const cuts: readonly (readonly [Uint8Array, readonly number[]])[] = [
    [tcp, [9, 14, 30, 36, 50, 60]],
    [options, [56, 57, 59, 61, 64, 66]],
    [echo, [34, 35, 38, 40, 42, 50]],
    [unreachable, [38, 42, 46, 62, 64, 66, 70]],
    [udp, [34, 36, 38, 40, 42, 50]],
    [frameOf(arpOf(), 0x0806), [30, 38]],
  ];
  const kept = cuts.flatMap(([frame, lengths]) =>
    lengths.map((length) => ({ data: frame.subarray(0, length), originalLength: frame.length })),
  );
  // Short on the wire, not only in the capture.
  const short = [60, 40].map((length) => ({ data: tcp.subarray(0, length), originalLength: length }));
  return [...kept, ...short];
}

/** All frames as packets of one Ethernet capture, 0.123456789 s apart. */
export function samplePackets(): PacketToPrint[] {
  const whole = [icmpFrames(), udpFrames(), tcpFrames(), ipFrames(), arpFrames(), vlanFrames()].flat();
  const all = [...whole.map((data) => ({ data, originalLength: data.length })), ...cutFrames()];
  return all.map(({ data, originalLength }, i) => {
    const fraction = i * 123_456_789;
    const time = { seconds: 1_700_000_000 + Math.floor(fraction / 1e9), nanoseconds: fraction % 1e9 };
    return { time, data, originalLength, linkType: 1 };
  });
}
