/** The browser behind the stand-in: a process of its own, to which the test is a second client. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { chromium, type Browser } from "@playwright/test";
import { BROWSER_ARGUMENTS } from "../../e2e/chromium.ts";

export interface RunningBrowser {
  readonly browser: Browser;
  readonly endpoint: string;
  readonly pid: number;
  kill(): void;
}

export async function startBrowser(executable: string, folder: string): Promise<RunningBrowser> {
  const child = spawn(
    executable,
    [
      ...BROWSER_ARGUMENTS,
      "--headless=new",
      "--remote-debugging-port=0",
      `--user-data-dir=${join(folder, "browser")}`,
      "--window-size=1280,800",
      "about:blank",
      // A group of its own, so that all of its processes end at once.
    ],
    { detached: true },
  );
  const endpoint = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /DevTools listening on (ws:\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(`the browser has ended: ${output}`)));
  });
  const browser = await chromium.connectOverCDP(endpoint);
  return { browser, endpoint, pid: child.pid ?? 0, kill: () => killGroup(child.pid) };
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
