/** Electron's main process, over the bridge that the preload put into the window. A browser has none. */
import type { DesktopApi, DesktopBridge, DesktopChannel } from "../../core/contract/desktop/desktop.ts";
import { ApiError } from "./api-error.ts";

declare global {
  interface Window {
    readonly lastack?: DesktopBridge;
  }
}

export const desktop: DesktopBridge | null = window.lastack ?? null;

/** Rejects with an ApiError. @throws in a browser. */
export async function askDesktop<C extends DesktopChannel>(
  channel: C,
  params: DesktopApi[C]["params"],
): Promise<DesktopApi[C]["value"]> {
  if (desktop === null) throw new Error("this is not the desktop app");
  const reply = await desktop.ask(channel, params);
  if (!reply.ok) throw new ApiError(reply.problem);
  return reply.value;
}

/** For what has no answer worth waiting for. */
export function tellDesktop<C extends DesktopChannel>(channel: C, params: DesktopApi[C]["params"]): void {
  askDesktop(channel, params).catch(reportError);
}
