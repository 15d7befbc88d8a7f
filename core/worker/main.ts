/** The core in a Web Worker: gives the session host a clock and timers, and carries its messages. */
import "./no-eval.ts";
import { EngineGate } from "../session/engine-gate.ts";
import { SessionHost, type HostEnvironment } from "../session/host.ts";
import { transferOf } from "../session/transfer.ts";
import { immediately } from "./immediately.ts";
import { loadEngine } from "./load-engine.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;

let engine: HostEnvironment["engine"] = null;

const host = new SessionHost({
  nowMs: () => performance.now(),
  later: (callback, ms) => {
    if (ms === 0) immediately(callback);
    else setTimeout(callback, ms);
  },
  post: (response) => scope.postMessage(response, transferOf(response)),
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
      .catch(reportError)
      .finally(done);
  },
);

scope.addEventListener("message", ({ data }: MessageEvent<unknown>) => gate.receive(data));
