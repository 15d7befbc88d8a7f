/**
 * /proc/<pid>/{status,cmdline,comm,stat,fd} and /proc/self (fs/proc/array.c, proc(5)). Fields that mean nothing here
 * are left out of status, and are 0 in stat, whose columns have fixed places.
 */
import { SECOND } from "../../../base/time.ts";
import type { Process } from "../../process/process.ts";
import type { ProcessTable } from "../../process/process-table.ts";
import type { Inode, Opener } from "../inode.ts";
import { ProcDirectory, type DynamicEntries } from "./proc-files.ts";

const STATE_NAMES: Readonly<Record<Process["state"], string>> = {
  R: "running",
  S: "sleeping",
  D: "disk sleep",
  T: "stopped",
  Z: "zombie",
};
const TICK_NS = SECOND / 100;
/** Columns of stat after the 24 that proc(5) numbers up to rss: all zero. */
const STAT_COLUMNS = 52;

/** The numbered directories and self. */
export class ProcessEntries implements DynamicEntries {
  readonly #table: ProcessTable;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  lookup(name: string, opener: Opener | null): Inode | undefined {
    const pid = name === "self" ? (opener?.pid ?? 0) : /^[1-9]\d{0,6}$/.test(name) ? Number(name) : 0;
    const process = this.#table.get(pid);
    return process === undefined ? undefined : processDirectory(process);
  }

  names(): string[] {
    return [...this.#table.list().map((process) => String(process.pid)), "self"];
  }
}

function processDirectory(process: Process): ProcDirectory {
  const directory = new ProcDirectory();
  directory.add("comm", () => `${process.name}\n`);
  directory.add("cmdline", () => process.argv.map((argument) => `${argument}\0`).join(""));
  directory.add("environ", () => [...process.environment].map(([name, value]) => `${name}=${value}\0`).join(""));
  directory.add("status", () => statusText(process));
  directory.add("stat", () => statText(process));
  const files = new ProcDirectory();
  for (const [fd, file] of process.files.entries()) files.add(String(fd), () => `${file.kind}\n`);
  directory.addDirectory("fd", files);
  return directory;
}

function statusText(process: Process): string {
  return [
    `Name:\t${process.name}`,
    `State:\t${process.state} (${STATE_NAMES[process.state]})`,
    `Tgid:\t${process.pid}`,
    `Pid:\t${process.pid}`,
    `PPid:\t${process.parent?.pid ?? 0}`,
    "Uid:\t0\t0\t0\t0",
    "Gid:\t0\t0\t0\t0",
    `FDSize:\t${process.files.entries().length}`,
    "Threads:\t1",
    "",
  ].join("\n");
}

function statText(process: Process): string {
  const columns: (number | string)[] = [
    process.pid,
    `(${process.name})`,
    process.state,
    process.parent?.pid ?? 0,
    process.group,
    process.group,
    0,
    process.tty?.foreground ?? -1,
  ];
  while (columns.length < STAT_COLUMNS) columns.push(0);
  // proc(5) counts from 1: 14 utime, 18 priority, 19 nice, 20 threads, 22 start time.
  columns[13] = Math.floor(process.cpuTime / TICK_NS);
  columns[17] = 20;
  columns[19] = 1;
  columns[21] = Math.floor(process.started / TICK_NS);
  return `${columns.join(" ")}\n`;
}
