/** `BrowserWindow` and its `webContents`: a page of real Chromium, with the unmodified preload in an isolated world. */
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import type { BrowserContext, CDPSession, Page } from "@playwright/test";
import { ask } from "./events.ts";
import { toApp, toPage } from "./network.ts";
import type { StandInPort } from "./ports.ts";
import { fromWire, toWire } from "./wire.ts";

const WORLD = "preload";

type Invoke = (event: object, channel: string, args: readonly unknown[]) => Promise<unknown>;

/** Set by electron.ts, which knows the rest. */
export const surroundings: {
  context: BrowserContext | null;
  invoke: Invoke;
  onContents: (contents: StandInContents) => void;
  onAllClosed: () => void;
} = {
  context: null,
  invoke: () => Promise.reject(new Error("nobody answers")),
  onContents: () => undefined,
  onAllClosed: () => undefined,
};

interface WebPreferences {
  readonly preload: string;
}

export class StandInContents extends EventEmitter {
  readonly mainFrame: { readonly url: string };
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  readonly #preload: string;
  #page: Page | null = null;
  #cdp: CDPSession | null = null;
  /** Of the preload's world in the page that is there now. */
  #world: number | null = null;
  readonly #ports = new Map<number, StandInPort>();
  /** What was sent before the page was there. */
  #waiting: string[] = [];
  /** Where main itself sends the page. */
  destination = "";

  constructor(preload: string) {
    super();
    this.#preload = preload;
    // One object for as long as the frame lives, as in Electron.
    this.mainFrame = Object.defineProperty({ url: "" }, "url", { get: () => this.getURL() });
  }

  getURL(): string {
    return toApp(this.#page?.url() ?? "");
  }

  get page(): Page | null {
    return this.#page;
  }

  async load(url: string): Promise<void> {
    this.destination = url;
    if (this.#page === null) await this.#openPage();
    await this.#page?.goto(toPage(url));
  }

  send(channel: string, ...args: unknown[]): void {
    this.#tell(channel, args, []);
  }

  postMessage(channel: string, message: unknown, ports: readonly StandInPort[]): void {
    for (const port of ports) {
      this.#ports.set(port.id, port);
      port.hold(
        (data) => this.#run(`standIn.port(${JSON.stringify(toWire({ id: port.id, data }))})`),
        () => this.#run(`standIn.closePort(${port.id})`),
      );
    }
    this.#tell(channel, [message], ports);
  }

  setWindowOpenHandler(handler: StandInContents["openHandler"]): void {
    this.openHandler = handler;
  }

  #tell(channel: string, args: readonly unknown[], ports: readonly StandInPort[]): void {
    const event = toWire({ channel, args, ports: ports.map(({ id }) => id) });
    this.#run(`standIn.event(${JSON.stringify(event)})`);
  }

  #run(expression: string): void {
    if (this.#world === null || this.#cdp === null) {
      this.#waiting.push(expression);
      return;
    }
    this.#cdp.send("Runtime.evaluate", { expression, contextId: this.#world }).catch(() => undefined);
  }

  async #openPage(): Promise<void> {
    const page = (await surroundings.context?.newPage()) ?? null;
    if (page === null) throw new Error("no browser");
    this.#page = page;
    page.on("popup", (popup) => {
      const verdict = this.openHandler?.({ url: popup.url() });
      if (verdict?.action === "deny") popup.close().catch(() => undefined);
    });
    const cdp = await page.context().newCDPSession(page);
    this.#cdp = cdp;
    cdp.on("Runtime.executionContextCreated", ({ context }) => {
      if (context.name !== WORLD) return;
      this.#world = context.id;
      for (const expression of this.#waiting.splice(0)) this.#run(expression);
    });
    cdp.on("Runtime.executionContextsCleared", () => (this.#world = null));
    cdp.on("Runtime.bindingCalled", ({ name, payload }) => {
      if (name === "standInSend") this.#receive(payload);
    });
    await cdp.send("Runtime.enable");
    await cdp.send("Page.enable");
    await cdp.send("Runtime.addBinding", { name: "standInSend", executionContextName: WORLD });
    const preload = readFileSync(this.#preload, "utf8").replace(/\/\/# sourceMappingURL=.*/, "");
    const isolated = worldOf("isolated-world.js").replace("PRELOAD;", () => preload);
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: isolated, worldName: WORLD });
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: worldOf("main-world.js") });
  }

  #receive(payload: string): void {
    const message = fromWire(payload) as
      { kind: "invoke"; id: number; channel: string; args: unknown[] } | { kind: "port"; id: number; data: unknown };
    if (message.kind === "port") {
      this.#ports.get(message.id)?.peer?.receive(message.data);
      return;
    }
    const { id, channel, args } = message;
    const event = { sender: this, senderFrame: this.mainFrame };
    surroundings.invoke(event, channel, args).then(
      (value) => this.#answer({ id, value }),
      (error: unknown) => this.#answer({ id, error: String(error) }),
    );
  }

  #answer(answer: object): void {
    this.#run(`standIn.answer(${JSON.stringify(toWire(answer))})`);
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly #all = new Set<BrowserWindow>();
  readonly webContents: StandInContents;
  readonly options: { readonly webPreferences: WebPreferences };
  isEdited = false;
  isShown = false;
  #isDestroyed = false;

  constructor(options: { readonly webPreferences: WebPreferences }) {
    super();
    this.options = options;
    this.webContents = new StandInContents(options.webPreferences.preload);
    BrowserWindow.#all.add(this);
    surroundings.onContents(this.webContents);
  }

  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.#all];
  }

  async loadURL(url: string): Promise<void> {
    await this.webContents.load(url);
    this.emit("ready-to-show");
  }

  show(): void {
    this.isShown = true;
  }

  focus(): void {}

  restore(): void {}

  isMinimized(): boolean {
    return false;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  setDocumentEdited(edited: boolean): void {
    this.isEdited = edited;
  }

  /** As by the button in the window's corner. */
  close(): void {
    if (!ask(this, "close")) this.destroy();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    BrowserWindow.#all.delete(this);
    const page = this.webContents.page;
    const gone = (): void => {
      this.emit("closed");
      if (BrowserWindow.#all.size === 0) surroundings.onAllClosed();
    };
    if (page === null) gone();
    else page.close().then(gone, gone);
  }
}

const textOf = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
/** A script for one of the page's worlds, with the functions that both have. */
const worldOf = (name: string): string => textOf(name).replace("TEXTS;", () => textOf("texts.js"));
