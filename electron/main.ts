/**
 * Electron's main process: owns files, menus, the window, and the core's process; what they say to each other it does
 * not read. One instance: a second start hands its files over and ends.
 */
import { app, BrowserWindow } from "electron";
import { join } from "node:path";
import type { Reply } from "../core/contract/desktop/desktop.ts";
import { registerAppScheme, serveApp } from "./app-protocol.ts";
import { CoreProcess } from "./core-process.ts";
import { Documents } from "./documents.ts";
import { Drafts } from "./drafts.ts";
import { fileProblem } from "./file-problem.ts";
import { Handles } from "./handles.ts";
import { answerWindow, type Answers } from "./ipc.ts";
import { AppMenu } from "./menu.ts";
import { labsAmong } from "./opened-files.ts";
import { RecentFiles } from "./recent-files.ts";
import { refuseEverythingElse } from "./refusals.ts";
import { AppWindow } from "./window.ts";

/** Built beside this file, and the window in the folder beside. */
const HERE = import.meta.dirname;
const PRELOAD = join(HERE, "preload.cjs");
const CORE = join(HERE, "core.js");
const WINDOW_FILES = join(HERE, "../renderer");

const good = <T>(value: T): Reply<T> => ({ ok: true, value });
const DONE = good(null);

class Application {
  readonly #handles = new Handles();
  readonly #menu = new AppMenu({
    onCommand: (id) => this.#window?.tell("command", id),
    onRecent: (path) => this.open([path]),
    onForget: () => void this.#recent.forget(),
  });
  readonly #recent = new RecentFiles(app.getPath("userData"), (paths) => this.#menu.setRecent(paths));
  readonly #documents = new Documents(this.#handles, this.#recent);
  readonly #drafts = new Drafts(app.getPath("userData"), this.#handles);
  readonly #core = new CoreProcess(CORE);
  #window: AppWindow | null = null;
  /** Files that the system wanted opened before the window was up. */
  #waiting: string[] = [];
  #isWindowUp = false;

  start(): void {
    serveApp(WINDOW_FILES);
    refuseEverythingElse();
    this.#menu.show();
    answerWindow(() => this.#window, this.#answers);
    this.#openWindow();
  }

  open(paths: readonly string[]): void {
    this.#waiting.push(...paths);
    if (this.#isWindowUp) this.#handOver();
  }

  /** Somebody started the application again, or clicked its icon. */
  present(): void {
    if (this.#window === null) this.#openWindow();
    else this.#window.present();
  }

  /** Not before a draft that was saved or given up is gone: it would be offered again. */
  async quit(): Promise<void> {
    await this.#drafts.settled();
    if (this.#window === null) app.quit();
  }

  #openWindow(): void {
    const window = new AppWindow(PRELOAD);
    this.#window = window;
    window.onDiscard = () => void this.#drafts.giveUp().catch(report);
    window.browser.on("closed", () => {
      this.#window = null;
      this.#isWindowUp = false;
      this.#core.stop();
    });
    window.onCrash = () => {
      this.#isWindowUp = false;
      this.#core.stop();
    };
    window.load().catch(report);
  }

  #handOver(): void {
    const window = this.#window;
    const paths = this.#waiting;
    this.#waiting = [];
    // One lab is open at a time: the last one that was asked for.
    const path = paths.at(-1);
    if (window === null || path === undefined) return;
    window.present();
    this.#documents
      .read(path)
      .then((file) => window.tell("file", file))
      .catch(report);
  }

  readonly #answers: Answers = {
    "core:start": (window) => {
      this.#core.start(window);
      return DONE;
    },
    "core:stop": () => {
      this.#core.stop();
      return DONE;
    },
    "lab:open": ({ browser }) => this.#documents.open(browser),
    "lab:save": async (window, lab) => {
      const saved = await this.#documents.save(window.browser, lab);
      if (!saved.ok || saved.value === null) window.stayOpen();
      return saved;
    },
    "program:save": ({ browser }, program) => this.#documents.saveProgram(browser, program),
    "bytes:save": ({ browser }, file) => this.#documents.saveBytes(browser, file),
    "draft:list": async () => good(await this.#drafts.list()),
    "draft:keep": (_, draft) => this.#draft(this.#drafts.keep(draft)),
    "draft:drop": (_, { id }) => this.#draft(this.#drafts.drop(id)),
    "window:state": (window, { unsaved }) => {
      window.setUnsaved(unsaved);
      return DONE;
    },
    "menu:set": (_, menu) => {
      this.#menu.setModel(menu);
      return DONE;
    },
    "window:ready": () => {
      this.#isWindowUp = true;
      this.#handOver();
      return DONE;
    },
  };

  async #draft(writing: Promise<void>): Promise<Reply<null>> {
    try {
      await writing;
      return DONE;
    } catch (error) {
      return { ok: false, problem: fileProblem("draft/not-kept", "Unsaved work could not be kept.", error) };
    }
  }
}

function report(error: unknown): void {
  console.error(error);
}

function run(): void {
  registerAppScheme();
  app.enableSandbox();
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  const application = new Application();
  application.open(labsAmong(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd()));
  app.on("second-instance", (_, argv, folder) => {
    application.present();
    application.open(labsAmong(argv.slice(1), folder));
  });
  app.on("open-file", (event, path) => {
    event.preventDefault();
    application.open([path]);
  });
  app.on("activate", () => {
    if (BrowserWindow.getAllWindows().length === 0) application.present();
  });
  app.on("window-all-closed", () => {
    if (process.platform !== "darwin") application.quit().catch(report);
  });
  app
    .whenReady()
    .then(() => application.start())
    .catch(report);
}

run();
