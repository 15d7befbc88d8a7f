/** The packets of hping3: what its options say they look like, as bytes, and answers read back. */
import { copyBytes, put16, put32, put8, u16, u8 } from "../../base/bytes.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import {
  IP_DF,
  IPPROTO_TCP,
  IPV4,
  IPV4_HEADER_BYTES,
  ipv4HeaderBytes,
  ipv4Source,
  ipv4TotalLength,
} from "../../wire/ipv4.ts";
import { sealTcp, TCP, TCP_HEADER_BYTES, tcpAck, tcpFlags, tcpHeaderBytes, tcpSeq, TH } from "../../wire/tcp.ts";

/** The parts of a packet that may change from one to the next. */
export type HpingPacket = {
  readonly source: Ipv4Address;
  readonly target: Ipv4Address;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly ttl: number;
  readonly id: number;
  readonly dontFragment: boolean;
  readonly data: Uint8Array;
};

/** The whole packet. The kernel fills in the IP header's checksum; TCP's is right, whatever the rest says. */
export function hpingPacket(packet: HpingPacket): Uint8Array {
  const { source, target, data } = packet;
  const tcp = IPV4_HEADER_BYTES;
  const bytes = new Uint8Array(tcp + TCP_HEADER_BYTES + data.length);
  put8(bytes, IPV4.versionIhl, 0x45);
  put16(bytes, IPV4.totalLength, bytes.length);
  put16(bytes, IPV4.id, packet.id);
  put16(bytes, IPV4.fragment, packet.dontFragment ? IP_DF : 0);
  put8(bytes, IPV4.ttl, packet.ttl);
  put8(bytes, IPV4.protocol, IPPROTO_TCP);
  put32(bytes, IPV4.source, source);
  put32(bytes, IPV4.target, target);
  put16(bytes, tcp + TCP.sourcePort, packet.sourcePort);
  put16(bytes, tcp + TCP.targetPort, packet.targetPort);
  put32(bytes, tcp + TCP.seq, packet.seq);
  put32(bytes, tcp + TCP.ack, packet.ack);
  put8(bytes, tcp + TCP.offset, (TCP_HEADER_BYTES / 4) << 4);
  put8(bytes, tcp + TCP.flags, packet.flags);
  put16(bytes, tcp + TCP.window, packet.window);
  copyBytes(data, 0, bytes, tcp + TCP_HEADER_BYTES, data.length);
  sealTcp(bytes, tcp, TCP_HEADER_BYTES + data.length, { source, target });
  return bytes;
}

export type HpingAnswer = {
  readonly source: Ipv4Address;
  readonly length: number;
  readonly ttl: number;
  readonly id: number;
  readonly dontFragment: boolean;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
};

/** A segment as a raw socket hands it over; null when it is none. */
export function readAnswer(bytes: Uint8Array, count: number): HpingAnswer | null {
  if (count < IPV4_HEADER_BYTES) return null;
  const tcp = ipv4HeaderBytes(bytes, 0);
  if (count < tcp + TCP_HEADER_BYTES || tcpHeaderBytes(bytes, tcp) < TCP_HEADER_BYTES) return null;
  return {
    source: ipv4Source(bytes, 0),
    length: ipv4TotalLength(bytes, 0),
    ttl: u8(bytes, IPV4.ttl),
    id: u16(bytes, IPV4.id),
    dontFragment: (u16(bytes, IPV4.fragment) & IP_DF) !== 0,
    sourcePort: u16(bytes, tcp + TCP.sourcePort),
    targetPort: u16(bytes, tcp + TCP.targetPort),
    seq: tcpSeq(bytes, tcp),
    ack: tcpAck(bytes, tcp),
    flags: tcpFlags(bytes, tcp),
    window: u16(bytes, tcp + TCP.window),
  };
}

/** In the order and with the letters of hping3; X and Y are the bits that were reserved in its time. */
const LETTERS: readonly (readonly [bit: number, letter: string])[] = [
  [TH.RST, "R"],
  [TH.SYN, "S"],
  [TH.ACK, "A"],
  [TH.FIN, "F"],
  [TH.PSH, "P"],
  [TH.URG, "U"],
  [TH.ECE, "X"],
  [TH.CWR, "Y"],
];

export const flagLetters = (flags: number): string =>
  LETTERS.map(([bit, letter]) => ((flags & bit) === 0 ? "" : letter)).join("");
