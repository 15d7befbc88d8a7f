/** Packets as scripts write them, for reports. */
import { formatIpv4 } from "../wire/address.ts";
import { ICMP_TYPE } from "../wire/icmp.ts";
import { TH } from "../wire/tcp.ts";
import type { IcmpSpec, PacketAction, TcpSpec } from "./ast.ts";
import type { LivePacket, LiveTcp } from "./live-packet.ts";
import { optionsText } from "./tcp-option-spec.ts";

const LETTERS: readonly (readonly [number, string])[] = [
  [TH.SYN, "S"],
  [TH.FIN, "F"],
  [TH.RST, "R"],
  [TH.PSH, "P"],
  [TH.URG, "U"],
  [TH.ECE, "E"],
  [TH.CWR, "W"],
  [TH.AE, "A"],
  [TH.ACK, "."],
];

export function flagsText(flags: number): string {
  const text = LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter);
  return text.length === 0 ? "-" : text.join("");
}

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== "").join(" ");

function tcpText(
  tcp: Pick<TcpSpec, "flags" | "seq" | "ack" | "window" | "urgent" | "options">,
  payload: number,
): string {
  const end = (tcp.seq + payload) % 2 ** 32;
  return joined([
    flagsText(tcp.flags),
    `${tcp.seq}:${end}(${payload})`,
    (tcp.flags & TH.ACK) !== 0 || tcp.ack !== 0 ? `ack ${tcp.ack}` : "",
    tcp.window === null ? "" : `win ${tcp.window}`,
    tcp.urgent === 0 ? "" : `urg ${tcp.urgent}`,
    optionsText(tcp.options),
  ]);
}

/** `P. 1:1001(1000) ack 1 <nop,nop,TS val 1 ecr 2>`. */
export function specText({ ip, packet }: PacketAction): string {
  const checks = { none: "", ecn: ECN_TEXTS[ip.tos & 3] ?? "", ect01: "ect01", tos: `tos 0x${ip.tos.toString(16)}` };
  const marks = [checks[ip.check], ip.ttl === null ? "" : `ttl ${ip.ttl}`].filter((mark) => mark !== "");
  const head = marks.length === 0 ? "" : `[${marks.join(",")}]`;
  switch (packet.protocol) {
    case "tcp":
      return joined([head, tcpText(packet, packet.payload)]);
    case "udp":
      return joined([head, `udp(${packet.payload})`]);
    case "icmp":
      return joined([head, icmpText(packet)]);
  }
}

const ECN_TEXTS = ["noecn", "ect1", "ect0", "ce"] as const;

function icmpText({ type, code, mtu, quote }: IcmpSpec): string {
  const what = type === ICMP_TYPE.DEST_UNREACH ? "unreachable" : `type_${type}`;
  const quoted = quote.protocol === "tcp" ? `[${quote.seq}:${quote.seq + quote.payload}(${quote.payload})]` : "";
  return joined(["icmp", what, `code_${code}`, mtu === null ? "" : `mtu ${mtu}`, quoted]);
}

/** A packet that was sent, its numbers as they are; those of the script are put in by the caller. */
export function liveText(packet: LivePacket): string {
  switch (packet.protocol) {
    case "tcp":
      return tcpText(packet, packet.payload.length);
    case "udp":
      return `udp(${packet.payload.length})`;
    case "icmp":
      return `icmp type_${packet.type} code_${packet.code}`;
    case "other":
      return `IP protocol ${packet.number} (${packet.payload.length})`;
  }
}

/** `192.168.0.1:8080 > 192.0.2.1:40000`, for packets of no connection that the script knows. */
export function endpointsText(packet: LivePacket): string {
  const port = (number: number): string => (packet.protocol === "tcp" || packet.protocol === "udp" ? `:${number}` : "");
  const { sourcePort = 0, targetPort = 0 } = packet as Partial<LiveTcp>;
  return `${formatIpv4(packet.source)}${port(sourcePort)} > ${formatIpv4(packet.target)}${port(targetPort)}`;
}
