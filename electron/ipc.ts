/**
 * The one door from the window to main. Only the main frame of our own window at our own page comes through it, with
 * requests that have been parsed; everything else is refused, and told nothing.
 */
import { ipcMain, type IpcMainInvokeEvent } from "electron";
import type { DesktopApi, DesktopChannel, Reply } from "../core/contract/desktop/desktop.ts";
import { isApp } from "./app-protocol.ts";
import { problem } from "./file-problem.ts";
import { parseDesktopRequest } from "./requests.ts";
import type { AppWindow } from "./window.ts";

export type Answers = {
  readonly [C in DesktopChannel]: (
    window: AppWindow,
    params: DesktopApi[C]["params"],
  ) => Reply<DesktopApi[C]["value"]> | Promise<Reply<DesktopApi[C]["value"]>>;
};

type Answer = (window: AppWindow, params: unknown) => unknown;

/** @param windowOf the application's window, while there is one. */
export function answerWindow(windowOf: () => AppWindow | null, answers: Answers): void {
  ipcMain.handle("lastack:ask", (event, channel: unknown, params: unknown) => {
    const window = windowOf();
    if (window === null || !isFromWindow(event, window)) throw new Error("refused");
    const request = parseDesktopRequest(channel, params);
    if (request === null) {
      const wrong = problem("desktop/bad-request", "The window asked for something that does not exist.");
      return { ok: false, problem: wrong } satisfies Reply<never>;
    }
    return (answers[request.channel] as Answer)(window, request.params);
  });
}

function isFromWindow({ sender, senderFrame }: IpcMainInvokeEvent, { browser }: AppWindow): boolean {
  // A frame that is gone by now has no name; nobody waits for the answer either.
  if (browser.isDestroyed() || senderFrame === null) return false;
  return sender === browser.webContents && senderFrame === browser.webContents.mainFrame && isApp(senderFrame.url);
}
