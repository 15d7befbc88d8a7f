/**
 * The core in a utility process beside the window, so that a busy lab freezes neither it nor main. Main only brokers
 * the port: what the two say to each other does not pass through here. The window starts a new one when it has lost the
 * old.
 */
import { MessageChannelMain, utilityProcess, type UtilityProcess } from "electron";
import { CORE_PORT_MESSAGE } from "../core/contract/desktop/desktop.ts";
import type { AppWindow } from "./window.ts";

export class CoreProcess {
  readonly #module: string;
  #process: UtilityProcess | null = null;

  /** @param module path of core/node/utility-process.ts as it was built. */
  constructor(module: string) {
    this.#module = module;
  }

  /** Ends the one before, also when it hangs, and sends the port of a new one to the window. */
  start(window: AppWindow): void {
    this.stop();
    const child = utilityProcess.fork(this.#module, [], { serviceName: "LastAck core", stdio: "inherit" });
    this.#process = child;
    child.once("exit", () => {
      if (this.#process !== child) return;
      this.#process = null;
      // The window would notice that nobody answers; this is sooner.
      window.tell("coreEnded", null);
    });
    const { port1, port2 } = new MessageChannelMain();
    child.postMessage(null, [port1]);
    window.browser.webContents.postMessage(CORE_PORT_MESSAGE, null, [port2]);
  }

  stop(): void {
    const child = this.#process;
    this.#process = null;
    if (child !== null) end(child);
  }
}

/** It has nothing to put in order, and one that hangs may not hear a polite signal. */
function end(child: UtilityProcess): void {
  try {
    if (child.pid === undefined) child.kill();
    else process.kill(child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
