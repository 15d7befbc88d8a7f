/**
 * A trace as Chrome's Trace Event JSON, which ui.perfetto.dev and chrome://tracing open. Each host is a "process" of
 * that format with a track per CPU for hard IRQs, one per CPU for softirqs (NAPI), and one per process of the host;
 * packets are instants there, drops carry their reason, queue lengths are counters, and an arrow leads from the port
 * that sends a frame to the port at which it arrives. Streamed: what is written so far is an array that lacks only its
 * closing bracket, which the readers of this format accept.
 * Left out: async slices (nothing here spans tracks but packets, and those have arrows) and the lengths of
 * transmissions, which no event carries: a transmission is drawn 1 ns long.
 */
import { unreachable } from "../base/assert.ts";
import { DROP_REASON_TEXTS, DROP_REASONS } from "../contract/drop-reason.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import { FlowArrows } from "./flow-arrows.ts";
import { JsonStream } from "./json-stream.ts";
import { TraceTracks, type Track } from "./trace-tracks.ts";

/** What the exporter must know of the lab to give things their names. */
export interface TraceNames {
  /** Two ends of each link by the link's name: direction 0 leads from the first to the second. */
  readonly links: ReadonlyMap<string, readonly [LinkEndName, LinkEndName]>;
  /** Name of a node's interface by its number in the events' `device` field. */
  device(place: string, device: number): string;
}

export interface LinkEndName {
  readonly node: string;
  readonly nic: string;
}

/** Softirq vectors by number, as /proc/softirqs heads its rows (Linux, kernel/softirq.c). */
const SOFTIRQ_NAMES = ["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"];

/** Length of the mark that stands for a frame at a port, in ns: an arrow needs a slice to begin and end at. */
const MARK_NS = 1;

export class TraceEventExporter {
  readonly #json: JsonStream;
  readonly #tracks: TraceTracks;
  readonly #arrows = new FlowArrows();
  readonly #names: TraceNames;
  #time = 0;
  /** Events that are more than an instant. */
  readonly #drawings: Readonly<Partial<Record<TraceEventName, (event: TraceEvent) => void>>> = {
    "irq:irq_handler_entry": (event) => this.#begin(event, `irq ${this.#device(event)}`),
    "irq:irq_handler_exit": (event) => this.#tracks.end(this.#trackOf(event), event.time),
    "irq:softirq_entry": (event) => this.#begin(event, softirqName(field(event, "vec"))),
    "irq:softirq_exit": (event) => this.#tracks.end(this.#trackOf(event), event.time),
    "sched:sched_switch": (event) => this.#switch(event),
    "sched:sched_process_exec": (event) => this.#exec(event),
    "nic:rx_ring": (event) => this.#counter(event, `${this.#device(event)} rx_ring`, field(event, "used")),
    "nic:tx_ring": (event) => this.#counter(event, `${this.#device(event)} tx_ring`, field(event, "used")),
    "net:net_dev_queue": (event) => this.#queued(event),
    "link:queue": (event) => this.#linkQueue(event),
    "link:transmit": (event) => this.#hop(event, true),
    "link:arrive": (event) => this.#hop(event, false),
    "skb:kfree_skb": (event) => this.#drop(event),
    "node:state": (event) => this.#nodeState(event),
  };

  /** @param sink takes text in order; what it has got makes one JSON array once `finish` was called. */
  constructor(names: TraceNames, sink: (text: string) => void) {
    this.#names = names;
    this.#json = new JsonStream(sink);
    this.#tracks = new TraceTracks(this.#json);
  }

  /** Events written, metadata included. */
  get written(): number {
    return this.#json.objects;
  }

  /** Takes one event; events come in the order of their ids. */
  onEvent(event: TraceEvent): void {
    this.#time = event.time;
    const draw = this.#drawings[event.name];
    if (draw === undefined) this.#instant(event, event.name);
    else draw(event);
  }

  /** Ends what is open, closes the array and hands on what is left. */
  finish(): void {
    this.#tracks.finish(this.#time);
    this.#json.finish();
  }

  #begin(event: TraceEvent, name: string): void {
    this.#tracks.begin(this.#trackOf(event), event.time, name);
  }

  /** Where events of this context are drawn. */
  #trackOf(event: TraceEvent): Track {
    const { context, place, cpu, pid } = event;
    switch (context) {
      case "hardirq":
      case "softirq":
        return this.#tracks.cpu(place, cpu, context);
      case "process":
        return this.#tracks.process(place, pid);
      case "none":
      case "wire":
        return this.#tracks.other(place);
      default:
        return unreachable(context);
    }
  }

  #switch(event: TraceEvent): void {
    const from = field(event, "prev_pid");
    const to = field(event, "next_pid");
    // Process 0 is idle: an empty track says so better than a slice.
    if (from !== 0) this.#tracks.end(this.#tracks.process(event.place, from), event.time);
    if (to !== 0) this.#tracks.begin(this.#tracks.process(event.place, to), event.time, `cpu${event.cpu}`);
  }

  #exec(event: TraceEvent): void {
    this.#tracks.nameProcess(event.place, field(event, "pid"), String(event.fields["comm"] ?? ""));
    this.#instant(event, event.name);
  }

  #queued(event: TraceEvent): void {
    this.#counter(event, `${this.#device(event)} qdisc`, field(event, "qlen"));
    this.#instant(event, event.name);
  }

  #linkQueue(event: TraceEvent): void {
    const name = field(event, "direction") === 0 ? "queue forward" : "queue backward";
    this.#counter(event, name, field(event, "frames"));
  }

  #nodeState(event: TraceEvent): void {
    // A machine that is switched off ends whatever it was doing.
    this.#tracks.endAll(event.place, event.time);
    this.#instant(event, `${event.name} ${String(event.fields["state"] ?? "")}`);
  }

  #instant(event: TraceEvent, name: string): void {
    this.#json.event("i", name, this.#trackOf(event), event.time).member("s", "t").members("args", argsOf(event)).end();
  }

  #drop(event: TraceEvent): void {
    const reason = DROP_REASONS[field(event, "reason")];
    const text = reason === undefined ? "" : DROP_REASON_TEXTS[reason];
    this.#arrows.forget(event.place, event.packet);
    this.#json.event("i", `drop ${reason ?? "?"}`, this.#trackOf(event), event.time);
    this.#json
      .member("s", "t")
      .members("args", { ...argsOf(event), reason: reason ?? "?", text })
      .end();
  }

  #counter(event: TraceEvent, name: string, value: number): void {
    this.#json.event("C", name, this.#tracks.other(event.place), event.time).members("args", { value }).end();
  }

  /** A frame at one end of a link, with the beginning or the point of its arrow. */
  #hop(event: TraceEvent, sent: boolean): void {
    const direction = field(event, "direction") === 0 ? 0 : 1;
    const end = this.#names.links.get(event.place)?.[sent ? direction : 1 - direction];
    const track =
      end === undefined
        ? this.#tracks.other(event.place)
        : this.#tracks.port(end.node, `${end.nic} ${sent ? "tx" : "rx"}`);
    const name = `packet ${event.packet}`;
    const { time } = event;
    this.#json.event("X", name, track, time).time("dur", MARK_NS).members("args", argsOf(event)).end();
    if (event.packet === 0) return;
    const hop = sent
      ? this.#arrows.begin(event.place, direction, event.packet)
      : this.#arrows.end(event.place, direction, event.packet);
    if (hop === 0) return;
    this.#json
      .event(sent ? "s" : "f", name, track, time)
      .member("cat", "packet")
      .number("id", hop);
    if (!sent) this.#json.member("bp", "e");
    this.#json.end();
  }

  #device(event: TraceEvent): string {
    return this.#names.device(event.place, field(event, "device"));
  }
}

const softirqName = (vector: number): string => SOFTIRQ_NAMES[vector] ?? `softirq ${vector}`;

function field(event: TraceEvent, name: string): number {
  const value = event.fields[name];
  return typeof value === "number" ? value : 0;
}

/** What a click on the event shows. */
function argsOf(event: TraceEvent): Record<string, number | string> {
  const args: Record<string, number | string> = { event: event.id, ...event.fields };
  if (event.packet !== 0) args["packet"] = event.packet;
  if (event.cause !== 0) args["cause"] = event.cause;
  return args;
}
