/**
 * Frames that set out on links, and packets that died, since somebody last looked. What kind of packet a frame is, is
 * remembered from when it passed an interface. A frame that waits for its turn on a cable sets out when those before it
 * are on their way; on a hub it is drawn from when it was given to the port, whether or not it collides.
 */
import { SECOND } from "../base/time.ts";
import { DROP_REASONS, DROP_REASON_TEXTS } from "../contract/drop-reason.ts";
import type { CapturedFrame } from "../contract/capture.ts";
import type { DropView, Flights } from "../contract/api/run-view.ts";
import type { TraceEvent } from "../contract/trace-event.ts";
import { FCS_BYTES, FRAME_BYTES_MIN, GAP_BYTES, PREAMBLE_BYTES } from "../wire/frame.ts";
import type { World } from "../world/world.ts";
import { flightProtocol } from "./flight-protocol.ts";
import { DROPS_PER_PUSH_MAX, FLIGHTS_PER_PUSH_MAX } from "./limits.ts";

/** Packets whose protocol is remembered; a slot of a later packet overwrites that of an earlier one. */
const REMEMBERED = 1 << 14;

interface Flight {
  readonly packet: number;
  readonly link: number;
  readonly direction: 0 | 1;
  readonly start: number;
  readonly end: number;
  readonly protocol: number;
}

/** One direction of a link; the sending direction of a hub's port leads on to the other ports. */
interface Way {
  readonly link: number;
  readonly direction: 0 | 1;
  /** When the frames before are on their way. */
  freeAt: number;
}

export class FlightWatch {
  readonly #world: World;
  /** By name of the link, as the trace's place gives it: both directions. */
  readonly #cables = new Map<string, readonly [Way, Way]>();
  /** By name of the hub and number of the port: towards the hub, and away from it. */
  readonly #ports = new Map<string, { readonly towards: Way; readonly away: Way }[]>();
  readonly #packets = new Float64Array(REMEMBERED);
  readonly #protocols = new Uint8Array(REMEMBERED);
  #flights: Flight[] = [];
  /** Frames beyond those, by link and direction. */
  #more = new Map<number, number>();
  #drops: DropView[] = [];

  constructor(world: World) {
    this.#world = world;
    world.lab.links.forEach(({ name, index: link }) => {
      const ways = [
        { link, direction: 0, freeAt: 0 },
        { link, direction: 1, freeAt: 0 },
      ] as const satisfies [Way, Way];
      const medium = world.wiring.links[link]?.medium ?? null;
      if (medium === null) {
        this.#cables.set(name, ways);
        return;
      }
      const ports = this.#ports.get(medium.hub) ?? [];
      this.#ports.set(medium.hub, ports);
      const [forward, backward] = ways;
      ports[medium.port] =
        medium.hubEnd === 1 ? { towards: forward, away: backward } : { towards: backward, away: forward };
    });
  }

  /** Notes what a frame at an interface is. */
  note(frame: CapturedFrame): void {
    const slot = frame.packetId & (REMEMBERED - 1);
    if (this.#packets[slot] === frame.packetId) return;
    this.#packets[slot] = frame.packetId;
    this.#protocols[slot] = flightProtocol(frame.bytes, frame.start, frame.length);
  }

  onTransmit(event: TraceEvent): void {
    const { time, packet, place } = event;
    const length = Number(event.fields["len"]);
    const ways = this.#cables.get(place);
    if (ways !== undefined) {
      this.#depart({ packet, length, at: time, way: event.fields["direction"] === 0 ? ways[0] : ways[1] });
      return;
    }
    const ports = this.#ports.get(place);
    const sender = ports?.[Number(event.fields["link"])];
    if (ports === undefined || sender === undefined) return;
    this.#depart({ packet, length, at: time, way: sender.towards });
    const reached = time + this.#pace(sender.towards).delayNs;
    for (const port of ports) {
      if (port !== sender) this.#depart({ packet, length, at: reached, way: port.away });
    }
  }

  #depart(frame: { packet: number; length: number; at: number; way: Way }): void {
    const { packet, way } = frame;
    const { rateBps, delayNs } = this.#pace(way);
    const bytes = PREAMBLE_BYTES + Math.max(frame.length, FRAME_BYTES_MIN) + FCS_BYTES;
    const start = Math.max(frame.at, way.freeAt);
    way.freeAt = start + sendingTime(bytes + GAP_BYTES, rateBps);
    if (this.#flights.length >= FLIGHTS_PER_PUSH_MAX) {
      const key = way.link * 2 + way.direction;
      this.#more.set(key, (this.#more.get(key) ?? 0) + 1);
      return;
    }
    const slot = packet & (REMEMBERED - 1);
    this.#flights.push({
      packet,
      link: way.link,
      direction: way.direction,
      start,
      // Without jitter: nobody knows that before the frame is there.
      end: start + sendingTime(bytes, rateBps) + delayNs,
      protocol: this.#packets[slot] === packet ? (this.#protocols[slot] as number) : 0,
    });
  }

  onDrop(event: TraceEvent): void {
    if (this.#drops.length >= DROPS_PER_PUSH_MAX) return;
    const reason = DROP_REASONS[Number(event.fields["reason"])] ?? "NOMEM";
    this.#drops.push({
      time: event.time,
      packet: event.packet,
      place: event.place,
      reason,
      text: DROP_REASON_TEXTS[reason],
    });
  }

  /** Leaves what is under way at `now`. */
  forgetPast(now: number): void {
    this.#flights = this.#flights.filter(({ end }) => end > now);
    this.#more.clear();
    this.#drops = this.#drops.filter(({ time }) => time === now);
  }

  /** What came since the last call. */
  take(): { flights: Flights; drops: DropView[] } {
    const all = this.#flights;
    const flights: Flights = {
      packet: all.map(({ packet }) => packet),
      link: all.map(({ link }) => link),
      direction: all.map(({ direction }) => direction),
      start: all.map(({ start }) => start),
      end: all.map(({ end }) => end),
      protocol: all.map(({ protocol }) => protocol),
      more: [...this.#more].map(([key, frames]) => ({ link: key >> 1, direction: key & 1, frames })),
    };
    const drops = this.#drops;
    this.#flights = [];
    this.#more = new Map();
    this.#drops = [];
    return { flights, drops };
  }

  #pace({ link, direction }: Way): { readonly rateBps: number; readonly delayNs: number } {
    return this.#world.wiring.links[link]?.pace(direction) ?? { rateBps: 0, delayNs: 0 };
  }
}

const sendingTime = (bytes: number, rateBps: number): number =>
  rateBps === 0 ? 0 : Math.ceil((bytes * 8 * SECOND) / rateBps);
