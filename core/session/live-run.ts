/**
 * A session with all that the workbench watches: captured frames, flights, console output, connections, states of nodes
 * and links. What the trace says is read after each portion of a run, before it can fall out of the recorder.
 */
import type { Result } from "../base/result.ts";
import { TIME_MAX, type VirtualTime } from "../base/time.ts";
import type { Command, JournalEntry } from "../contract/command.ts";
import type { FramePush, RunState, Speed } from "../contract/api/run-view.ts";
import type { TraceEventName } from "../contract/trace-event.ts";
import type { Lab } from "../lab/model.ts";
import type { CaptureStore } from "./capture-store.ts";
import { ConsoleOutput } from "./console-output.ts";
import { FlightWatch } from "./flight-watch.ts";
import type { Position } from "./journey.ts";
import { PacketList } from "./packet-list.ts";
import { Session, type SessionOptions } from "./session.ts";
import { StateWatch } from "./state-watch.ts";
import { TCP_KINDS, TcpHistories } from "./tcp-histories.ts";

/** Kinds of trace events that are always recorded: few enough to cost a run next to nothing. */
const LIVE_KINDS: readonly TraceEventName[] = [
  "link:transmit",
  "skb:kfree_skb",
  "node:state",
  "program:state",
  ...TCP_KINDS,
];

/** What a player knows of playing. */
export interface Playing {
  readonly playing: boolean;
  readonly speed: Speed;
  readonly behind: boolean;
}

export class LiveRun {
  readonly session: Session;
  readonly store: CaptureStore;
  readonly packets: PacketList;
  readonly histories = new TcpHistories();
  readonly #flights: FlightWatch;
  readonly #states: StateWatch;
  readonly #output = new ConsoleOutput();
  readonly #ended = new Set<number>();
  #traceRead = 0;
  /** Entries of the journal that the client has, and that still stand. */
  #journalSent = 0;

  /** @param store an empty one; it is large, so the next run takes it over. */
  constructor(
    lab: Lab,
    options: Pick<SessionOptions, "seed" | "guests"> & { readonly journal: readonly JournalEntry[] },
    store: CaptureStore,
  ) {
    this.session = new Session(lab, options);
    this.store = store;
    const { session } = this;
    session.trace.want(LIVE_KINDS);
    this.#flights = new FlightWatch(session.world);
    this.#states = new StateWatch(session.world);
    const all = session.captureInterfaces;
    this.packets = new PacketList(store, all);
    session.capture([...all.keys()], {
      onFrame: (frame) => {
        this.#flights.note(frame);
        store.onFrame(frame);
      },
    });
    session.onConsole((console, bytes) => this.#output.add(console, bytes));
  }

  get position(): Position {
    return { time: this.session.now, events: this.session.eventCount };
  }

  /** As `Session.advance`. At most so many events that their traces fit into the recorder. */
  advance(until: number, eventsMax: number): number {
    const done = this.session.advance(Math.min(until, TIME_MAX) as VirtualTime, eventsMax);
    this.#readTrace();
    return done;
  }

  /** As `Session.inject`. */
  inject(command: Command): Result<void, string> {
    const done = this.session.inject(command);
    // It may stand where entries of a future were that is given up: as many as before, but not the same.
    if (done.ok) this.#journalSent = Math.min(this.#journalSent, this.session.journal.length - 1);
    return done;
  }

  /** Nobody needs to be shown what is over by now. */
  forgetPast(): void {
    this.#flights.forgetPast(this.session.now);
  }

  state({ playing, speed, behind }: Playing): RunState {
    const { session } = this;
    return {
      time: session.now,
      events: session.eventCount,
      digest: session.digest,
      playing,
      speed,
      behind,
      journalLength: session.journal.length,
      quiet: session.isQuiet,
    };
  }

  /** What changed since the last push. @param rewound the client must forget what it drew. */
  push(playing: Playing, rewound: boolean): FramePush {
    const { session } = this;
    const { flights, drops } = this.#flights.take();
    const journalFrom = this.#journalSent;
    this.#journalSent = session.journal.length;
    return {
      run: this.state(playing),
      flights,
      drops,
      nodes: this.#states.changedNodes(),
      links: this.#states.changedLinks(),
      consoles: this.#output.take(),
      ended: this.#newlyEnded(),
      journal: session.journal.slice(journalFrom),
      journalFrom,
      rewound,
      packets: this.store.newest,
      checks: session.world.checkResults(),
    };
  }

  #readTrace(): void {
    const { trace } = this.session;
    for (let id = Math.max(this.#traceRead + 1, trace.oldest); id <= trace.newest; id++) {
      const event = trace.at(id);
      if (event.name === "link:transmit") this.#flights.onTransmit(event);
      else if (event.name === "skb:kfree_skb") this.#flights.onDrop(event);
      else if (event.name === "node:state" || event.name === "program:state") this.#states.onEvent(event);
      else this.histories.onEvent(event);
    }
    this.#traceRead = trace.newest;
  }

  #newlyEnded(): { console: number; status: number }[] {
    const ended = this.session.world.endedConsoles().filter(({ id }) => !this.#ended.has(id));
    for (const { id } of ended) this.#ended.add(id);
    return ended.map(({ id, status }) => ({ console: id, status }));
  }
}
