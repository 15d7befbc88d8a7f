/** `lastack serve`: the workbench in a browser, from this machine to this machine. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { serveStatic } from "./static-server.ts";

export interface ServeOptions {
  readonly port?: number;
  readonly open: boolean;
  readonly check?: boolean;
}

/** TCP's RFC. What a browser remembers (layout, drafts) it remembers by port, so it is the same each time. */
const PORT_DEFAULT = 9293;
const CHECK_MS = 10_000;

export async function serveCommand(options: ServeOptions): Promise<number> {
  const folder = fileURLToPath(new URL("renderer/", import.meta.url));
  if (!existsSync(folder)) throw new CliFailure(EXIT.file, "the workbench is not built: npm run build");
  const server = await serveStatic(folder, options.check === true ? 0 : (options.port ?? PORT_DEFAULT));
  if (options.check === true) {
    const fault = await check(server.url).catch((error: unknown) => String(error));
    await server.close();
    if (fault !== null) throw new CliFailure(EXIT.internal, `the workbench at ${server.url}: ${fault}`);
    console.log(`The workbench at ${server.url}: ok`);
    return EXIT.ok;
  }
  console.log(`LastAck is at ${server.url} (Ctrl-C ends it)`);
  if (options.open) openBrowser(server.url);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await server.close();
  return EXIT.ok;
}

/** Fetches the page and what it is made of. @returns what is wrong, or null. */
async function check(url: string): Promise<string | null> {
  const get = (path: string): Promise<Response> => fetch(new URL(path, url), { signal: AbortSignal.timeout(CHECK_MS) });
  const page = await get("/");
  if (!page.ok) return `status ${page.status}`;
  const parts = [...(await page.text()).matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path]) => path ?? "");
  if (parts.length === 0) return "the page is empty";
  for (const part of parts) {
    const { ok, status } = await get(part);
    if (!ok) return `${part}: status ${status}`;
  }
  return null;
}

/** Only where somebody can see it. That it does not work is no failure: the address has been printed. */
function openBrowser(url: string): void {
  const hasDisplay = process.platform !== "linux" || !!process.env["DISPLAY"] || !!process.env["WAYLAND_DISPLAY"];
  if (!hasDisplay || !process.stdout.isTTY) return;
  const [command, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
