/** The core of the browser edition: a Web Worker, so that a busy lab never holds up the window. */
import { superviseCore, type Core } from "./core.ts";

export function startBrowserCore(): Core {
  return superviseCore(() => {
    const worker = new Worker(new URL("../../core/worker/main.ts", import.meta.url), { type: "module", name: "core" });
    return Promise.resolve({ port: worker, stop: () => worker.terminate() });
  });
}
