/**
 * Frames that set out on links, and packets that died, since somebody last looked: read from the always-on part of the
 * trace. What kind of packet a frame is, is remembered from when it passed an interface.
 */
import { SECOND } from "../base/time.ts";
import { u16, u8 } from "../base/bytes.ts";
import { DROP_REASONS, DROP_REASON_TEXTS } from "../contract/drop-reason.ts";
import type { CapturedFrame } from "../contract/capture.ts";
import { FLIGHT_PROTOCOLS, type DropView, type FlightProtocol, type Flights } from "../contract/api/run-view.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import type { Lab, LabDirection } from "../lab/model.ts";
import type { TraceRecorder } from "../trace/recorder.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../wire/ethernet.ts";
import { FCS_BYTES, PREAMBLE_BYTES } from "../wire/frame.ts";
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPV4, ipv4HeaderBytes, ipv4TotalLength } from "../wire/ipv4.ts";
import { tcpFlags, tcpHeaderBytes, TH } from "../wire/tcp.ts";
import { DROPS_PER_PUSH_MAX, EVENTS_PER_PUSH_MAX, FLIGHTS_PER_PUSH_MAX } from "./limits.ts";

/** Kinds that the live view needs. */
export const LIVE_KINDS: readonly TraceEventName[] = ["link:transmit", "skb:kfree_skb", "program:state"];

/** Packets whose protocol is remembered; a slot of a later packet overwrites that of an earlier one. */
const REMEMBERED = 1 << 14;

export class FlightWatch {
  readonly #trace: TraceRecorder;
  /** By name, as the trace's place: index and both directions. */
  readonly #links: ReadonlyMap<string, { index: number; directions: readonly [LabDirection, LabDirection] }>;
  readonly #packets = new Float64Array(REMEMBERED);
  readonly #protocols = new Uint8Array(REMEMBERED);
  #cursor: number;

  constructor(trace: TraceRecorder, lab: Lab) {
    this.#trace = trace;
    this.#links = new Map(
      lab.links.map((link) => [link.name, { index: link.index, directions: [link.forward, link.backward] as const }]),
    );
    this.#cursor = trace.newest + 1;
  }

  /** Notes what a frame at an interface is. */
  note(frame: CapturedFrame): void {
    const slot = frame.packetId & (REMEMBERED - 1);
    if (this.#packets[slot] === frame.packetId) return;
    this.#packets[slot] = frame.packetId;
    this.#protocols[slot] = protocolOf(frame.bytes, frame.start, frame.length);
  }

  /** What happened since the last call. `onEvent` sees what else the live view asked the trace for. */
  take(onEvent: (event: TraceEvent) => void): { flights: Flights; drops: DropView[] } {
    const flights = new FlightColumns();
    const drops: DropView[] = [];
    const newest = this.#trace.newest;
    const from = Math.max(this.#cursor, this.#trace.oldest, newest - EVENTS_PER_PUSH_MAX);
    for (let id = from; id <= newest; id++) {
      const event = this.#trace.at(id);
      if (event.name === "link:transmit") this.#flight(event, flights);
      else if (event.name === "skb:kfree_skb") {
        if (drops.length < DROPS_PER_PUSH_MAX) drops.push(dropView(event));
      } else onEvent(event);
    }
    this.#cursor = newest + 1;
    return { flights: flights.value(), drops };
  }

  #flight(event: TraceEvent, flights: FlightColumns): void {
    const link = this.#links.get(event.place);
    if (link === undefined) return;
    const direction = Number(event.fields["direction"]) === 0 ? 0 : 1;
    const { rateBps, delayNs } = link.directions[direction];
    const bits = (Number(event.fields["len"]) + PREAMBLE_BYTES + FCS_BYTES) * 8;
    const end = event.time + Math.ceil((bits * SECOND) / rateBps) + delayNs;
    const slot = event.packet & (REMEMBERED - 1);
    const protocol = this.#packets[slot] === event.packet ? (this.#protocols[slot] as number) : 0;
    flights.add({ packet: event.packet, link: link.index, direction, start: event.time, end, protocol });
  }
}

class FlightColumns {
  readonly #columns = {
    packet: [] as number[],
    link: [] as number[],
    direction: [] as number[],
    start: [] as number[],
    end: [] as number[],
    protocol: [] as number[],
  };
  readonly #more = new Map<number, { link: number; direction: number; frames: number }>();

  add(flight: { packet: number; link: number; direction: number; start: number; end: number; protocol: number }): void {
    const columns = this.#columns;
    if (columns.packet.length >= FLIGHTS_PER_PUSH_MAX) {
      const key = flight.link * 2 + flight.direction;
      const more = this.#more.get(key) ?? { link: flight.link, direction: flight.direction, frames: 0 };
      more.frames++;
      this.#more.set(key, more);
      return;
    }
    columns.packet.push(flight.packet);
    columns.link.push(flight.link);
    columns.direction.push(flight.direction);
    columns.start.push(flight.start);
    columns.end.push(flight.end);
    columns.protocol.push(flight.protocol);
  }

  value(): Flights {
    return { ...this.#columns, more: [...this.#more.values()] };
  }
}

function dropView(event: TraceEvent): DropView {
  const reason = DROP_REASONS[Number(event.fields["reason"])] ?? "NOMEM";
  return { time: event.time, packet: event.packet, place: event.place, reason, text: DROP_REASON_TEXTS[reason] };
}

const NUMBER = Object.fromEntries(FLIGHT_PROTOCOLS.map((name, index) => [name, index])) as Readonly<
  Record<FlightProtocol, number>
>;

/** Index into FLIGHT_PROTOCOLS, from the first headers alone. */
function protocolOf(bytes: Uint8Array, start: number, length: number): number {
  if (length < ETHERNET_HEADER_BYTES + 20) return NUMBER.other;
  const type = u16(bytes, start + ETHERNET.type);
  if (type === ETHERTYPE_ARP) return NUMBER.arp;
  if (type !== ETHERTYPE_IPV4) return NUMBER.other;
  const ip = start + ETHERNET_HEADER_BYTES;
  const protocol = u8(bytes, ip + IPV4.protocol);
  if (protocol === IPPROTO_ICMP) return NUMBER.icmp;
  if (protocol === IPPROTO_UDP) return NUMBER.udp;
  const tcp = ip + ipv4HeaderBytes(bytes, ip);
  if (protocol !== IPPROTO_TCP || tcp + 20 > start + length) return NUMBER.other;
  const flags = tcpFlags(bytes, tcp);
  if ((flags & TH.RST) !== 0) return NUMBER["tcp-rst"];
  if ((flags & TH.SYN) !== 0) return NUMBER["tcp-syn"];
  if ((flags & TH.FIN) !== 0) return NUMBER["tcp-fin"];
  const hasData = ipv4TotalLength(bytes, ip) > tcp - ip + tcpHeaderBytes(bytes, tcp);
  return hasData ? NUMBER["tcp-data"] : NUMBER.tcp;
}
