/**
 * What the CPUs of one machine did in an interval: hard IRQs, softirqs, processes, and how full its rings were. Too
 * much to record all the time, and not needed: a run can be repeated exactly, so a second session runs from the start
 * with that recorded, in portions, since it may take as long as the run took. What is under way when the interval
 * begins is known that way, too.
 */
import type { CpuInterval, KernelTimeline } from "../contract/api/close-view.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import type { VirtualTime } from "../base/time.ts";
import { CpuTracks } from "./cpu-tracks.ts";
import { traceNames } from "./lab-names.ts";
import { EVENTS_PER_LOOK, RING_SAMPLES_MAX, TIMELINE_INTERVALS_MAX } from "./limits.ts";
import type { Session } from "./session.ts";

const KINDS: readonly TraceEventName[] = [
  "irq:irq_handler_entry",
  "irq:irq_handler_exit",
  "irq:softirq_entry",
  "irq:softirq_exit",
  "sched:sched_switch",
  "sched:sched_process_exec",
  "node:state",
  "nic:rx_ring",
  "nic:tx_ring",
];

export interface KernelLookAt {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

interface Ring {
  readonly nic: string;
  readonly ring: "rx" | "tx";
  readonly time: number[];
  readonly used: number[];
  size: number;
}

export class KernelLook {
  readonly #session: Session;
  readonly #at: KernelLookAt;
  readonly #device: (device: number) => string;
  readonly #tracks = new CpuTracks((interval) => this.#add(interval));
  readonly #intervals: CpuInterval[] = [];
  readonly #rings = new Map<string, Ring>();
  #cursor = 1;
  #truncated = false;

  /** @param session a new one with the run's journal: it is used up. */
  constructor(session: Session, at: KernelLookAt) {
    this.#session = session;
    this.#at = at;
    const names = traceNames(session.lab);
    this.#device = (device) => names.device(at.node, device);
    session.trace.want(KINDS);
  }

  /** One portion. @returns the timeline when it is there. */
  portion(): KernelTimeline | null {
    const session = this.#session;
    const done = session.advance(this.#at.to as VirtualTime, EVENTS_PER_LOOK);
    const { events, next, lost } = session.trace.read(this.#cursor, Infinity);
    this.#cursor = next;
    if (lost > 0) this.#truncated = true;
    for (const event of events) if (event.place === this.#at.node) this.#onEvent(event);
    return done === EVENTS_PER_LOOK && !this.#truncated ? null : this.#finish();
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.#session.close();
  }

  #onEvent(event: TraceEvent): void {
    if (event.name === "nic:rx_ring" || event.name === "nic:tx_ring") this.#ring(event);
    else this.#tracks.onEvent(event);
  }

  #add(interval: CpuInterval): void {
    const { from, to } = this.#at;
    if (interval.end < from || interval.start > to) return;
    if (this.#intervals.length >= TIMELINE_INTERVALS_MAX) this.#truncated = true;
    else this.#intervals.push({ ...interval, start: Math.max(interval.start, from) });
  }

  #ring(event: TraceEvent): void {
    const direction = event.name === "nic:rx_ring" ? "rx" : "tx";
    const nic = this.#device(Number(event.fields["device"]));
    const key = `${nic} ${direction}`;
    const ring = this.#rings.get(key) ?? { nic, ring: direction, time: [], used: [], size: 0 };
    this.#rings.set(key, ring);
    ring.size = Number(event.fields["size"]);
    const used = Number(event.fields["used"]);
    if (event.time <= this.#at.from) {
      // How full it is when the interval begins.
      ring.time[0] = this.#at.from;
      ring.used[0] = used;
    } else if (ring.time.length >= RING_SAMPLES_MAX) this.#truncated = true;
    else {
      ring.time.push(event.time);
      ring.used.push(used);
    }
  }

  #finish(): KernelTimeline {
    const to = Math.min(this.#at.to, this.#session.now);
    this.#tracks.endAll(to);
    this.#intervals.sort((a, b) => a.start - b.start || a.cpu - b.cpu);
    this.#session.close();
    return {
      intervals: this.#intervals,
      rings: [...this.#rings.values()],
      from: this.#at.from,
      to,
      truncated: this.#truncated,
    };
  }
}
