/**
 * A stand-in for Electron (STACK.md): main runs in Node, its window is a page of real Chromium. It shows what main and
 * preload do; it cannot show Electron's own part: the OS sandbox, fuses, asar, native menus, real custom protocols. A
 * test steers it over the channel to its process (control.ts).
 */
import { EventEmitter } from "node:events";
import { startBrowser, type RunningBrowser } from "./browser.ts";
import { control } from "./control.ts";
import { ask } from "./events.ts";
import { routeEverything, session, protocol } from "./network.ts";
import { killUtilities, MessageChannelMain, utilityProcess } from "./ports.ts";
import { BrowserWindow, surroundings, type StandInContents } from "./window.ts";

export { BrowserWindow, MessageChannelMain, protocol, session, utilityProcess };

const { STAND_IN_USER_DATA = "", STAND_IN_CHROMIUM = "", STAND_IN_LOCKED } = process.env;

class StandInApp extends EventEmitter {
  name = "LastAck";
  readonly isPackaged = false;
  readonly recentDocuments: string[] = [];
  isSandboxed = false;
  readonly #ready: Promise<void>;

  constructor(ready: Promise<void>) {
    super();
    this.#ready = ready;
  }

  whenReady(): Promise<void> {
    return this.#ready;
  }

  getPath(): string {
    return STAND_IN_USER_DATA;
  }

  requestSingleInstanceLock(): boolean {
    return STAND_IN_LOCKED === undefined;
  }

  enableSandbox(): void {
    this.isSandboxed = true;
  }

  addRecentDocument(path: string): void {
    this.recentDocuments.push(path);
  }

  clearRecentDocuments(): void {
    this.recentDocuments.length = 0;
  }

  quit(): void {
    killUtilities();
    running?.kill();
    process.exit(0);
  }
}

let running: RunningBrowser | null = null;

async function launch(): Promise<void> {
  // After main's own first turn, as in Electron.
  await new Promise((resolve) => setImmediate(resolve));
  if (STAND_IN_LOCKED !== undefined) return;
  running = await startBrowser(STAND_IN_CHROMIUM, STAND_IN_USER_DATA);
  // The one that a second client of the browser sees as well.
  const [context] = running.browser.contexts();
  if (context === undefined) throw new Error("the browser has no context");
  await routeEverything(context, (url) => {
    const window = BrowserWindow.getAllWindows().find(({ webContents }) => webContents.destination === url);
    if (window !== undefined) return true;
    const [first] = BrowserWindow.getAllWindows();
    return first === undefined || !ask(first.webContents, "will-navigate", url);
  });
  surroundings.context = context;
}

export const app = new StandInApp(launch());

surroundings.onContents = (contents: StandInContents): void => void app.emit("web-contents-created", {}, contents);
surroundings.onAllClosed = (): void => void app.emit("window-all-closed");

type IpcHandler = (event: object, ...args: unknown[]) => unknown;
const ipcHandlers = new Map<string, IpcHandler>();

export const ipcMain = {
  handle: (channel: string, handler: IpcHandler): void => void ipcHandlers.set(channel, handler),
};

surroundings.invoke = async (event, channel, args): Promise<unknown> => {
  const handler = ipcHandlers.get(channel);
  if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
  return handler(event, ...args);
};

export interface MenuEntry {
  readonly id?: string;
  readonly label?: string;
  readonly role?: string;
  readonly type?: string;
  readonly enabled?: boolean;
  readonly checked?: boolean;
  readonly accelerator?: string;
  readonly registerAccelerator?: boolean;
  readonly submenu?: readonly MenuEntry[];
  readonly click?: () => void;
}

export const Menu = {
  buildFromTemplate: (template: readonly MenuEntry[]): readonly MenuEntry[] => template,
  setApplicationMenu: (menu: readonly MenuEntry[]): void => void (menuShown = menu),
};
let menuShown: readonly MenuEntry[] = [];

/** What a person would choose next, in order. */
const choices: { open: string[]; save: string[]; box: number[] } = { open: [], save: [], box: [] };
/** Options of dialogs that were shown. */
const dialogs: object[] = [];

export const dialog = {
  async showOpenDialog(_window: unknown, options: object): Promise<{ canceled: boolean; filePaths: string[] }> {
    dialogs.push(options);
    const path = choices.open.shift();
    return path === undefined ? { canceled: true, filePaths: [] } : { canceled: false, filePaths: [path] };
  },
  async showSaveDialog(_window: unknown, options: object): Promise<{ canceled: boolean; filePath: string }> {
    dialogs.push(options);
    const path = choices.save.shift();
    return path === undefined ? { canceled: true, filePath: "" } : { canceled: false, filePath: path };
  },
  async showMessageBox(_window: unknown, options: { cancelId: number }): Promise<{ response: number }> {
    dialogs.push(options);
    return { response: choices.box.shift() ?? options.cancelId };
  },
};

export const nativeTheme = { shouldUseDarkColors: true };

control({
  app,
  choices,
  dialogs,
  menu: () => menuShown,
  browser: () => running,
  invokeAs: (event, channel, args) => surroundings.invoke(event, channel, args),
});
