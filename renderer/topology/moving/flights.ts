/**
 * Packets on their way, as they are drawn. A flight is where virtual time says, but never faster than a cable in a
 * quarter of a second: a real one is over within a single frame of the screen. So what is seen may lag behind what has
 * happened; then it waits at a node until what led to it has been seen to arrive there. The lag is bounded.
 */
import type { Flights } from "../../../core/contract/api/run-view.ts";

/** Flights remembered; the oldest makes room. A power of two. */
export const FLIGHTS_MAX = 2048;
/** Dots at once on one direction of a link; what comes besides makes the band brighter. */
const PER_LANE_MAX = 24;
/** The least time a dot takes for a cable, ms of wall time. */
export const CROSSING_MS = 250;
/** With more than this on its lane a flight waits for nothing. */
const WAITING_MAX = 4;
/** A flight waits no longer than this for what led to it, ms. */
const WAIT_MAX_MS = 1500;
/** Latest arrivals remembered for each node. */
const ARRIVALS = 8;
/** A packet still under way is never drawn inside of a node. */
const MARGIN = 0.06;
/** A band looks no brighter beyond this, and must not take longer to fade: while it does, the canvas is drawn anew. */
const BAND_MAX = 1000;
/** Half-life of a band's brightness, ms. */
const BAND_HALF_MS = 400;

export interface FlightEnds {
  /** Node at the first and second end of each link. */
  readonly [link: number]: readonly [number, number];
}

export class FlightBoard {
  readonly packet = new Float64Array(FLIGHTS_MAX);
  readonly link = new Int32Array(FLIGHTS_MAX);
  readonly direction = new Uint8Array(FLIGHTS_MAX);
  readonly protocol = new Uint8Array(FLIGHTS_MAX);
  readonly progress = new Float64Array(FLIGHTS_MAX);
  /** 0 free, 1 waiting to set out, 2 under way. */
  readonly state = new Uint8Array(FLIGHTS_MAX);
  readonly #start = new Float64Array(FLIGHTS_MAX);
  readonly #end = new Float64Array(FLIGHTS_MAX);
  readonly #born = new Float64Array(FLIGHTS_MAX);
  /** Number of the flight whose arrival it waits for; -1 for none. */
  readonly #after = new Float64Array(FLIGHTS_MAX).fill(-1);
  /** Where it ends: 1, or less when it dies on the way. */
  readonly #stop = new Float64Array(FLIGHTS_MAX);
  /** By link * 2 + direction: dots now, and brightness of the band. */
  readonly lanes = new Map<number, number>();
  readonly bands = new Map<number, number>();
  /** Of the last frame that is known on a lane. */
  readonly laneProtocols = new Map<number, number>();
  #ends: FlightEnds = [];
  #arrivals = new Map<number, { id: number; end: number }[]>();
  #next = 0;
  /** Told when a flight is over, by its packet. */
  onEnd: (slot: number) => void = () => undefined;

  /** @returns whether the links are others than before; then what was on them is gone. */
  setEnds(ends: FlightEnds): boolean {
    if (JSON.stringify(ends) === JSON.stringify(this.#ends)) return false;
    this.#ends = ends;
    this.clear();
    return true;
  }

  clear(): void {
    this.state.fill(0);
    this.lanes.clear();
    this.bands.clear();
    this.#arrivals = new Map();
  }

  get isEmpty(): boolean {
    return this.lanes.size === 0 && this.bands.size === 0;
  }

  add(flights: Flights, wallMs: number): void {
    const { packet, link, direction, start, end, protocol, more } = flights;
    for (let i = 0; i < packet.length; i++) {
      this.#add(
        {
          packet: packet[i] as number,
          link: link[i] as number,
          direction: direction[i] as number,
          start: start[i] as number,
          end: end[i] as number,
          protocol: protocol[i] as number,
        },
        wallMs,
      );
    }
    for (const { link: at, direction: way, frames } of more) this.#glow(at * 2 + way, frames);
  }

  #add(
    flight: { packet: number; link: number; direction: number; start: number; end: number; protocol: number },
    wallMs: number,
  ): void {
    const lane = flight.link * 2 + flight.direction;
    const ends = this.#ends[flight.link];
    if (ends === undefined) return;
    this.laneProtocols.set(lane, flight.protocol);
    if ((this.lanes.get(lane) ?? 0) >= PER_LANE_MAX) return this.#glow(lane, 1);
    const id = this.#next++;
    const slot = id & (FLIGHTS_MAX - 1);
    if (this.state[slot] !== 0) this.#finish(slot);
    const busy = this.lanes.get(lane) ?? 0;
    this.packet[slot] = flight.packet;
    this.link[slot] = flight.link;
    this.direction[slot] = flight.direction;
    this.protocol[slot] = flight.protocol;
    this.#start[slot] = flight.start;
    this.#end[slot] = flight.end;
    this.#born[slot] = wallMs;
    this.#stop[slot] = 1;
    this.progress[slot] = 0;
    this.state[slot] = 1;
    this.lanes.set(lane, busy + 1);
    const [from, to] = flight.direction === 0 ? ends : ([ends[1], ends[0]] as const);
    // In dense traffic nobody follows one packet from cable to cable, and waiting would only hold them all up.
    this.#after[slot] = busy < WAITING_MAX ? this.#causeAt(from, flight.start) : -1;
    const arrivals = this.#arrivals.get(to) ?? [];
    arrivals.push({ id, end: flight.end });
    if (arrivals.length > ARRIVALS) arrivals.shift();
    this.#arrivals.set(to, arrivals);
  }

  /** The latest flight that had arrived at a node by then. */
  #causeAt(node: number, time: number): number {
    let cause = -1;
    let latest = -1;
    for (const { id, end } of this.#arrivals.get(node) ?? []) {
      if (end > time || end < latest) continue;
      cause = id;
      latest = end;
    }
    return cause;
  }

  /** A packet died on a link: it is drawn no further than the middle. @returns its flight, or -1. */
  cutShort(packet: number, link: number): number {
    const slot = this.find(packet, link);
    if (slot >= 0) this.#stop[slot] = 0.5;
    return slot;
  }

  /** The newest flight of a packet, on a link if given; -1 when none is drawn. */
  find(packet: number, link: number | null): number {
    const oldest = Math.max(0, this.#next - FLIGHTS_MAX);
    for (let id = this.#next - 1; id >= oldest; id--) {
      const slot = id & (FLIGHTS_MAX - 1);
      if (this.packet[slot] !== packet || this.state[slot] === 0) continue;
      if (link === null || this.link[slot] === link) return slot;
    }
    return -1;
  }

  /**
   * @param virtualNow where the run stands
   * @param passedMs wall time since the last tick
   * @returns whether anything moves
   */
  tick(virtualNow: number, passedMs: number, wallMs: number): boolean {
    if (this.isEmpty) return false;
    const step = passedMs / CROSSING_MS;
    let hasMoved = this.bands.size > 0;
    for (let slot = 0; slot < FLIGHTS_MAX; slot++) {
      const state = this.state[slot];
      if (state === 0) continue;
      if (state === 1) {
        hasMoved = true;
        if (this.#mustWait(slot, wallMs)) continue;
        this.state[slot] = 2;
      }
      const start = this.#start[slot] as number;
      const end = this.#end[slot] as number;
      const stop = this.#stop[slot] as number;
      let target = virtualNow >= end ? 1 : Math.max(MARGIN, Math.min(1 - MARGIN, (virtualNow - start) / (end - start)));
      if (stop < target) target = stop;
      const progress = this.progress[slot] as number;
      const next = Math.min(target, progress + step);
      if (next > progress) {
        this.progress[slot] = next;
        hasMoved = true;
      }
      if (next >= stop) this.#finish(slot);
    }
    for (const [lane, brightness] of this.bands) {
      const left = brightness * 0.5 ** (passedMs / BAND_HALF_MS);
      if (left < 0.05) this.bands.delete(lane);
      else this.bands.set(lane, left);
    }
    return hasMoved;
  }

  #mustWait(slot: number, wallMs: number): boolean {
    const after = this.#after[slot] as number;
    if (after < 0 || wallMs - (this.#born[slot] as number) > WAIT_MAX_MS) return false;
    // Overwritten ones have made room long ago.
    return this.#next - after < FLIGHTS_MAX && this.state[after & (FLIGHTS_MAX - 1)] !== 0;
  }

  #finish(slot: number): void {
    this.state[slot] = 0;
    const lane = (this.link[slot] as number) * 2 + (this.direction[slot] as number);
    const left = (this.lanes.get(lane) ?? 1) - 1;
    if (left <= 0) this.lanes.delete(lane);
    else this.lanes.set(lane, left);
    this.onEnd(slot);
  }

  #glow(lane: number, frames: number): void {
    this.bands.set(lane, Math.min(BAND_MAX, (this.bands.get(lane) ?? 0) + frames));
  }
}
