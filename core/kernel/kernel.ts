/**
 * One machine's kernel, put together: CPUs, interfaces, the network layer, sockets, files and processes, bottom up.
 * What a lab, a test or a packetdrill script does to a machine goes through here.
 */
import { assert } from "../base/assert.ts";
import type { Lane } from "../engine/rank.ts";
import type { CostTable } from "./cost.ts";
import { KernelCore, type KernelEnvironment } from "./core.ts";
import { Cpu } from "./cpu/cpu.ts";
import { Smp } from "./cpu/run-queue.ts";
import { SOFTIRQ } from "./cpu/work.ts";
import { Devices } from "./device/devices.ts";
import { handleDeviceRequest } from "./device/netlink-device.ts";
import { Nic } from "./device/nic.ts";
import type { NicOptions } from "./device/nic-options.ts";
import { IpStack } from "./net/ip-stack.ts";
import type { StableWord } from "./tcp/open/isn.ts";
import { KernelTimers } from "./timer/timers.ts";
import { SOL, TCP, type Program } from "./syscall/sys.ts";
import { Userland } from "./syscall/userland.ts";
import type { Process } from "./process/process.ts";
import type { ProcessObserver } from "./process/process-table.ts";
import type { Disk } from "./vfs/disk.ts";
import type { Tty, TtySink } from "./vfs/tty.ts";

export interface KernelOptions {
  readonly hostname: string;
  readonly costs: CostTable;
  readonly cpus: number;
  /** Of the machine's events; a new one by default. */
  readonly lane?: Lane | undefined;
  /** What is in /bin. */
  readonly programs: ReadonlyMap<string, Program>;
  /** /etc/hosts; not changed after this. */
  readonly hosts?: Uint8Array<ArrayBuffer>;
  /** Wall clock at virtual time 0, ns since 1970: whole seconds. */
  readonly epochNs: number;
  /** The machine's disk, which outlives the kernel. */
  readonly disk?: Disk;
  /** What of TCP outlives a crash (net.ipv4.tcp_isn_policy=epoch); in memory by default. */
  readonly stableWord?: StableWord | undefined;
}

/** Hears from a command run on a machine. */
export interface CommandObserver extends TtySink {
  onExit(status: number): void;
}

export interface RunningCommand {
  readonly process: Process;
  readonly tty: Tty;
  readonly observer: CommandObserver;
}

const ENVIRONMENT: ReadonlyMap<string, string> = new Map([
  ["PATH", "/bin"],
  ["HOME", "/root"],
  ["USER", "root"],
  ["TERM", "xterm"],
]);

/** TCP_INFINITE_SSTHRESH. */
const SSTHRESH_UNSET = 0x7fffffff;

/** First interrupt number of a NIC; those below belong to the timer and the console, as on a PC. */
const NIC_IRQ_FIRST = 24;

export class Kernel implements ProcessObserver {
  readonly core: KernelCore;
  readonly cpus: readonly Cpu[];
  readonly devices: Devices;
  readonly ip: IpStack;
  readonly userland: Userland;
  readonly #nics: Nic[] = [];
  /** What runs on terminals of its own, by pid. */
  readonly #commands = new Map<number, RunningCommand>();

  constructor(environment: KernelEnvironment, options: KernelOptions) {
    assert(options.cpus >= 1, "a machine has a CPU");
    this.core = new KernelCore(environment, options.hostname, options.costs, options.lane);
    const smp = new Smp();
    this.cpus = Array.from({ length: options.cpus }, (_, index) => new Cpu(this.core, index, smp));
    const first = this.cpus[0] as Cpu;
    const timers = new KernelTimers(this.core.engine, options.costs, { cpu: first, lane: this.core.lane });
    this.core.install(this.cpus, timers);
    first.registerSoftirq(SOFTIRQ.TIMER, timers);
    this.devices = new Devices(this.core, this.cpus);
    this.ip = new IpStack(this.core, this.devices);
    this.userland = new Userland({
      core: this.core,
      cpus: this.cpus,
      devices: this.devices,
      ip: this.ip,
      programs: options.programs,
      hosts: options.hosts,
      epochNs: options.epochNs,
      disk: options.disk,
      stableWord: options.stableWord,
      netlink: [
        (request) => handleDeviceRequest(this.devices, request),
        (request) => this.ip.handleNetRequest(request),
      ],
    });
    this.userland.processes.observe(this);
    this.devices.loopback.setUp(true);
  }

  /** In the order in which they were added. */
  get nics(): readonly Nic[] {
    return this.#nics;
  }

  /** A new interface, still down; its interrupts go to the machine's CPUs in turn. */
  addNic(options: NicOptions): Nic {
    const { core, devices, cpus } = this;
    const index = this.#nics.length;
    const cpu = cpus[index % cpus.length] as Cpu;
    const nic = new Nic({ core, devices, cpu, irq: NIC_IRQ_FIRST + index }, options);
    this.#nics.push(nic);
    return nic;
  }

  /**
   * Runs a program on a terminal of its own, in its own process group, in the foreground.
   * @returns the command, which may have ended already; or -errno when it could not be started.
   */
  run(argv: readonly string[], observer: CommandObserver): RunningCommand | number {
    const tty = this.userland.openTerminal(observer);
    const process = this.userland.processes.start({
      program: argv[0] ?? "",
      argv,
      files: [tty.open(), tty.open(), tty.open()],
      environment: ENVIRONMENT,
      directory: "/root",
      tty,
    });
    if (typeof process === "number") {
      this.userland.closeTerminal(tty);
      return process;
    }
    const command: RunningCommand = { process, tty, observer };
    this.#commands.set(process.pid, command);
    return command;
  }

  processExited(process: Process, status: number): void {
    const command = this.#commands.get(process.pid);
    if (command === undefined) return;
    this.#commands.delete(process.pid);
    this.userland.closeTerminal(command.tty);
    command.observer.onExit(status);
  }

  /** Puts a file where it belongs, making the directories above it. @returns 0 or -errno. */
  writeFile(path: string, content: string | Uint8Array): number {
    return this.userland.writeFile(path, content);
  }

  /** The whole machine stands still: interrupts wait, rings fill. */
  pause(): void {
    for (const cpu of this.cpus) cpu.freeze();
  }

  resume(): void {
    for (const cpu of this.cpus) cpu.thaw();
  }

  /** The power is cut. Everything in memory is gone; packets are counted as NODE_DOWN. */
  shutdown(): void {
    this.core.alive = false;
    this.core.timers.stop();
    for (const cpu of this.cpus) cpu.halt();
    this.userland.shutdown();
    this.ip.shutdown();
    this.devices.shutdown();
    for (const nic of this.#nics) nic.shutdown();
  }

  queuedPackets(): number {
    return this.devices.queuedPackets() + this.ip.queuedPackets() + this.userland.queuedPackets();
  }

  checkInvariants(): void {
    this.devices.checkInvariants();
    this.ip.checkInvariants();
    this.userland.checkInvariants();
  }

  /**
   * By its name with its group, as `nstat` shows it: `Udp.InDatagrams` or `UdpInDatagrams`; null when there is none.
   */
  snmpCounter(name: string): number | null {
    const { ip, icmp, udp, ipExt, tcp, tcpExt } = this.core.snmp;
    const groups = { IpExt: ipExt, Ip: ip, Icmp: icmp, Udp: udp, TcpExt: tcpExt, Tcp: tcp };
    for (const [group, counters] of Object.entries(groups)) {
      if (!name.startsWith(group)) continue;
      const value = new Map(Object.entries(counters)).get(name.slice(group.length).replace(/^\./, ""));
      if (value !== undefined) return value;
    }
    return null;
  }

  /**
   * A field of the newest connection that has that port at either end, by its name in struct tcp_info without `tcpi_`.
   * @returns null when there is no such connection or field, and for an ssthresh that no loss has set yet.
   */
  tcpInfoField(port: number, field: string): number | null {
    for (const socket of this.userland.sockets.list().toReversed()) {
      const info = socket.info();
      if (info?.protocol !== "tcp" || info.state === "LISTEN") continue;
      if (info.local.port !== port && info.peer.port !== port) continue;
      const read = socket.getOption(SOL.TCP, TCP.INFO);
      if ("error" in read || typeof read.value !== "object") continue;
      const value = new Map<string, unknown>(Object.entries(read.value)).get(`tcpi_${field}`);
      const isSet = field !== "snd_ssthresh" || value !== SSTHRESH_UNSET;
      return typeof value === "number" && Number.isFinite(value) && isSet ? value : null;
    }
    return null;
  }

  /**
   * A counter of the NIC with that index, by its name in `ip -s link` or `ethtool -S`, or `qdisc_packets`,
   * `qdisc_bytes` and `qdisc_dropped`, which `tc -s qdisc` prints; null when there is none.
   */
  nicCounter(index: number, name: string): number | null {
    const nic = this.#nics[index];
    if (nic === undefined) return null;
    const { qdisc } = nic.transmit;
    if (name === "qdisc_packets") return qdisc.length;
    if (name === "qdisc_bytes") return qdisc.backlogBytes;
    if (name === "qdisc_dropped") return qdisc.stats.dropped;
    return nic.statistics().get(name) ?? nic.ethtoolStatistics().get(name) ?? null;
  }
}
