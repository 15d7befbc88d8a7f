/**
 * What a row of the packet list looks like: the colour and letter of its protocol, as the packets on the canvas have.
 */
import type { FlightProtocol } from "../../core/contract/api/run-view.ts";
import type { PacketRow } from "../../core/contract/api/packet-view.ts";
import { PROTOCOL_LOOKS } from "../theme/protocols.ts";

const PLAIN: Readonly<Record<string, FlightProtocol>> = { ARP: "arp", ICMP: "icmp", UDP: "udp" };

/** TCP by what the segment does, as core/session/flight-protocol.ts sorts it: a reset and the handshake before data. */
export function classOf({ protocol, info }: Pick<PacketRow, "protocol" | "info">): FlightProtocol {
  if (protocol !== "TCP") return PLAIN[protocol] ?? "other";
  const flags = /\[([^\]]*)\]/.exec(info)?.[1] ?? "";
  if (flags.includes("RST")) return "tcp-rst";
  if (flags.includes("SYN")) return "tcp-syn";
  if (flags.includes("FIN")) return "tcp-fin";
  return /, [1-9]\d* bytes/.test(info) ? "tcp-data" : "tcp";
}

export function lookOf(row: PacketRow): { readonly letter: string; readonly title: string; readonly color: string } {
  return PROTOCOL_LOOKS[classOf(row)];
}
