/**
 * The heart of a run: one clock, one queue, one total order. Handlers run to completion and may only schedule; nobody
 * else moves time. The engine has no clock of its own: its host asks it to advance.
 */
import { assert } from "../base/assert.ts";
import { TIME_ZERO, timeAfter, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import { Digest } from "./digest.ts";
import { EventQueue, type EventHandler, type EventId } from "./event-queue.ts";
import { grown } from "./event-slots.ts";
import { RandomStreams } from "./random-streams.ts";
import { LANES_MAX, laneOf, rankOfOrder, type Lane, type Rank } from "./rank.ts";
import { Window } from "./window.ts";

/** Who knows how far the machines of a run may run ahead of one another. */
export interface LookAhead {
  /**
   * What a machine does reaches no other machine before so many ns have passed; 0 to keep all in order, also because
   * somebody watches the order. Asked before every window.
   */
  spanNs(): Nanoseconds;
  /** A window is over: all machines have got as far. */
  windowDone(): void;
}

/** A window that short has hardly two events of one machine. */
const WINDOW_NS_MIN = 1_000;
/** A longer one would only need more memory. */
const WINDOW_NS_MAX = 2_000_000;
/**
 * Events of one machine at one instant, upon which the window ends without it: where work costs nothing, two programs
 * that keep each other busy never get past an instant, and the host is to have its turn all the same. The others are
 * ahead then, which is what they may be.
 */
const AT_ONCE_MAX = 10_000;

export class Engine {
  readonly digest = new Digest();
  readonly streams: RandomStreams;
  readonly #queue = new EventQueue();
  readonly #window = new Window(this.#queue);
  /** By lane: the machine whose events they are. */
  #owners = new Int32Array(64);
  #lanes = 0;
  #now: VirtualTime = TIME_ZERO;
  #running = false;
  /** Rank that an event of the window has in the order of all; see `rankInWindow`. */
  #windowRank: Rank = -1;
  /** The machine that ran last has not come to the end of the window. */
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
   */
  addLane(owner?: Lane): Lane {
    const lane = this.#lanes++;
    assert(lane < LANES_MAX, "there are 2^18 lanes");
    if (lane === this.#owners.length) this.#owners = grown(this.#owners);
    this.#owners[lane] = owner ?? lane;
    this.digest.addLane();
    return lane;
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
    while (count < eventsMax && queue.nextTime <= until) {
      const heap = queue.next;
      const time = heap.nextTime as VirtualTime;
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
    let count = 0;
    while (count < eventsAbout && queue.nextTime <= until) {
      const start = queue.nextTime;
      const worldAt = queue.nextWorldTime;
      const span = Math.min(this.lookAhead?.spanNs() ?? 0, WINDOW_NS_MAX);
      const horizon = Math.min(start + span, until + 1, worldAt);
      if (span < WINDOW_NS_MIN) {
        // Until the world does something, upon which there may be more to see ahead.
        count += this.#advanceInOrder(Math.min(until, Math.max(start, worldAt)), eventsAbout - count);
      } else if (horizon > start) count += this.#runWindow(horizon);
      else count += this.#advanceInOrder(start, eventsAbout - count);
    }
    return count;
  }

  /** Runs all events before `horizon`, one machine's behind the other's. */
  #runWindow(horizon: number): number {
    const window = this.#window;
    let count = 0;
    let reached = (horizon - 1) as VirtualTime;
    window.open(horizon, this.#owners);
    for (const owner of window.owners) {
      count += this.#runOwner(owner, window);
      // What it has not done yet keeps the clock back.
      if (this.#isStuck && this.#now < reached) reached = this.#now;
    }
    window.close();
    this.#now = reached;
    this.#windowRank = -1;
    this.lookAhead?.windowDone();
    return count;
  }

  #runOwner(owner: Lane, window: Window): number {
    let count = 0;
    let atOnce = 0;
    this.#now = TIME_ZERO;
    this.#windowRank = -1;
    this.#isStuck = false;
    for (let slot = window.take(owner); slot >= 0; slot = window.take(owner)) {
      const time = window.time as VirtualTime;
      const lane = laneOf(window.order);
      assert(this.#owners[lane] === owner, "what reaches another machine takes as long as was said");
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
