/**
 * The recorder: a bounded ring of columns. An event that nobody asked for costs one array read (`wants`); one that
 * somebody did costs a handful of array writes and no allocation. Old events fall out at the far end and are counted.
 *
 * Whoever runs code sets the registers (`place`, `context`, `cpu`, `pid`) when it starts; an event takes them over. So
 * trace points deep in IP need to know nothing about CPUs.
 */
import { assert } from "../base/assert.ts";
import {
  KIND,
  TRACE_CONTEXTS,
  TRACE_EVENT_FIELDS,
  TRACE_EVENT_NAMES,
  type TraceEvent,
  type TraceEventName,
} from "../contract/trace-event.ts";

/** About 72 bytes an event: the default of 2^16 events is 5 MB. */
export const TRACE_EVENTS_DEFAULT = 2 ** 16;
/** Distinct texts kept; the rest become "...". Console output is the only open-ended source. */
const TEXTS_MAX = 2 ** 16;

/** Source of virtual time: the engine. */
export interface TraceClock {
  readonly now: number;
}

/** Gets every recorded event as it happens, before it can fall out of the ring. */
export type TraceListener = (event: TraceEvent) => void;

export class TraceRecorder {
  // Registers: who runs now.
  /** Interned name of the node or link. */
  place = 0;
  context = 0;
  cpu = 0;
  pid = 0;

  /** True when at least one kind is wanted: the first thing hot code asks. */
  active = false;
  readonly #wanted = new Uint8Array(TRACE_EVENT_NAMES.length);
  readonly #capacity: number;
  readonly #clock: TraceClock;
  readonly #texts: string[] = [""];
  readonly #textIds = new Map<string, number>([["", 0]]);
  readonly #listeners: TraceListener[] = [];
  #count = 0;

  // Columns, made when something is wanted first: many runs are never watched.
  #times = new Float64Array(0);
  #kinds = new Uint8Array(0);
  #places = new Int32Array(0);
  #contexts = new Uint8Array(0);
  #cpus = new Uint8Array(0);
  #pids = new Int32Array(0);
  #packets = new Float64Array(0);
  #causes = new Float64Array(0);
  #a = new Float64Array(0);
  #b = new Float64Array(0);
  #c = new Float64Array(0);

  constructor(clock: TraceClock, capacity: number = TRACE_EVENTS_DEFAULT) {
    assert(capacity >= 1, "the recorder keeps at least one event");
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Switches kinds on or off. */
  want(names: readonly TraceEventName[], on = true): void {
    for (const name of names) this.#wanted[KIND[name]] = on ? 1 : 0;
    this.active = this.#wanted.includes(1);
    if (this.active && this.#times.length === 0) this.#makeColumns();
  }

  #makeColumns(): void {
    const capacity = this.#capacity;
    this.#times = new Float64Array(capacity);
    this.#kinds = new Uint8Array(capacity);
    this.#places = new Int32Array(capacity);
    this.#contexts = new Uint8Array(capacity);
    this.#cpus = new Uint8Array(capacity);
    this.#pids = new Int32Array(capacity);
    this.#packets = new Float64Array(capacity);
    this.#causes = new Float64Array(capacity);
    this.#a = new Float64Array(capacity);
    this.#b = new Float64Array(capacity);
    this.#c = new Float64Array(capacity);
  }

  wantAll(): void {
    this.want(TRACE_EVENT_NAMES);
  }

  /** Whether events of this kind (`KIND[...]`) are recorded. */
  wants(kind: number): boolean {
    return this.#wanted[kind] === 1;
  }

  /** Number of a text in a `*` field or the place register. */
  intern(text: string): number {
    const known = this.#textIds.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= TEXTS_MAX) return this.intern("...");
    this.#textIds.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  /**
   * Records one event if its kind is wanted.
   * @param packet packet id, or 0; @param cause id of the event that led here, or 0.
   * @returns the new event's id, or `cause` when it was not recorded, so that causes skip over what was not kept.
   */
  record(kind: number, packet: number, cause: number, a = 0, b = 0, c = 0): number {
    if (this.#wanted[kind] !== 1) return cause;
    const at = this.#count % this.#capacity;
    this.#times[at] = this.#clock.now;
    this.#kinds[at] = kind;
    this.#places[at] = this.place;
    this.#contexts[at] = this.context;
    this.#cpus[at] = this.cpu;
    this.#pids[at] = this.pid;
    this.#packets[at] = packet;
    this.#causes[at] = cause;
    this.#a[at] = a;
    this.#b[at] = b;
    this.#c[at] = c;
    const id = ++this.#count;
    for (const listener of this.#listeners) listener(this.at(id));
    return id;
  }

  /** Number of events ever recorded; the newest has this id. */
  get newest(): number {
    return this.#count;
  }

  /** Id of the oldest event still here; `newest + 1` when there is none. */
  get oldest(): number {
    return Math.max(1, this.#count - this.#capacity + 1);
  }

  /** The event with that id. @throws AssertionError unless oldest <= id <= newest. */
  at(id: number): TraceEvent {
    assert(id >= this.oldest && id <= this.#count, "the event is still in the ring");
    const at = (id - 1) % this.#capacity;
    const name = TRACE_EVENT_NAMES[this.#kinds[at] as number] as TraceEventName;
    const values = [this.#a[at] as number, this.#b[at] as number, this.#c[at] as number];
    const fields: Record<string, number | string> = {};
    TRACE_EVENT_FIELDS[name].forEach((field, index) => {
      if (field === "") return;
      const value = values[index] as number;
      if (field.endsWith("*")) fields[field.slice(0, -1)] = this.#texts[value] ?? "";
      else fields[field] = value;
    });
    return {
      id,
      time: this.#times[at] as number,
      name,
      place: this.#texts[this.#places[at] as number] ?? "",
      context: TRACE_CONTEXTS[this.#contexts[at] as number] ?? "none",
      cpu: this.#cpus[at] as number,
      pid: this.#pids[at] as number,
      packet: this.#packets[at] as number,
      cause: this.#causes[at] as number,
      fields,
    };
  }

  /**
   * A page of events with ids from `cursor` on. `lost` counts those that fell out of the ring before they were read.
   */
  read(cursor: number, eventsMax: number): { events: TraceEvent[]; next: number; lost: number } {
    const from = Math.max(cursor, this.oldest);
    const events: TraceEvent[] = [];
    for (let id = from; id <= this.#count && events.length < eventsMax; id++) events.push(this.at(id));
    return { events, next: from + events.length, lost: from - Math.max(cursor, 1) };
  }

  /** Calls `listener` with every event from now on. @returns how to stop. */
  listen(listener: TraceListener): () => void {
    this.#listeners.push(listener);
    return () => {
      const index = this.#listeners.indexOf(listener);
      if (index >= 0) this.#listeners.splice(index, 1);
    };
  }
}
