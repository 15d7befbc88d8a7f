/**
 * The core in a process of its own, beside Electron's window: gives the session host a clock and timers, and carries
 * its messages over the port that main hands it. It ends with the port, and with the first thing that is wrong: main
 * starts another one.
 */
import { EngineGate } from "../session/engine-gate.ts";
import { SessionHost, type HostEnvironment } from "../session/host.ts";
import { loadEngine } from "./load-engine.ts";

/** What is used of Electron's MessagePortMain; this file must not know Electron. */
interface Port {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { readonly data: unknown }) => void): void;
  on(event: "close", listener: () => void): void;
  start(): void;
}

/** `process.parentPort` of a utility process. */
interface ParentPort {
  once(event: "message", listener: (event: { readonly ports: readonly Port[] }) => void): void;
}

const { parentPort } = process as unknown as { readonly parentPort?: ParentPort };
if (parentPort === undefined) throw new Error("this is started by the desktop app, as a utility process");

// A utility process only logs a rejection that nobody handles, and would go on in a state that nobody knows.
process.on("unhandledRejection", (reason) => {
  throw reason;
});

parentPort.once("message", ({ ports: [port] }) => {
  if (port !== undefined) serve(port);
});

function serve(port: Port): void {
  let engine: HostEnvironment["engine"] = null;
  const host = new SessionHost({
    nowMs: () => performance.now(),
    later: (callback, ms) => {
      if (ms === 0) setImmediate(callback);
      else setTimeout(callback, ms);
    },
    post: (response) => port.postMessage(response),
    get engine() {
      return engine;
    },
  });
  const gate = new EngineGate(
    (message) => host.receive(message),
    (done) => {
      loadEngine()
        .then((loaded) => (engine = loaded))
        // Programs then say that they cannot run; the rest of the lab is not to suffer.
        .catch((error: unknown) => console.error(error))
        .finally(done);
    },
  );
  port.on("message", ({ data }) => gate.receive(data));
  port.on("close", () => process.exit(0));
  port.start();
}
