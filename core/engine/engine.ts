/**
 * The heart of a run: one clock, one queue, one total order. Handlers run to completion and may only schedule; nobody
 * else moves time. The engine has no clock of its own: its host asks it to advance.
 */
import { assert } from "../base/assert.ts";
import { TIME_ZERO, timeAfter, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import { Digest } from "./digest.ts";
import { EventQueue, type EventHandler, type EventId } from "./event-queue.ts";
import { Lanes, type Side } from "./lanes.ts";
import { RandomStreams } from "./random-streams.ts";
import { laneOf, rankOfOrder, type Lane, type Rank } from "./rank.ts";
import { Window } from "./window.ts";

/** The least time that what a machine does needs to reach another one; Infinity where nothing ever does. */
export interface SideDelays {
  /** By side: from one machine of that side to another. */
  readonly within: readonly [Nanoseconds, Nanoseconds];
  /** By side: from a machine of that side to one of the other side. */
  readonly across: readonly [Nanoseconds, Nanoseconds];
}

/** Who knows how far the machines of a run may run ahead of one another. */
export interface LookAhead {
  /**
   * Null to keep all in order, because somebody watches the order. Asked before anybody runs ahead, and again after
   * every instant at which the world does something: nothing else changes it.
   */
  delays(): SideDelays | null;
  /** A window is over: what is due before the engine's next event has all happened, on both sides. */
  windowDone(): void;
}

/** A window that short has hardly two events of one machine. */
const SPAN_NS_MIN = 1_000;
/** A longer one would only need more memory. */
const SPAN_NS_MAX = 2_000_000;
/**
 * Events of one machine at one instant, upon which the window ends without it: where work costs nothing, two programs
 * that keep each other busy never get past an instant, and the host is to have its turn all the same. The others are
 * ahead then, which is what they may be.
 */
const AT_ONCE_MAX = 10_000;

export class Engine {
  readonly digest = new Digest();
  readonly streams: RandomStreams;
  readonly #lanes = new Lanes();
  readonly #queue = new EventQueue(this.#lanes);
  readonly #window = new Window(this.#queue, this.#lanes);
  #now: VirtualTime = TIME_ZERO;
  #running = false;
  /** Rank that an event of the window has in the order of all; see `rankInWindow`. */
  #windowRank: Rank = -1;
  /** A machine has not come to the end of the last window. */
  #isStuck = false;
  /** Null keeps all in order. */
  lookAhead: LookAhead | null = null;
  /** Events run so far. */
  eventCount = 0;
  /** Trace id of what led to the event that runs now; events scheduled meanwhile inherit it. */
  cause = 0;

  /** @param seed names every random choice of the run. */
  constructor(seed: number) {
    this.streams = new RandomStreams(seed);
    const world = this.addLane();
    this.digest.mix(world, seed);
  }

  get now(): VirtualTime {
    return this.#now;
  }

  /** Instant of the next event, or Infinity when nothing will ever happen again. */
  get nextTime(): number {
    return this.#queue.nextTime;
  }

  get pending(): number {
    return this.#queue.length;
  }

  /**
   * A new lane, with its own place among those of an instant (rank.ts). The first one is the world's.
   * @param owner machine whose data its events touch; by default it is one itself.
   * @param side of a lane that is its own owner (lanes.ts).
   */
  addLane(owner?: Lane, side: Side = 0): Lane {
    this.digest.addLane();
    return this.#lanes.add(owner, side);
  }

  sideOf(lane: Lane): Side {
    return this.#lanes.sideOf(lane);
  }

  /** Schedules `handler.onEvent(code, subject)`. @throws AssertionError when `at` lies in the past. */
  at(at: VirtualTime, rank: Rank, handler: EventHandler, code: number, subject: unknown = null): EventId {
    assert(at >= this.#now, "an event cannot be scheduled in the past");
    return this.#queue.push(at, rank, handler, code, subject, this.cause);
  }

  after(span: Nanoseconds, rank: Rank, handler: EventHandler, code: number, subject: unknown = null): EventId {
    return this.at(timeAfter(this.#now, span), rank, handler, code, subject);
  }

  /** False when the event has already run or was cancelled. */
  cancel(id: EventId): boolean {
    return this.#queue.cancel(id);
  }

  /**
   * Runs events up to and including instant `until`, in their order, at most `eventsMax` of them. Unless it stopped for
   * the count, the clock then stands at `until`.
   * @returns the number of events run.
   */
  advance(until: VirtualTime, eventsMax: number = Infinity): number {
    return this.#run(until, () => this.#advanceInOrder(until, eventsMax));
  }

  /**
   * As `advance`, but machine by machine wherever `lookAhead` allows it, and ends when about so many events have run:
   * all that is due before `now` has happened then, and nothing that is due later.
   */
  advanceApart(until: VirtualTime, eventsAbout: number = Infinity): number {
    return this.#run(until, () => this.#advanceInWindows(until, eventsAbout));
  }

  /**
   * Rank of the running event in a window, for what has to be put in order behind it: no lower than those of the
   * machine's events before it at this instant, behind which it runs whatever its own. -1 where all is in order.
   */
  get rankInWindow(): Rank {
    return this.#windowRank;
  }

  #run(until: VirtualTime, run: () => number): number {
    assert(!this.#running, "a handler must not advance the engine");
    this.#running = true;
    let count: number;
    try {
      count = run();
      if (this.#queue.nextTime > until && until > this.#now) this.#now = until;
    } finally {
      this.#running = false;
    }
    return count;
  }

  #advanceInOrder(until: number, eventsMax: number): number {
    const queue = this.#queue;
    let count = 0;
    while (count < eventsMax) {
      const heap = queue.next;
      const time = heap.nextTime as VirtualTime;
      if (time > until || heap.length === 0) break;
      const order = heap.nextOrder;
      assert(time >= this.#now, "time never goes back");
      this.#now = time;
      this.#perform(heap.removeNext(), laneOf(order));
      count++;
    }
    return count;
  }

  #advanceInWindows(until: number, eventsAbout: number): number {
    const queue = this.#queue;
    let clock = this.#now;
    // By side: all that is due before has been done.
    const reached: [number, number] = [clock, clock];
    let delays = this.#usableDelays();
    let count = 0;
    this.#isStuck = false;
    for (;;) {
      const isEnough = count >= eventsAbout;
      // The side that is behind still comes up to the other one.
      const end = isEnough ? Math.max(...reached) : until + 1;
      const next = queue.nextTime;
      if (next >= end || (isEnough && this.#isStuck)) {
        if (isEnough && next >= end) this.#now = Math.max(clock, end - 1) as VirtualTime;
        return count;
      }
      const worldAt = queue.nextWorldTime;
      const side = queue.nextTimeOf(0) <= queue.nextTimeOf(1) ? 0 : 1;
      const horizon = delays === null ? 0 : Math.min(horizonOf(queue, side, delays), end, worldAt);
      if (horizon > next) {
        count += this.#runWindow(side, horizon, reached[1 - side] as number);
        reached[side] = Math.max(reached[side], horizon);
        // Whoever has not got past an instant keeps the clock back.
        clock = Math.max(clock, Math.min(reached[0] - 1, reached[1] - 1, queue.nextTime)) as VirtualTime;
        this.#now = clock;
        this.lookAhead?.windowDone();
        continue;
      }
      // Nobody is ahead here.
      count += this.#advanceInOrder(worldAt > next ? Math.min(until, worldAt) : next, eventsAbout - count);
      clock = this.#now;
      reached.fill(clock);
      delays = this.#usableDelays();
    }
  }

  /** Null when they are too short to be of use, too. */
  #usableDelays(): SideDelays | null {
    const delays = this.lookAhead?.delays() ?? null;
    if (delays === null) return null;
    return Math.min(...delays.within, ...delays.across) < SPAN_NS_MIN ? null : delays;
  }

  /** Runs all events of a side before `horizon`, one machine's behind the other's. */
  #runWindow(side: Side, horizon: number, otherReached: number): number {
    const window = this.#window;
    let count = 0;
    this.#isStuck = false;
    window.open(side, horizon, otherReached);
    for (const owner of window.owners) count += this.#runOwner(owner, window);
    window.close();
    this.#windowRank = -1;
    return count;
  }

  #runOwner(owner: Lane, window: Window): number {
    const { owners } = this.#lanes;
    let count = 0;
    let atOnce = 0;
    this.#now = TIME_ZERO;
    this.#windowRank = -1;
    for (let slot = window.take(owner); slot >= 0; slot = window.take(owner)) {
      const time = window.time as VirtualTime;
      const lane = laneOf(window.order);
      assert(owners[lane] === owner, "what reaches another machine takes as long as was said");
      const rank = rankOfOrder(window.order);
      if (time > this.#now) atOnce = 0;
      this.#windowRank = time > this.#now || rank > this.#windowRank ? rank : this.#windowRank;
      this.#now = time;
      this.#perform(slot, lane);
      count++;
      if (++atOnce === AT_ONCE_MAX) {
        this.#isStuck = true;
        window.giveBack(owner);
        break;
      }
    }
    return count;
  }

  #perform(slot: number, lane: Lane): void {
    const { events } = this.#queue;
    const handler = events.handlers[slot] as EventHandler;
    const code = events.codes[slot] as number;
    const subject = events.subjects[slot];
    this.cause = events.causes[slot] as number;
    events.release(slot);
    this.eventCount++;
    this.digest.mix(lane, this.#now);
    this.digest.mix(lane, code);
    handler.onEvent(code, subject);
  }
}

/** Instant before which nothing that others do reaches a machine of that side. */
function horizonOf(queue: EventQueue, side: Side, { within, across }: SideDelays): number {
  const other = side === 0 ? 1 : 0;
  // What one does reaches another one of its side directly, or by way of the other side.
  const span = Math.min(within[side], across[side] + across[other], SPAN_NS_MAX);
  return Math.min(queue.nextTimeOf(side) + span, queue.nextTimeOf(other) + across[other]);
}
