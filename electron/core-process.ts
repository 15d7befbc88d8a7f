/**
 * The core in a utility process beside the window, so that a busy lab freezes neither it nor main. Main only brokers
 * the port: what the two say to each other does not pass through here. The window starts a new one when it has lost the
 * old.
 */
import { MessageChannelMain, utilityProcess, type UtilityProcess, type WebContents } from "electron";
import { CORE_PORT_MESSAGE } from "../core/contract/desktop/desktop.ts";

export class CoreProcess {
  readonly #module: string;
  #process: UtilityProcess | null = null;

  /** @param module path of core/node/utility-process.ts as it was built. */
  constructor(module: string) {
    this.#module = module;
  }

  /** Ends the one before, also when it hangs, and sends the port of a new one to the window. */
  start(window: WebContents): void {
    this.stop();
    const child = utilityProcess.fork(this.#module, [], { serviceName: "LastAck core", stdio: "inherit" });
    this.#process = child;
    child.once("exit", () => {
      if (this.#process === child) this.#process = null;
    });
    const { port1, port2 } = new MessageChannelMain();
    child.postMessage(null, [port1]);
    window.postMessage(CORE_PORT_MESSAGE, null, [port2]);
  }

  stop(): void {
    this.#process?.kill();
    this.#process = null;
  }
}
