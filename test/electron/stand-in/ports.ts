/** MessageChannelMain and utilityProcess: ports are numbers, and messages go to whatever holds the other end. */
import { fork, type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";

/** One end of a channel, and where messages for it go once it was handed over. */
export class StandInPort {
  static #count = 0;
  readonly id = ++StandInPort.#count;
  /** Set by the channel. */
  peer: StandInPort | null = null;
  #deliver: ((data: unknown) => void) | null = null;
  #onClose: () => void = () => undefined;
  /** MessagePortMain queues until somebody listens. */
  readonly #waiting: unknown[] = [];

  /** Hands this end over to a process or a page. */
  hold(deliver: (data: unknown) => void, onClose: () => void = () => undefined): void {
    this.#deliver = deliver;
    this.#onClose = onClose;
    for (const data of this.#waiting.splice(0)) deliver(data);
  }

  receive(data: unknown): void {
    if (this.#deliver === null) this.#waiting.push(data);
    else this.#deliver(data);
  }

  /** The other end is gone. */
  closed(): void {
    this.#onClose();
  }
}

export class MessageChannelMain {
  readonly port1 = new StandInPort();
  readonly port2 = new StandInPort();

  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}

class StandInUtility extends EventEmitter {
  readonly #child: ChildProcess;
  readonly #ports = new Map<number, StandInPort>();

  constructor(module: string, args: readonly string[]) {
    super();
    const shim = new URL("./parent-port.mjs", import.meta.url).href;
    this.#child = fork(module, args, { execArgv: ["--import", shim], serialization: "advanced" });
    this.#child.on("message", (message: { port?: number; started?: number; data?: unknown }) => {
      if (message.port !== undefined) this.#ports.get(message.port)?.peer?.receive(message.data);
      const port = this.#ports.get(message.started ?? 0);
      port?.hold((data) => this.#send({ port: port.id, data }));
    });
    this.#child.once("exit", (code) => {
      for (const port of this.#ports.values()) port.peer?.closed();
      this.emit("exit", code);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  postMessage(data: unknown, ports: readonly StandInPort[] = []): void {
    for (const port of ports) this.#ports.set(port.id, port);
    this.#send({ data, ports: ports.map(({ id }) => id) });
  }

  /** What is sent to a process that has died, of which the news has not come yet, is lost without a word. */
  #send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  kill(): boolean {
    return this.#child.kill("SIGKILL");
  }
}

const running = new Set<StandInUtility>();

export const utilityProcess = {
  fork(module: string, args: readonly string[]): StandInUtility {
    const child = new StandInUtility(module, args);
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  },
};

/** Process ids of what runs, for tests that kill it. */
export const utilityPids = (): number[] => [...running].flatMap(({ pid }) => pid ?? []);

export function killUtilities(): void {
  for (const child of running) child.kill();
}
