/**
 * What each CPU of one machine does, as intervals that nest as interrupts do: a hard IRQ inside a softirq inside a
 * process. Out of the trace's irq:* and sched:* events.
 */
import type { CpuInterval } from "../contract/api/close-view.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";

const SOFTIRQ_NAMES = ["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"];

type Context = CpuInterval["context"];
type Open = Omit<CpuInterval, "end">;

export class CpuTracks {
  readonly #onInterval: (interval: CpuInterval) => void;
  /** Begun and not ended, by CPU, innermost last. */
  readonly #open = new Map<number, Open[]>();
  readonly #programs = new Map<number, string>();
  readonly #handlers: Partial<Record<TraceEventName, (event: TraceEvent) => void>> = {
    "irq:irq_handler_entry": (event) => this.#begin(event, "hardirq", `irq ${number(event, "irq")}`),
    "irq:irq_handler_exit": (event) => this.#end(event, "hardirq"),
    "irq:softirq_entry": (event) => this.#begin(event, "softirq", softirqName(number(event, "vec"))),
    "irq:softirq_exit": (event) => this.#end(event, "softirq"),
    "sched:sched_switch": (event) => this.#switch(event),
    "sched:sched_process_exec": (event) => this.#programs.set(number(event, "pid"), String(event.fields["comm"])),
    "node:state": (event) => this.#powered(event),
  };

  constructor(onInterval: (interval: CpuInterval) => void) {
    this.#onInterval = onInterval;
  }

  onEvent(event: TraceEvent): void {
    this.#handlers[event.name]?.(event);
  }

  /** What is under way ends here, as far as anybody knows. */
  endAll(at: number): void {
    for (const open of this.#open.values()) {
      for (let slice = open.pop(); slice !== undefined; slice = open.pop()) this.#onInterval({ ...slice, end: at });
    }
  }

  /** Process 0 is idle: nothing at all says so better than an interval. */
  #switch(event: TraceEvent): void {
    if (number(event, "prev_pid") !== 0) this.#end(event, "process");
    const pid = number(event, "next_pid");
    if (pid !== 0) this.#begin({ ...event, pid }, "process", this.#programs.get(pid) ?? `pid ${pid}`);
  }

  /** A machine that went down ends whatever it was doing, and its process ids begin anew. */
  #powered(event: TraceEvent): void {
    this.endAll(event.time);
    if (event.fields["state"] === "off") this.#programs.clear();
  }

  #begin({ cpu, time, pid }: TraceEvent, context: Context, name: string): void {
    const open = this.#open.get(cpu) ?? [];
    this.#open.set(cpu, open);
    open.push({ cpu, start: time, context, name, pid });
  }

  #end({ cpu, time }: TraceEvent, context: Context): void {
    const open = this.#open.get(cpu) ?? [];
    const at = open.findLastIndex((slice) => slice.context === context);
    const [slice] = at < 0 ? [] : open.splice(at, 1);
    if (slice !== undefined) this.#onInterval({ ...slice, end: time });
  }
}

const softirqName = (vector: number): string => SOFTIRQ_NAMES[vector] ?? `softirq ${vector}`;

const number = (event: TraceEvent, name: string): number => Number(event.fields[name] ?? 0);
