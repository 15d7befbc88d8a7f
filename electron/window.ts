/** The window: as locked up as Electron can make it, and asking before unsaved work is lost. */
import { app, BrowserWindow, dialog, nativeTheme } from "electron";
import type { DesktopEvents } from "../core/contract/desktop/desktop.ts";
import { APP_PAGE } from "./app-protocol.ts";
import { CLOSE_SAVE_MS, PAGE_CRASHES_MAX, PAGE_CRASHES_MS } from "./limits.ts";

const SAVE_COMMAND = "file.save";

export class AppWindow {
  readonly browser: BrowserWindow;
  #unsaved = false;
  /** "Save" was chosen at closing: it goes when the window says that it has saved. */
  #closing: ReturnType<typeof setTimeout> | null = null;
  /** Of the page, when they were: ms since 1970. */
  #crashes: readonly number[] = [];

  constructor(preload: string) {
    this.browser = new BrowserWindow({
      title: app.name,
      width: 1280,
      height: 800,
      minWidth: 800,
      minHeight: 500,
      show: false,
      backgroundColor: nativeTheme.shouldUseDarkColors ? "#14171d" : "#ffffff",
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        safeDialogs: true,
        spellcheck: false,
        // A run goes on when the window is behind another one.
        backgroundThrottling: false,
      },
    });
    this.browser.once("ready-to-show", () => this.browser.show());
    this.browser.on("close", (event) => {
      if (!this.#unsaved) return;
      event.preventDefault();
      this.#askToClose().catch((error: unknown) => console.error(error));
    });
    // The page asks, too, as it does in a browser; by now the person has answered.
    this.browser.webContents.on("will-prevent-unload", (event) => event.preventDefault());
    this.browser.webContents.on("render-process-gone", (_, { reason }) => {
      if (reason !== "clean-exit") this.#recover().catch((error: unknown) => console.error(error));
    });
  }

  load(): Promise<void> {
    return this.browser.loadURL(APP_PAGE);
  }

  /** To the front, for whoever started the application again. */
  present(): void {
    if (this.browser.isMinimized()) this.browser.restore();
    this.browser.show();
    this.browser.focus();
  }

  tell<E extends keyof DesktopEvents>(event: E, value: DesktopEvents[E]): void {
    if (!this.browser.isDestroyed()) this.browser.webContents.send(`lastack:${event}`, value);
  }

  setUnsaved(unsaved: boolean): void {
    this.#unsaved = unsaved;
    this.browser.setDocumentEdited(unsaved);
    if (!unsaved && this.#closing !== null) this.browser.destroy();
  }

  /** It was not saved after all. */
  stayOpen(): void {
    if (this.#closing !== null) clearTimeout(this.#closing);
    this.#closing = null;
  }

  async #askToClose(): Promise<void> {
    const { response } = await dialog.showMessageBox(this.browser, {
      type: "warning",
      message: "Save the changes to this lab?",
      detail: "They are lost if you do not.",
      buttons: ["Save", "Don't save", "Cancel"],
      defaultId: 0,
      cancelId: 2,
      noLink: true,
    });
    if (response === 1) this.#discard();
    if (response !== 0) return;
    this.stayOpen();
    this.#closing = setTimeout(() => this.stayOpen(), CLOSE_SAVE_MS);
    this.tell("command", SAVE_COMMAND);
  }

  #discard(): void {
    this.onDiscard();
    this.browser.destroy();
  }

  /** What the page knew is gone with it, save the draft: a new page finds that. */
  async #recover(): Promise<void> {
    this.#unsaved = false;
    this.stayOpen();
    this.onCrash();
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < PAGE_CRASHES_MS), now];
    if (this.#crashes.length > PAGE_CRASHES_MAX && !(await this.#askToLoad())) {
      this.browser.destroy();
      return;
    }
    await this.load();
  }

  /** A page that crashes again and again would keep the machine busy for ever. */
  async #askToLoad(): Promise<boolean> {
    const { response } = await dialog.showMessageBox(this.browser, {
      type: "error",
      message: "The window has crashed several times.",
      detail: "Unsaved work is kept, and offered when the window is loaded again.",
      buttons: ["Load it again", "Close"],
      defaultId: 0,
      cancelId: 1,
      noLink: true,
    });
    return response === 0;
  }

  onCrash: () => void = () => undefined;
  /** What was not saved is not wanted either. */
  onDiscard: () => void = () => undefined;
}
