/**
 * What the CPUs of one machine did in an interval: hard IRQs, softirqs, processes, and how full its rings were. Too much
 * to record all the time, and not needed: a run can be repeated exactly, so a second session runs up to the interval and
 * records that in full. It is done in portions, since getting there may take as long as the run took.
 */
import { KIND, type TraceEvent, type TraceEventName } from "../contract/trace-event.ts";
import type { CpuInterval, KernelTimeline } from "../contract/api/close-view.ts";
import type { VirtualTime } from "../base/time.ts";
import { EVENTS_PER_LOOK, TIMELINE_INTERVALS_MAX } from "./limits.ts";
import type { Session } from "./session.ts";

const KINDS: readonly TraceEventName[] = [
  "irq:irq_handler_entry",
  "irq:irq_handler_exit",
  "irq:softirq_entry",
  "irq:softirq_exit",
  "sched:sched_switch",
  "sched:sched_process_exec",
  "nic:rx_ring",
  "nic:tx_ring",
];
const SOFTIRQ_NAMES = ["HI", "TIMER", "NET_TX", "NET_RX", "", "", "", "SCHED"];

type Ring = { nic: string; ring: "rx" | "tx"; time: number[]; used: number[]; size: number };

export class KernelLook {
  readonly #session: Session;
  readonly #node: string;
  readonly #from: number;
  readonly #to: number;
  #cursor = 0;
  #truncated = false;
  readonly #intervals: CpuInterval[] = [];
  /** Open slices of each CPU, innermost last. */
  readonly #open = new Map<number, { start: number; context: CpuInterval["context"]; name: string; pid: number }[]>();
  readonly #programs = new Map<number, string>();
  readonly #rings = new Map<string, Ring>();

  /** @param session a new one with the run's journal: it is used up. */
  constructor(session: Session, of: { readonly node: string; readonly from: number; readonly to: number }) {
    this.#session = session;
    this.#node = of.node;
    this.#from = of.from;
    this.#to = Math.max(of.from, of.to);
    // Names of programs are given when they start, which is mostly before the interval.
    session.trace.want(["sched:sched_process_exec"]);
  }

  /** One portion. @returns the timeline when it is there. */
  portion(): KernelTimeline | null {
    const session = this.#session;
    const isBefore = session.now < this.#from;
    const until = isBefore ? this.#from : this.#to;
    const done = session.advance(until as VirtualTime, EVENTS_PER_LOOK);
    this.#read();
    if (done === EVENTS_PER_LOOK && !this.#truncated) return null;
    session.advance(until as VirtualTime, 0);
    if (!isBefore) return this.#finish();
    session.trace.want(KINDS);
    return null;
  }

  #read(): void {
    const { trace } = this.#session;
    const { events, next } = trace.read(this.#cursor, Infinity);
    this.#cursor = next;
    for (const event of events) if (event.place === this.#node) this.#add(event);
  }

  #add(event: TraceEvent): void {
    const number = (name: string): number => Number(event.fields[name] ?? 0);
    switch (KIND[event.name]) {
      case KIND["irq:irq_handler_entry"]:
        return this.#begin(event, "hardirq", `irq ${number("irq")}`);
      case KIND["irq:softirq_entry"]:
        return this.#begin(event, "softirq", SOFTIRQ_NAMES[number("vec")] ?? "softirq");
      case KIND["irq:irq_handler_exit"]:
      case KIND["irq:softirq_exit"]:
        return this.#end(event);
      case KIND["sched:sched_switch"]:
        if (number("prev_pid") !== 0) this.#end(event);
        if (number("next_pid") !== 0) {
          const pid = number("next_pid");
          this.#begin({ ...event, pid }, "process", this.#programs.get(pid) ?? `pid ${pid}`);
        }
        return;
      case KIND["sched:sched_process_exec"]:
        this.#programs.set(number("pid"), String(event.fields["comm"] ?? ""));
        return;
      case KIND["nic:rx_ring"]:
      case KIND["nic:tx_ring"]:
        return this.#ring(event, event.name === "nic:rx_ring" ? "rx" : "tx");
      default:
    }
  }

  #begin(event: TraceEvent, context: CpuInterval["context"], name: string): void {
    const open = this.#open.get(event.cpu) ?? [];
    this.#open.set(event.cpu, open);
    open.push({ start: event.time, context, name, pid: event.pid });
  }

  #end(event: TraceEvent): void {
    const slice = this.#open.get(event.cpu)?.pop();
    if (slice === undefined) return;
    if (this.#intervals.length >= TIMELINE_INTERVALS_MAX) this.#truncated = true;
    else this.#intervals.push({ cpu: event.cpu, end: event.time, ...slice });
  }

  #ring(event: TraceEvent, ring: "rx" | "tx"): void {
    const device = Number(event.fields["device"]);
    const key = `${device} ${ring}`;
    // Interface 1 is loopback; the machine's cards follow in order.
    const known = this.#rings.get(key) ?? { nic: `eth${device - 2}`, ring, time: [], used: [], size: 0 };
    this.#rings.set(key, known);
    known.time.push(event.time);
    known.used.push(Number(event.fields["used"]));
    known.size = Number(event.fields["size"]);
  }

  #finish(): KernelTimeline {
    for (const [cpu, open] of this.#open) {
      for (const slice of open.reverse()) this.#intervals.push({ cpu, end: this.#session.now, ...slice });
    }
    this.#intervals.sort((a, b) => a.start - b.start || a.cpu - b.cpu);
    return {
      intervals: this.#intervals,
      rings: [...this.#rings.values()],
      from: this.#from,
      to: this.#session.now,
      truncated: this.#truncated,
    };
  }
}
