/**
 * The core that this window talks to, and how it is. Given once, by main.ts: a worker, or the desktop app's process.
 */
import { shallowRef } from "vue";
import type { Answer, MethodName, Params } from "../../core/contract/api/api.ts";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import type { Core, CoreStatus } from "../bridge/core.ts";

let core: Core | null = null;
export const coreStatus = shallowRef<CoreStatus>({ kind: "running" });

export function setCore(to: Core): void {
  core = to;
  coreStatus.value = to.status;
  to.onStatus((status) => (coreStatus.value = status));
}

function theCore(): Core {
  if (core === null) throw new Error("no core yet");
  return core;
}

/** Asks the core; rejects with an ApiProblem. */
export function call<M extends MethodName>(method: M, params: Params<M>): Promise<Answer<M>> {
  return theCore().call(method, params);
}

export function onFrame(listener: (push: FramePush) => void): () => void {
  return theCore().onFrame(listener);
}

export function restartCore(): void {
  theCore().restart();
}
