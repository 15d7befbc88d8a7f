/**
 * What each CPU of one machine does, as intervals that nest as interrupts do: a hard IRQ inside a softirq inside a
 * process. Out of the trace's irq:* and sched:* events.
 */
import type { CpuInterval } from "../contract/api/close-view.ts";
import type { TraceEvent } from "../contract/trace-event.ts";

const SOFTIRQ_NAMES = ["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"];

type Context = CpuInterval["context"];
type Open = Omit<CpuInterval, "end">;

export class CpuTracks {
  readonly #onInterval: (interval: CpuInterval) => void;
  /** Begun and not ended, by CPU, innermost last. */
  readonly #open = new Map<number, Open[]>();
  readonly #programs = new Map<number, string>();

  constructor(onInterval: (interval: CpuInterval) => void) {
    this.#onInterval = onInterval;
  }

  onEvent(event: TraceEvent): void {
    const number = (name: string): number => Number(event.fields[name] ?? 0);
    switch (event.name) {
      case "irq:irq_handler_entry":
        return this.#begin(event, { context: "hardirq", name: `irq ${number("irq")}`, pid: event.pid });
      case "irq:softirq_entry":
        return this.#begin(event, {
          context: "softirq",
          name: SOFTIRQ_NAMES[number("vec")] ?? `softirq ${number("vec")}`,
          pid: event.pid,
        });
      case "irq:irq_handler_exit":
        return this.#end(event, "hardirq");
      case "irq:softirq_exit":
        return this.#end(event, "softirq");
      case "sched:sched_switch": {
        // Process 0 is idle: nothing at all says so better than an interval.
        if (number("prev_pid") !== 0) this.#end(event, "process");
        const pid = number("next_pid");
        if (pid === 0) return;
        return this.#begin(event, { context: "process", name: this.#programs.get(pid) ?? `pid ${pid}`, pid });
      }
      case "sched:sched_process_exec":
        this.#programs.set(number("pid"), String(event.fields["comm"] ?? ""));
        return;
      case "node:state":
        // A machine that went down ends whatever it was doing, and its process ids begin anew.
        this.endAll(event.time);
        if (event.fields["state"] === "off") this.#programs.clear();
        return;
      default:
    }
  }

  /** What is under way ends here, as far as anybody knows. */
  endAll(at: number): void {
    for (const open of this.#open.values()) {
      for (let slice = open.pop(); slice !== undefined; slice = open.pop()) this.#onInterval({ ...slice, end: at });
    }
  }

  #begin({ cpu, time }: TraceEvent, what: { context: Context; name: string; pid: number }): void {
    const open = this.#open.get(cpu) ?? [];
    this.#open.set(cpu, open);
    open.push({ cpu, start: time, ...what });
  }

  #end({ cpu, time }: TraceEvent, context: Context): void {
    const open = this.#open.get(cpu) ?? [];
    const at = open.findLastIndex((slice) => slice.context === context);
    const [slice] = at < 0 ? [] : open.splice(at, 1);
    if (slice !== undefined) this.#onInterval({ ...slice, end: time });
  }
}
