/**
 * The packets of a script: which connection each belongs to, what is injected, and which of the packets that the stack
 * sends is the one expected. One connection at a time is under test, as in google/packetdrill (run_packet.c).
 */
import type { Nanoseconds } from "../base/time.ts";
import { TH } from "../wire/tcp.ts";
import type { IcmpSpec, PacketAction, TcpSpec } from "./ast.ts";
import type { CallTable } from "./call-table.ts";
import type { Environment, SentPacket } from "./environment.ts";
import { icmpBytes, tcpBytes, udpBytes } from "./inject.ts";
import { readPacket, type LivePacket, type LiveTcp } from "./live-packet.ts";
import {
  compareFragment,
  compareIcmp,
  compareIp,
  compareTcp,
  compareUdp,
  joinFragments,
  type Difference,
} from "./match.ts";
import { endpointsText, liveText, specText } from "./packet-text.ts";
import { failed } from "./problem.ts";
import { ScriptSocket } from "./script-socket.ts";
import type { Settings } from "./settings.ts";
import { concatBytes } from "../base/bytes.ts";
import type { Timeline, TimelineEntry } from "./timeline.ts";
import { adopts, advancePhase, belongsTo, comparePayload, isFirstSyn, mapTimestamps, toScript } from "./translate.ts";

/** Ports of peers that open connections: a fresh one each, so that none meets another's TIME-WAIT. */
const FIRST_PEER_PORT = 40_001;

/** A packet taken for the one expected, as the script counts. */
export interface Sniffed {
  readonly packet: LivePacket;
  readonly entries: readonly TimelineEntry[];
}

export class Packets {
  readonly #environment: Environment;
  readonly #table: CallTable;
  readonly #settings: Settings;
  readonly #timeline: Timeline;
  /** Lines of packets sent, while they wait to be looked at. */
  readonly #entries = new Map<SentPacket, TimelineEntry>();
  #nextPort = FIRST_PEER_PORT;
  /** Script time 0. */
  startAt = 0;

  constructor(environment: Environment, table: CallTable, timeline: Timeline) {
    this.#environment = environment;
    this.#table = table;
    this.#settings = table.settings;
    this.#timeline = timeline;
    environment.onSent = (sent) => this.#note(sent);
  }

  #note(sent: SentPacket): void {
    const { at, bytes } = sent;
    const packet = readPacket(sent);
    const socket = this.#table.underTest;
    const isOurs = socket !== null && belongsTo(packet, socket);
    const text = isOurs && packet.protocol === "tcp" ? liveText(toScript(packet, socket)) : liveText(packet);
    const line = isOurs ? text : `${endpointsText(packet)}: ${text}`;
    const scriptTime = at - this.startAt;
    this.#entries.set(sent, this.#timeline.add({ direction: "out", at, scriptTime, text: line, bytes }));
  }

  // Injected packets

  inject(action: PacketAction, line: number): void {
    const socket = this.#socketFor(action, line);
    const bytes = this.#bytesOf(action, socket, line);
    const { environment, text } = { environment: this.#environment, text: specText(action) };
    const at = environment.now;
    this.#timeline.add({ direction: "in", at, scriptTime: at - this.startAt, text, bytes });
    const payload = action.packet.protocol === "tcp" ? action.packet.payload : 0;
    const { mss } = this.#settings;
    const isMerged = mss > 0 && payload > mss;
    environment.tun.inject(bytes, isMerged ? mss : 0, isMerged ? Math.ceil(payload / mss) : 0);
    environment.settle();
  }

  #bytesOf(action: PacketAction, socket: ScriptSocket, line: number): Uint8Array {
    const { ip, packet } = action;
    if (packet.protocol === "tcp") return this.#tcpBytes(action, packet, socket, line);
    if (packet.protocol === "udp") return udpBytes(ip, packet, socket.received.read(0, packet.payload), socket);
    return icmpBytes(ip, packet, socket.localToLive(packet.quote.seq, 0), socket);
  }

  #tcpBytes({ ip }: PacketAction, tcp: TcpSpec, socket: ScriptSocket, line: number): Uint8Array {
    const { flags } = tcp;
    advancePhase(socket, tcp);
    const options = socket.optionsToLive(tcp.options ?? [], flags, this.#settings.scalesEcho);
    if (typeof options === "string") throw failed(line, options);
    const hasAck = (flags & TH.ACK) !== 0;
    const ack = hasAck ? socket.localToLive(tcp.ack, flags) : tcp.ack;
    const payload = socket.received.read(socket.streamPlace(tcp.seq, flags), tcp.payload);
    return tcpBytes(ip, tcp, { seq: socket.remoteToLive(tcp.seq, flags), ack, options, payload }, socket);
  }

  // Whose packet it is

  /** @throws RunFailure when the script has no connection that the packet could belong to. */
  #socketFor({ direction, packet }: PacketAction, line: number): ScriptSocket {
    const socket = this.#table.underTest;
    if (packet.protocol === "tcp") {
      if (direction === "in" && (socket === null || socket.phase === "listening")) return this.#newPeer(packet, socket);
      if (direction === "out" && socket?.phase === "connecting" && isFirstSyn(packet.flags)) {
        socket.phase = "syn-sent";
        socket.scriptLocalIsn = packet.seq;
      }
    }
    if (socket === null) throw failed(line, "no socket that this packet could belong to");
    const fits = packet.protocol === "icmp" || packet.protocol === socket.protocol;
    if (!fits) {
      throw failed(line, `a packet of ${packet.protocol}, but the socket under test is one of ${socket.protocol}`);
    }
    if (socket.protocol === "udp" && socket.remote.port === 0) this.#introduce(socket);
    return socket;
  }

  /** The first packet for a listener, or for nobody: from now on packets are about this connection. */
  #newPeer(packet: TcpSpec, listener: ScriptSocket | null): ScriptSocket {
    const socket = new ScriptSocket("tcp");
    const { localAddress, bindPort, remoteAddress } = this.#settings;
    socket.phase = "packet-received";
    socket.local = listener === null ? { address: localAddress, port: bindPort } : { ...listener.local };
    socket.remote = { address: remoteAddress, port: this.#nextPort++ };
    socket.remoteIsn = packet.seq;
    this.#table.add(socket);
    return socket;
  }

  /** A datagram socket that has not connected hears from the usual peer. */
  #introduce(socket: ScriptSocket): void {
    const { localAddress, bindPort, remoteAddress, connectPort } = this.#settings;
    socket.remote = { address: remoteAddress, port: connectPort };
    if (socket.local.port === 0) socket.local = { address: localAddress, port: bindPort };
  }

  // Expected packets

  /**
   * The packet that the script expects, put together from several if need be.
   * @param wait lets time pass until the stack has sent something; false when it has not.
   * @throws RunFailure when none comes, or none that goes on where the one before ended.
   */
  sniff(action: PacketAction, line: number, wait: () => boolean): Sniffed {
    const { packet } = action;
    const socket = this.#socketFor(action, line);
    const isSynAck = packet.protocol === "tcp" && (packet.flags & (TH.SYN | TH.ACK)) === (TH.SYN | TH.ACK);
    const isAnswer = socket.phase === "packet-received" && isSynAck;
    if (isAnswer) socket.scriptLocalIsn = packet.seq;
    const first = this.#next(socket, action, wait, line);
    if (first.packet.protocol !== "tcp") return first;
    if (isAnswer && socket.phase === "packet-received") {
      socket.phase = "synack-sent";
      socket.liveLocalIsn = first.packet.seq;
    }
    const wanted = packet.protocol === "tcp" ? packet.payload : 0;
    const pieces = new Pieces(toScript(first.packet, socket), first.entries);
    // Upstream would take an ACK without payload for the first piece; here it is a packet that nobody expected.
    while (pieces.length > 0 && pieces.length < wanted && !this.#settings.strictSegments) {
      const more = this.#next(socket, action, wait, line);
      if (more.packet.protocol !== "tcp") break;
      const problem = pieces.add(toScript(more.packet, socket), more.entries, wanted);
      if (problem !== null) throw failed(line, problem);
    }
    return pieces.whole();
  }

  /** The next packet of the connection; those of others are passed over. */
  #next(socket: ScriptSocket, action: PacketAction, wait: () => boolean, line: number): Sniffed {
    for (;;) {
      const sent = this.#environment.takeSent();
      if (sent === null) {
        if (wait()) continue;
        throw failed(line, `nothing was sent, ${specText(action)} expected`);
      }
      const packet = readPacket(sent);
      if (belongsTo(packet, socket) || adopts(packet, socket)) {
        const entry = this.#entries.get(sent);
        this.#entries.delete(sent);
        if (packet.defect !== null) throw failed(line, `${packet.defect}: ${liveText(packet)}`);
        return { packet, entries: entry === undefined ? [] : [entry] };
      }
    }
  }

  /** What differs between the packet and the script's. Timestamps are translated on the way. */
  compare(action: PacketAction, sniffed: Sniffed): Difference[] {
    const { ip, packet } = action;
    const actual = sniffed.packet;
    const [only] = sniffed.entries;
    const entry = sniffed.entries.length === 1 ? only : undefined;
    if (entry !== undefined) entry.text = liveText(actual);
    if (packet.protocol === "tcp") {
      if (actual.protocol !== "tcp") return [`tcp expected, ${actual.protocol} found`];
      const socket = this.#table.underTest as ScriptSocket;
      const { timestampTick, tolerance } = this.#settings;
      const tick = timestampTick === 0 ? null : Math.floor(tolerance / timestampTick);
      const mapped = { ...actual, options: mapTimestamps(packet.options ?? [], actual.options, socket) };
      if (entry !== undefined) entry.text = liveText(mapped);
      return [...compareIp(ip, actual), ...compareTcp(packet, mapped, tick), ...comparePayload(mapped, socket)];
    }
    if (packet.protocol === "udp") return [...compareIp(ip, actual), ...compareUdp(packet, actual)];
    return [...compareIp(ip, actual), ...compareIcmp(packet as IcmpSpec, actual)];
  }

  /** The script time of an instant. */
  scriptTime(at: number): Nanoseconds {
    return at - this.startAt;
  }
}

/** Packets that stand for one large one. */
class Pieces {
  readonly #first: LiveTcp;
  #last: LiveTcp;
  readonly #payloads: Uint8Array[];
  readonly #entries: TimelineEntry[];
  length: number;

  constructor(first: LiveTcp, entries: readonly TimelineEntry[]) {
    this.#first = first;
    this.#last = first;
    this.#payloads = [first.payload];
    this.#entries = [...entries];
    this.length = first.payload.length;
  }

  /** @returns why the packet does not go on where the one before ended; null when it does. */
  add(next: LiveTcp, entries: readonly TimelineEntry[], wanted: number): string | null {
    const problems = compareFragment(this.#last, next, wanted - this.length);
    if (problems.length > 0) {
      const came = `${this.length} bytes came, and then ${liveText(next)}`;
      return `a packet of ${wanted} bytes, or several, expected; ${came}: ${problems.join("; ")}`;
    }
    this.#last = next;
    this.#payloads.push(next.payload);
    this.#entries.push(...entries);
    this.length += next.payload.length;
    return null;
  }

  whole(): Sniffed {
    const { length } = this.#payloads;
    const packet = length === 1 ? this.#first : joinFragments(this.#first, this.#last, concatBytes(this.#payloads));
    return { packet, entries: this.#entries };
  }
}
