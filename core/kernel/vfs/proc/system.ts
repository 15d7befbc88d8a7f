/**
 * /proc/{softirqs,interrupts,stat,uptime,version} (fs/proc/*.c, kernel/irq/proc.c).
 * Left out: loadavg, because nothing samples the run queue every five seconds; memory and disks.
 */
import { SECOND } from "../../../base/time.ts";
import { left, right } from "./format.ts";
import type { CpuSource } from "./sources.ts";

/** All vectors of Linux, by number. */
const SOFTIRQ_NAMES = [
  "HI",
  "TIMER",
  "NET_TX",
  "NET_RX",
  "BLOCK",
  "IRQ_POLL",
  "TASKLET",
  "SCHED",
  "HRTIMER",
  "RCU",
] as const;
/** ns of one tick of /proc/stat: USER_HZ is 100. */
const TICK_NS = SECOND / 100;

const cpuNames = (cpus: readonly CpuSource[]): string => cpus.map((_, index) => `CPU${left(index, 8)}`).join("");

export function procSoftirqs(cpus: readonly CpuSource[]): string {
  const counts = cpus.map((cpu) => cpu.snapshot().softirqs);
  const rows = SOFTIRQ_NAMES.map((name, vector) => {
    const cells = counts.map((perCpu) => ` ${right(perCpu[vector] ?? 0, 10)}`);
    return `${right(name, 12)}:${cells.join("")}\n`;
  });
  return `${" ".repeat(20)}${cpuNames(cpus)}\n${rows.join("")}`;
}

/** Interrupts of all CPUs, in the order of their numbers. */
function interruptTable(cpus: readonly CpuSource[]): Map<number, { name: string; counts: number[] }> {
  const table = new Map<number, { name: string; counts: number[] }>();
  cpus.forEach((cpu, index) => {
    for (const { irq, name, count } of cpu.snapshot().interrupts) {
      const row = table.get(irq) ?? { name, counts: cpus.map(() => 0) };
      row.counts[index] = count;
      table.set(irq, row);
    }
  });
  return new Map([...table.entries()].sort(([a], [b]) => a - b));
}

export function procInterrupts(cpus: readonly CpuSource[]): string {
  const rows: string[] = [];
  for (const [irq, { name, counts }] of interruptTable(cpus)) {
    const cells = counts.map((count) => ` ${right(count, 10)}`).join("");
    rows.push(`${right(irq, 3)}:${cells} ${right("PCI-MSI", 8)} ${right(irq, 3)}-${left("edge", 8)}  ${name}\n`);
  }
  return `${" ".repeat(11)}${cpuNames(cpus)}\n${rows.join("")}`;
}

/** What /proc/stat says beside the CPUs. */
export interface StatNumbers {
  readonly bootSeconds: number;
  /** Processes ever started, and runnable now. */
  readonly forks: number;
  readonly running: number;
}

export function procStat(cpus: readonly CpuSource[], numbers: StatNumbers): string {
  const perCpu = cpus.map((cpu) => {
    const { user, system, idle, irq, softirq } = cpu.snapshot().times;
    return [user, 0, system, idle, 0, irq, softirq, 0, 0, 0].map((ns) => Math.floor(ns / TICK_NS));
  });
  const sum = (perCpu[0] ?? []).map((_, column) => perCpu.reduce((total, row) => total + (row[column] ?? 0), 0));
  const interrupts = [...interruptTable(cpus).values()].map(({ counts }) => counts.reduce((a, b) => a + b, 0));
  const softirqs = SOFTIRQ_NAMES.map((_, vector) =>
    cpus.reduce((total, cpu) => total + (cpu.snapshot().softirqs[vector] ?? 0), 0),
  );
  const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
  return [
    `cpu  ${sum.join(" ")}`,
    ...perCpu.map((row, index) => `cpu${index} ${row.join(" ")}`),
    ["intr", total(interrupts), ...interrupts].join(" "),
    `btime ${numbers.bootSeconds}`,
    `processes ${numbers.forks}`,
    `procs_running ${numbers.running}`,
    "procs_blocked 0",
    ["softirq", total(softirqs), ...softirqs].join(" "),
    "",
  ].join("\n");
}

/** Seconds since the machine was switched on, and seconds its CPUs idled, with hundredths. */
export function procUptime(now: number, cpus: readonly CpuSource[]): string {
  const idle = cpus.reduce((sum, cpu) => sum + cpu.snapshot().times.idle, 0);
  return `${hundredths(now)} ${hundredths(idle)}\n`;
}

function hundredths(ns: number): string {
  const centiseconds = Math.floor(ns / TICK_NS);
  return `${Math.floor(centiseconds / 100)}.${String(centiseconds % 100).padStart(2, "0")}`;
}
