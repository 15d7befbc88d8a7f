/** The sandbox's engine in a worker: fetched when the first lab with programs is opened. */
import quickJsUrl from "../../resources/engine/quickjs.wasm?url";
import type { HostEnvironment } from "../session/host.ts";

export async function loadEngine(): Promise<HostEnvironment["engine"]> {
  const [{ createEngine }, { transformSync }, quickjs] = await Promise.all([
    import("../sandbox/create-engine.ts"),
    import("@swc/wasm-typescript"),
    fetchBytes(quickJsUrl),
  ]);
  return createEngine({ quickjs, transform: transformSync });
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
