/** How a test steers the stand-in: named actions over the channel to its process, each with an answer. */
import type { EventEmitter } from "node:events";
import type { RunningBrowser } from "./browser.ts";
import { ask } from "./events.ts";
import { askProtocol, cancelled, session } from "./network.ts";
import { utilityPids } from "./ports.ts";
import type { MenuEntry } from "./electron.ts";
import { BrowserWindow } from "./window.ts";

interface Parts {
  readonly app: EventEmitter & { readonly recentDocuments: readonly string[]; readonly isSandboxed: boolean };
  readonly choices: { open: string[]; save: string[]; box: number[] };
  readonly dialogs: readonly object[];
  readonly browser: () => RunningBrowser | null;
  readonly menu: () => readonly MenuEntry[];
  readonly invokeAs: (event: object, channel: string, args: readonly unknown[]) => Promise<unknown>;
}

type Action = (...args: never[]) => unknown;

export function control(parts: Parts): void {
  const actions: Readonly<Record<string, Action>> = {
    ...windowActions(),
    ...refusalActions(parts),
    ...appActions(parts),
  };
  process.on("message", ({ id, name, args }: { id: number; name: string; args: never[] }) => {
    const reply = (answer: object): void => void process.send?.({ id, ...answer });
    Promise.resolve()
      .then(() => actions[name]?.(...args))
      .then(
        (value) => reply({ value }),
        (error: unknown) => reply({ error: String(error) }),
      );
  });
  // The test is gone, and nobody else would end this.
  process.on("disconnect", () => {
    parts.browser()?.kill();
    process.exit(0);
  });
}

const theWindow = (): BrowserWindow => {
  const [window] = BrowserWindow.getAllWindows();
  if (window === undefined) throw new Error("there is no window");
  return window;
};

function windowActions(): Record<string, Action> {
  return {
    windows: () => BrowserWindow.getAllWindows().length,
    windowOptions: () => theWindow().options,
    isShown: () => theWindow().isShown,
    isEdited: () => theWindow().isEdited,
    close: () => theWindow().close(),
    /** Address at which another client of the browser finds the page. */
    pageUrl: () => theWindow().webContents.page?.url() ?? "",
    /** Nothing of the page is left, as after a crash. */
    crashPage: async () => {
      await theWindow().webContents.page?.goto("about:blank");
      theWindow().webContents.emit("render-process-gone", {}, { reason: "crashed" });
    },
  };
}

function refusalActions({ invokeAs }: Parts): Record<string, Action> {
  return {
    cancelled: () => cancelled,
    isPrevented: (event: string) => ask(theWindow().webContents, event, {}),
    isDownloadPrevented: () => ask(session.defaultSession, "will-download", {}),
    opens: (url: string) => theWindow().webContents.openHandler?.({ url }).action,
    permission: (permission: string) =>
      new Promise((resolve) =>
        session.defaultSession.requestPermission?.(theWindow().webContents, permission, resolve),
      ),
    hasPermission: (permission: string, origin: string) =>
      session.defaultSession.checkPermission?.(null, permission, origin),
    device: () => session.defaultSession.permitDevice?.(),
    protocol: askProtocol,
    /** A request as from another frame, page or window. */
    invokeAs: (from: { frame: "main" | "other" | "none"; url: string; isSender: boolean }, ...args: unknown[]) => {
      const { webContents } = theWindow();
      const frame = from.frame === "none" ? null : { url: from.url };
      const event = {
        sender: from.isSender ? webContents : {},
        senderFrame: from.frame === "main" ? webContents.mainFrame : frame,
      };
      return invokeAs(event, "lastack:ask", args);
    },
  };
}

function appActions({ app, browser, choices, dialogs, menu }: Parts): Record<string, Action> {
  return {
    choose: (kind: "open" | "save" | "box", value: never) => void choices[kind].push(value),
    dialogs: () => dialogs,
    menu: () => menu().map(plain),
    click: (...path: string[]) => {
      let entries = menu();
      for (const [depth, name] of path.entries()) {
        const entry = entries.find(({ id, label }) => id === name || label === name);
        if (entry === undefined) throw new Error(`no menu entry ${name}`);
        if (depth === path.length - 1) entry.click?.();
        entries = entry.submenu ?? [];
      }
    },
    emit: (event: string, ...args: unknown[]) => void app.emit(event, { preventDefault: () => undefined }, ...args),
    recentDocuments: () => app.recentDocuments,
    isSandboxed: () => app.isSandboxed,
    utilityPids,
    endpoint: () => browser()?.endpoint,
    browserPid: () => browser()?.pid,
  };
}

/** Without what cannot be sent. */
function plain({ click: _click, submenu, ...rest }: MenuEntry): object {
  return submenu === undefined ? rest : { ...rest, submenu: submenu.map(plain) };
}
