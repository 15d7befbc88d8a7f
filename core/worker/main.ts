/** The core in a Web Worker: gives the session host a clock and timers, and carries its messages. */
import { SessionHost } from "../session/host.ts";
import { transferOf } from "../session/transfer.ts";
import { immediately } from "./immediately.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;

const host = new SessionHost({
  nowMs: () => performance.now(),
  later: (callback, ms) => {
    if (ms === 0) immediately(callback);
    else setTimeout(callback, ms);
  },
  post: (response) => scope.postMessage(response, transferOf(response)),
});

scope.addEventListener("message", ({ data }: MessageEvent<unknown>) => host.receive(data));
