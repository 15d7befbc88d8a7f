/** Main in a process of its own, with the stand-in as its Electron, and the test as a second client of its browser. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "@playwright/test";
import { executable } from "../e2e/chromium.ts";

const REGISTER = join(import.meta.dirname, "stand-in/register.mjs");
/** The machine may be busy. */
const START_MS = 60_000;

export interface StartOptions {
  /** The built main. */
  readonly main: string;
  /** Settings folder; a new one without. */
  readonly userData?: string;
  /** Files on the command line. */
  readonly files?: readonly string[];
  /** Another instance holds the lock. */
  readonly isLocked?: boolean;
}

export class AppUnderTest {
  readonly userData: string;
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #browser: Browser | null = null;
  /** Known for when main has died and cannot be asked: nobody else would end its browser. */
  #browserPid = 0;
  #output = "";
  #ids = 0;

  constructor({ main, userData, files = [], isLocked = false }: StartOptions) {
    this.userData = userData ?? mkdtempSync(join(tmpdir(), "lastack-desktop-"));
    // The second argument stands for the folder, as in `electron .`
    this.#child = spawn(process.execPath, ["--import", "tsx", "--import", REGISTER, main, ...files], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      serialization: "advanced",
      env: {
        ...process.env,
        STAND_IN_USER_DATA: this.userData,
        STAND_IN_CHROMIUM: executable ?? "",
        ...(isLocked ? { STAND_IN_LOCKED: "1" } : {}),
      },
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#child.on("message", ({ id, value, error }: { id: number; value: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", (code) => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`main has ended: ${this.#output}`));
        resolve(code);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** An action of stand-in/control.ts. */
  do<T = unknown>(name: string, ...args: unknown[]): Promise<T> {
    const id = ++this.#ids;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      this.#child.send({ id, name, args }, (error) => {
        if (error !== null) reject(new Error(`main has ended: ${this.#output}`));
      });
    });
  }

  /** The window's page, once it is loaded. */
  async page(): Promise<Page> {
    const until = Date.now() + START_MS;
    while (Date.now() < until) {
      const endpoint = await this.do<string | undefined>("endpoint");
      if (endpoint === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      this.#browser ??= await chromium.connectOverCDP(endpoint);
      this.#browserPid = await this.do<number>("browserPid");
      const wanted = await this.do<string>("pageUrl").catch(() => "");
      const pages = this.#browser.contexts().flatMap((context) => context.pages());
      const page = wanted.startsWith("http") ? pages.find((one) => one.url() === wanted) : undefined;
      if (page !== undefined) return page;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no window: ${this.#output}`);
  }

  /** As by a power cut. */
  async kill(): Promise<void> {
    const pids = await this.do<number[]>("utilityPids").catch(() => []);
    const browserPid = await this.do<number>("browserPid").catch(() => this.#browserPid);
    await this.#browser?.close().catch(() => undefined);
    this.#child.kill("SIGKILL");
    // A negative id is a group: the browser with all its processes.
    for (const pid of [...pids, -browserPid]) if (pid !== 0) tryKill(pid);
    await this.exited;
  }

  /** Once it is killed. */
  removeSettings(): void {
    // Processes of the browser may still be writing their last.
    rmSync(this.userData, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  drafts(): string[] {
    try {
      const folder = join(this.userData, "drafts");
      return readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
    } catch {
      return [];
    }
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
