/** Between a script's packets and the stack's: whose they are, and their numbers, timestamps and bytes either way. */
import { TH } from "../wire/tcp.ts";
import { TCPOPT } from "../wire/tcp-options.ts";
import type { TcpSpec } from "./ast.ts";
import type { LivePacket, LiveTcp } from "./live-packet.ts";
import type { Difference } from "./match.ts";
import type { ScriptSocket } from "./script-socket.ts";
import { optionTimestamps, timestampsOf, type ScriptOption } from "./tcp-option-spec.ts";

export const isFirstSyn = (flags: number): boolean => (flags & (TH.SYN | TH.ACK)) === TH.SYN;

/** What an injected packet means for the connection's phase. */
export function advancePhase(socket: ScriptSocket, tcp: TcpSpec): void {
  const hasAck = (tcp.flags & TH.ACK) !== 0;
  const hasSyn = (tcp.flags & TH.SYN) !== 0;
  if (socket.phase === "synack-sent" && hasAck) socket.phase = "synack-acked";
  else if (socket.phase === "syn-sent" && hasSyn) {
    if (hasAck) socket.phase = "syn-acked";
    socket.remoteIsn = tcp.seq;
  }
}

/** Whether its addresses and ports are the connection's. */
export function belongsTo(packet: LivePacket, socket: ScriptSocket): boolean {
  if (packet.source !== socket.local.address || packet.target !== socket.remote.address) return false;
  if (packet.protocol === "icmp") return socket.protocol === "icmp";
  if (packet.protocol === "other" || packet.protocol !== socket.protocol) return false;
  return packet.sourcePort === socket.local.port && packet.targetPort === socket.remote.port;
}

/** The first packet of a connection that the program opens tells which address and port it has. */
export function adopts(packet: LivePacket, socket: ScriptSocket): boolean {
  if (packet.target !== socket.remote.address) return false;
  const isDatagram = packet.protocol === "udp" && socket.protocol === "udp" && socket.phase === "connecting";
  const isSyn = packet.protocol === "tcp" && isFirstSyn(packet.flags) && socket.phase === "syn-sent";
  if (packet.protocol === "icmp" || packet.protocol === "other" || (!isDatagram && !isSyn)) return false;
  if (packet.targetPort !== socket.remote.port) return false;
  socket.local = { address: packet.source, port: packet.sourcePort };
  if (packet.protocol === "tcp") socket.liveLocalIsn = packet.seq;
  return true;
}

/** Numbers as the script counts; timestamps as they are. */
export function toScript(packet: LiveTcp, socket: ScriptSocket): LiveTcp {
  const { flags } = packet;
  const hasAck = (flags & TH.ACK) !== 0;
  return {
    ...packet,
    seq: socket.localToScript(packet.seq, flags),
    ack: hasAck ? socket.remoteToScript(packet.ack, flags) : packet.ack,
    options: socket.optionsToScript(packet.options, flags),
  };
}

/** The packet's timestamp as the script counts, and remembered for what is echoed later. */
export function mapTimestamps(
  expected: readonly ScriptOption[],
  actual: readonly ScriptOption[],
  socket: ScriptSocket,
): ScriptOption[] {
  const wanted = timestampsOf(expected);
  const found = timestampsOf(actual);
  if (wanted === null || found === null) return [...actual];
  const value = socket.noteTimestamp(wanted.value, found.value);
  return actual.map((option) => (option.kind === TCPOPT.TIMESTAMP ? optionTimestamps(value, found.echo) : option));
}

/** The bytes must be those that the program wrote at that place of the stream. */
export function comparePayload(packet: LiveTcp, socket: ScriptSocket): Difference[] {
  if (packet.payload.length === 0) return [];
  const at = socket.sent.differsAt(socket.streamPlace(packet.seq, packet.flags), packet.payload);
  return at < 0 ? [] : [`the byte ${at} of the stream is not the one that was written`];
}
