/**
 * A session with all that the workbench watches: captured frames, flights, console output, states of nodes and links.
 * Going back in time makes a new one and runs it to the instant asked for.
 */
import { utf8Decode } from "../base/bytes.ts";
import type { JournalEntry } from "../contract/command.ts";
import type { FramePush, LinkState, NodeState, RunState, Speed } from "../contract/api/run-view.ts";
import type { Lab } from "../lab/model.ts";
import type { ProgramTable } from "../world/world.ts";
import { CaptureStore } from "./capture-store.ts";
import { FlightWatch, LIVE_KINDS } from "./flight-watch.ts";
import { PacketList } from "./packet-list.ts";
import { Session } from "./session.ts";

export interface LiveRunOptions {
  readonly seed?: number;
  readonly journal?: readonly JournalEntry[];
  readonly programs?: ProgramTable;
}

/** What the host knows of playing. */
export interface Playing {
  readonly playing: boolean;
  readonly speed: Speed;
  readonly behind: boolean;
}

export class LiveRun {
  readonly session: Session;
  readonly store = new CaptureStore();
  readonly packets: PacketList;
  readonly #flights: FlightWatch;
  readonly #output = new Map<number, string>();
  readonly #ended = new Set<number>();
  readonly #labels = new Map<string, string>();
  readonly #nodes = new Map<number, string>();
  readonly #links = new Map<number, string>();
  #journalSent = 0;
  #first = true;

  constructor(lab: Lab, options: LiveRunOptions) {
    this.session = new Session(lab, options);
    const { session } = this;
    session.trace.want(LIVE_KINDS);
    this.#flights = new FlightWatch(session.trace, lab);
    const all = session.captureInterfaces;
    this.packets = new PacketList(this.store, all);
    session.capture(
      all.map((_, index) => index),
      {
        onFrame: (frame) => {
          this.#flights.note(frame);
          this.store.onFrame(frame);
        },
      },
    );
    session.onConsole((console, bytes) => {
      this.#output.set(console, (this.#output.get(console) ?? "") + utf8Decode(bytes));
    });
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
    const { flights, drops } = this.#flights.take((event) => {
      if (event.name === "program:state") this.#labels.set(event.place, String(event.fields["state"]));
    });
    const reset = this.#first || session.journal.length < this.#journalSent;
    const journal = session.journal.slice(reset ? 0 : this.#journalSent);
    this.#journalSent = session.journal.length;
    this.#first = false;
    const consoles = [...this.#output].map(([console, text]) => ({ console, text }));
    this.#output.clear();
    return {
      run: this.state(playing),
      flights,
      drops,
      nodes: this.#changedNodes(),
      links: this.#changedLinks(),
      consoles,
      ended: this.#newlyEnded(),
      journal,
      journalReset: reset,
      rewound,
      packets: this.store.newest,
      checks: session.world.checkResults(),
    };
  }

  #changedNodes(): NodeState[] {
    const changed: NodeState[] = [];
    for (const { index, name } of this.session.lab.nodes) {
      const power = this.session.world.power(index);
      const label = this.#labels.get(name) ?? "";
      const key = `${power} ${label}`;
      if (this.#nodes.get(index) === key) continue;
      this.#nodes.set(index, key);
      changed.push({ node: index, power, label });
    }
    return changed;
  }

  #changedLinks(): LinkState[] {
    const changed: LinkState[] = [];
    for (const { index, name } of this.session.lab.links) {
      const up = this.session.world.link(name)?.ways ?? { forward: true, backward: true };
      const key = `${up.forward} ${up.backward}`;
      if (this.#links.get(index) === key) continue;
      this.#links.set(index, key);
      changed.push({ link: index, forwardUp: up.forward, backwardUp: up.backward });
    }
    return changed;
  }

  #newlyEnded(): { console: number; status: number }[] {
    const ended: { console: number; status: number }[] = [];
    for (const { id, status } of this.session.world.endedConsoles()) {
      if (this.#ended.has(id)) continue;
      this.#ended.add(id);
      ended.push({ console: id, status });
    }
    return ended;
  }
}
