/**
 * The upper half of a machine, put together: files, processes, sockets, /proc and /dev, and the system calls over them.
 * The kernel's composition root makes one over its devices and network layer.
 */
import { assert } from "../../base/assert.ts";
import { utf8Encode } from "../../base/bytes.ts";
import { SECOND, type Nanoseconds } from "../../base/time.ts";
import type { KernelCore } from "../core.ts";
import { ProcessTable } from "../process/process-table.ts";
import type { IpPort } from "../socket/inet-socket.ts";
import type { TapDevices } from "../socket/packet-socket.ts";
import { SocketTable } from "../socket/socket-table.ts";
import type { StableWord } from "../tcp/open/isn.ts";
import { Tcp } from "../tcp/tcp.ts";
import type { Disk } from "../vfs/disk.ts";
import { DeviceDirectory } from "../vfs/devices.ts";
import { makeProc } from "../vfs/proc/proc.ts";
import type { CpuSource, DeviceSource } from "../vfs/proc/sources.ts";
import { BinDirectory, TmpfsDirectory, TmpfsFile } from "../vfs/tmpfs.ts";
import { Tty, type TtySink } from "../vfs/tty.ts";
import { Vfs } from "../vfs/vfs.ts";
import { NetlinkDispatcher, socketListHandler, sysctlHandler, type NetlinkHandler } from "./netlink-calls.ts";
import { SysImpl } from "./process-calls.ts";
import { E } from "./errno.ts";
import { O, type Program } from "./sys.ts";

export interface UserlandOptions {
  readonly core: KernelCore;
  readonly cpus: readonly CpuSource[];
  readonly devices: TapDevices & DeviceSource;
  readonly ip: IpPort;
  /** Programs of /bin by name. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Content of /etc/hosts, shared by all machines of a lab; without it, localhost alone. */
  readonly hosts?: Uint8Array<ArrayBuffer> | undefined;
  /** Wall clock at virtual time 0, ns since 1970: a multiple of a second. */
  readonly epochNs: Nanoseconds;
  /** What survives a crash, mounted at /disk. */
  readonly disk?: Disk | undefined;
  /** Device and network requests; sockets and sysctls are answered here. */
  readonly netlink: readonly NetlinkHandler[];
  /** What of TCP outlives a crash: the epoch of its sequence numbers. In memory by default. */
  readonly stableWord?: StableWord | undefined;
}

export class Userland {
  readonly vfs: Vfs;
  readonly sockets: SocketTable;
  readonly tcp: Tcp;
  readonly processes: ProcessTable;
  readonly #core: KernelCore;
  readonly #devices: DeviceDirectory;
  readonly #netlink: NetlinkDispatcher;
  #terminals = 0;

  constructor(options: UserlandOptions) {
    const { core } = options;
    this.#core = core;
    this.vfs = new Vfs(core.engine);
    this.sockets = new SocketTable(options.ip, options.devices);
    this.tcp = new Tcp({ ip: options.ip, devices: options.devices }, this.sockets, options.stableWord);
    this.sockets.stream = this.tcp;
    const random = core.random("getrandom");
    this.processes = new ProcessTable(core, this.vfs, (process) => new SysImpl(services, process));
    this.#netlink = new NetlinkDispatcher([
      ...options.netlink,
      socketListHandler(this.sockets, this.processes),
      sysctlHandler(core),
    ]);
    const services = {
      core,
      vfs: this.vfs,
      processes: this.processes,
      sockets: this.sockets,
      random,
      epochNs: options.epochNs,
      netlink: this.#netlink.handle.bind(this.#netlink),
    };
    const directories = this.#makeDirectories(options.programs);
    this.#devices = new DeviceDirectory(this.vfs.tmpfs, directories.dev, directories.terminals, random);
    if (options.disk !== undefined) this.vfs.tmpfs.root.mount("disk", options.disk.root);
    this.vfs.tmpfs.root.mount("proc", this.#makeProc(options));
    adoptFile(directories.etc, "hostname", utf8Encode(`${core.hostname}\n`));
    adoptFile(directories.etc, "hosts", options.hosts ?? LOCALHOST);
  }

  #makeDirectories(programs: ReadonlyMap<string, Program>): Record<"dev" | "terminals" | "etc", TmpfsDirectory> {
    const root = this.vfs.tmpfs.root;
    const make = (parent: TmpfsDirectory, name: string): TmpfsDirectory => {
      const made = parent.createDirectory(name);
      assert(made instanceof TmpfsDirectory, "a new file system has room");
      return made;
    };
    root.mount("bin", new BinDirectory(this.vfs.tmpfs, programs));
    const [dev, etc] = [make(root, "dev"), make(root, "etc")];
    for (const name of ["home", "root", "tmp", "var"]) make(root, name);
    return { dev, etc, terminals: make(dev, "pts") };
  }

  #makeProc(options: UserlandOptions): ReturnType<typeof makeProc> {
    return makeProc({
      core: options.core,
      cpus: options.cpus,
      net: {
        devices: options.devices,
        netlink: this.#netlink.handle.bind(this.#netlink),
        sockets: () => this.sockets.infos().map(({ info }) => info),
        socketsUsed: () => this.sockets.list().length,
      },
      processes: this.processes,
      epochSeconds: Math.floor(options.epochNs / SECOND),
    });
  }

  /** A new terminal, /dev/pts/N. */
  openTerminal(sink: TtySink): Tty {
    const tty = new Tty({
      name: `pts/${this.#terminals++}`,
      sink,
      signals: this.processes,
      trace: this.#core.trace,
    });
    this.#devices.addTerminal(tty);
    return tty;
  }

  closeTerminal(tty: Tty): void {
    tty.hangUp();
    this.#devices.removeTerminal(tty);
  }

  /** Writes a whole file and makes the directories above it, as the lab's set-up does. @returns 0 or -errno. */
  writeFile(path: string, content: string | Uint8Array): number {
    for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1)) {
      const made = this.vfs.mkdir(this.vfs.root, path.slice(0, slash));
      if (made < 0 && made !== -E.EEXIST) return made;
    }
    const file = this.vfs.open(this.vfs.root, path, O.WRONLY | O.CREAT | O.TRUNC, this.processes.init);
    if (typeof file === "number") return file;
    file.acquire();
    const result = file.write(typeof content === "string" ? utf8Encode(content) : content);
    file.close();
    return result < 0 ? result : 0;
  }

  /** The bytes of a file of the machine's own file system, or -errno. */
  readFile(path: string): Uint8Array | number {
    const inode = this.vfs.resolve(this.vfs.root, path, this.processes.init);
    if (typeof inode === "number") return inode;
    const size = inode instanceof TmpfsFile ? inode.size : READ_BYTES_MAX;
    const file = inode.open(O.RDONLY, this.processes.init);
    if (typeof file === "number") return file;
    const bytes = new Uint8Array(size);
    file.acquire();
    const count = file.read(bytes);
    file.close();
    return count < 0 ? count : bytes.slice(0, count);
  }

  netlink: NetlinkDispatcher["handle"] = (request) => this.#netlink.handle(request);

  queuedPackets(): number {
    return this.sockets.queuedPackets();
  }

  checkInvariants(): void {
    this.processes.checkInvariants();
    this.sockets.checkInvariants();
    this.tcp.checkInvariants();
  }

  /** The machine has crashed. Files stay as they are until it is switched on anew. */
  shutdown(): void {
    this.sockets.shutdown();
    this.tcp.shutdown();
    this.processes.shutdown();
  }
}

/** A new file of content that others may have as well: the machines of a lab share one /etc/hosts. */
function adoptFile(directory: TmpfsDirectory, name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const file = directory.createFile(name);
  assert(file instanceof TmpfsFile, "a new file system has room");
  file.adopt(bytes);
}

const LOCALHOST = utf8Encode("127.0.0.1\tlocalhost\n");

/** Files of /proc do not say how long they are. */
const READ_BYTES_MAX = 1024 * 1024;
