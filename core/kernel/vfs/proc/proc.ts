/** /proc, put together. Each group of files has its own file here; `sys` shows the sysctls, and takes new values. */
import type { KernelCore } from "../../core.ts";
import type { ProcessTable } from "../../process/process-table.ts";
import { E } from "../../syscall/errno.ts";
import { Directory, type Inode, type Opener } from "../inode.ts";
import { procNetDev, procSoftnetStat } from "./net-device.ts";
import { procNetNetstat, procNetSnmp } from "./net-snmp.ts";
import { procNetPacket, procNetRaw, procNetUdp } from "./net-sockets.ts";
import { procNetArp, procNetRoute } from "./net-tables.ts";
import { procNetSockstat, procNetTcp } from "./net-tcp.ts";
import { ProcDirectory, ProcFile } from "./proc-files.ts";
import { ProcessEntries } from "./processes.ts";
import type { CpuSource, NetSources } from "./sources.ts";
import { procInterrupts, procSoftirqs, procStat, procUptime } from "./system.ts";

export interface ProcOptions {
  readonly core: KernelCore;
  readonly cpus: readonly CpuSource[];
  readonly net: NetSources;
  readonly processes: ProcessTable;
  /** Wall clock at virtual time 0, seconds since 1970. */
  readonly epochSeconds: number;
}

export function makeProc(options: ProcOptions): ProcDirectory {
  return new ProcDirectory(new ProcessEntries(options.processes), (proc) => {
    addSystemFiles(proc, options);
    addNetFiles(proc, options);
    proc.addDirectory("sys", new SysctlDirectory(options.core, ""));
  });
}

function addSystemFiles(proc: ProcDirectory, { core, cpus, processes, epochSeconds }: ProcOptions): void {
  proc.add("softirqs", () => procSoftirqs(cpus));
  proc.add("interrupts", () => procInterrupts(cpus));
  proc.add("uptime", () => procUptime(core.engine.now, cpus));
  proc.add("version", () => "LastAck version 0.1.0 (after Linux 6)\n");
  proc.add("stat", () =>
    procStat(cpus, {
      bootSeconds: epochSeconds,
      forks: processes.forks,
      running: processes.list().filter((process) => process.state === "R").length,
    }),
  );
}

function addNetFiles(proc: ProcDirectory, { core, cpus, net }: ProcOptions): void {
  proc.add("net/dev", () => procNetDev(net.devices));
  proc.add("net/softnet_stat", () => procSoftnetStat(cpus));
  proc.add("net/snmp", () => procNetSnmp(core.snmp, core.sysctls));
  proc.add("net/netstat", () => procNetNetstat(core.snmp));
  proc.add("net/arp", () => procNetArp(net));
  proc.add("net/route", () => procNetRoute(net));
  proc.add("net/tcp", () => procNetTcp(net.sockets()));
  proc.add("net/udp", () => procNetUdp(net.sockets(), "udp"));
  proc.add("net/icmp", () => procNetUdp(net.sockets(), "icmp"));
  proc.add("net/raw", () => procNetRaw(net.sockets()));
  proc.add("net/packet", () => procNetPacket(net.sockets()));
  proc.add("net/sockstat", () => procNetSockstat(net.sockets(), net.socketsUsed()));
}

/** /proc/sys: dots of a parameter's name are slashes here. Made on demand, as subsystems define theirs at any time. */
class SysctlDirectory extends Directory {
  readonly #core: KernelCore;
  /** `net.ipv4.`, or nothing at the top. */
  readonly #prefix: string;

  constructor(core: KernelCore, prefix: string) {
    super(0);
    this.#core = core;
    this.#prefix = prefix;
  }

  override lookup(name: string, _opener: Opener | null): Inode | undefined {
    const path = `${this.#prefix}${name}`;
    const sysctls = this.#core.sysctls;
    if (sysctls.get(path) !== undefined) {
      return new ProcFile(
        0,
        () => `${sysctls.get(path) ?? ""}\n`,
        (text) => {
          const problem = sysctls.set(path, text);
          return problem === null ? 0 : -E[problem];
        },
      );
    }
    if (!sysctls.names().some((known) => known.startsWith(`${path}.`))) return undefined;
    const directory = new SysctlDirectory(this.#core, `${path}.`);
    directory.parent = this;
    return directory;
  }

  override names(): string[] {
    const names = new Set<string>();
    for (const known of this.#core.sysctls.names()) {
      if (known.startsWith(this.#prefix)) names.add(known.slice(this.#prefix.length).split(".", 1)[0] ?? "");
    }
    return [...names].sort();
  }
}
