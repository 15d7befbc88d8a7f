/** What the calls of a script have to do with: descriptors and connections by the script's numbers. */
import type { ScriptSocket } from "./script-socket.ts";
import type { Settings } from "./settings.ts";
import type { Call, Sys } from "../kernel/syscall/sys.ts";

/** A call ready to be made. */
export interface PreparedCall {
  /** Live descriptors that it uses: another thread needs them too. */
  readonly files: readonly number[];
  /** The one among them that the call gives up: it must be the last to hold it. */
  readonly closes?: number | undefined;
  readonly job: (sys: Sys) => Call<number>;
  /** The result is a new descriptor, of that connection if any. */
  readonly opens?: (() => ScriptSocket | null) | undefined;
  /** Looks at what the call has brought. @returns what differs from the script. */
  readonly check?: ((result: number) => string | null) | undefined;
}

interface Descriptor {
  readonly live: number;
  readonly socket: ScriptSocket | null;
}

export class CallTable {
  readonly settings: Settings;
  /** Every connection of the script, oldest first. */
  readonly sockets: ScriptSocket[] = [];
  /** The one that packets are about. */
  underTest: ScriptSocket | null = null;
  readonly #descriptors = new Map<number, Descriptor>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** The machine's descriptor for the script's; one that the script does not know is not open on the machine either. */
  live(scriptFd: number): number {
    return this.#descriptors.get(scriptFd)?.live ?? -1;
  }

  socket(scriptFd: number): ScriptSocket | null {
    return this.#descriptors.get(scriptFd)?.socket ?? null;
  }

  open(scriptFd: number, live: number, socket: ScriptSocket | null): void {
    this.#descriptors.set(scriptFd, { live, socket });
    if (socket !== null) socket.scriptFd = scriptFd;
  }

  close(scriptFd: number): void {
    this.#descriptors.delete(scriptFd);
  }

  /** A new connection, which packets are about from now on. */
  add(socket: ScriptSocket): void {
    this.sockets.push(socket);
    this.underTest = socket;
  }

  /** The machine's descriptor of the connection under test; -1 while it has none. */
  get liveUnderTest(): number {
    const socket = this.underTest;
    return socket !== null && this.socket(socket.scriptFd) === socket ? this.live(socket.scriptFd) : -1;
  }
}
