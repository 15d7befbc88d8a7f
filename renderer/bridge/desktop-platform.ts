/** The workbench in Electron: everything is asked of main, over the preload's bridge. */
import {
  CORE_PORT_MESSAGE,
  type DesktopApi,
  type DesktopBridge,
  type DesktopChannel,
} from "../../core/contract/desktop/desktop.ts";
import { ApiError } from "./api-error.ts";
import { superviseCore, type CoreProcess } from "./core.ts";
import type { Platform } from "./platform.ts";

declare global {
  interface Window {
    /** What Electron's preload put there; a browser has none. */
    readonly lastack?: DesktopBridge;
  }
}

export function startDesktopPlatform(bridge: DesktopBridge): Platform {
  async function ask<C extends DesktopChannel>(
    channel: C,
    params: DesktopApi[C]["params"],
  ): Promise<DesktopApi[C]["value"]> {
    const reply = await bridge.ask(channel, params);
    if (!reply.ok) throw new ApiError(reply.problem);
    return reply.value;
  }
  /** For what has no answer worth waiting for; main refuses it only when the two ends do not fit together. */
  function tell<C extends DesktopChannel>(channel: C, params: DesktopApi[C]["params"]): void {
    ask(channel, params).catch(reportError);
  }
  return {
    edition: "desktop",
    hasMenu: true,
    startCore: () => superviseCore(() => startProcess(ask)),
    openLab: () => ask("lab:open", null),
    recentLabs: () => ask("lab:recent", null),
    openRecent: (handle) => ask("lab:openRecent", { handle }),
    forgetRecent: async () => void (await ask("lab:forgetRecent", null)),
    saveLab: (lab) => ask("lab:save", lab),
    saveBytes: (file) => ask("bytes:save", file),
    drafts: () => ask("draft:list", null),
    keepDraft: async (draft) => void (await ask("draft:keep", draft)),
    dropDraft: async (id) => void (await ask("draft:drop", { id: id ?? null })),
    setState: (state) => tell("window:state", state),
    setMenu: (menu) => tell("menu:set", menu),
    onCommand: (listener) => bridge.on("command", listener),
    onFile: (listener) => bridge.on("file", listener),
    ready: () => tell("window:ready", null),
  };
}

/** Main starts the process and sends its port, which arrives as a message to the window. */
async function startProcess(
  ask: (channel: "core:start" | "core:stop", params: null) => Promise<null>,
): Promise<CoreProcess> {
  const port = new Promise<MessagePort>((resolve) => {
    const onMessage = ({ source, data, ports: [port] }: MessageEvent<unknown>): void => {
      if (source !== window || data !== CORE_PORT_MESSAGE || port === undefined) return;
      window.removeEventListener("message", onMessage);
      resolve(port);
    };
    window.addEventListener("message", onMessage);
  });
  await ask("core:start", null);
  return { port: await port, stop: () => void ask("core:stop", null).catch(reportError) };
}
