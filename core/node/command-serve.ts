/** `lastack serve`: the workbench in a browser, from this machine to this machine. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { openedLabPath, type OpenedLab } from "../contract/api/opened-lab.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { readLabSources } from "./lab-sources.ts";
import { readText } from "./read-file.ts";
import { serveStatic, type StaticServer } from "./static-server.ts";
import { systemErrorText } from "./system-error.ts";

export interface ServeOptions {
  readonly port?: number;
  readonly open: boolean;
  readonly check?: boolean;
}

/** TCP's RFC. What a browser remembers (layout, drafts) it remembers by port, so it is the same each time. */
const PORT_DEFAULT = 9293;
const CHECK_MS = 10_000;
const PORT_MAX = 65_535;

/** @param lab that the window opens at once. */
export async function serveCommand(lab: string | undefined, options: ServeOptions): Promise<number> {
  const folder = fileURLToPath(new URL("renderer/", import.meta.url));
  if (!existsSync(folder)) throw new CliFailure(EXIT.file, "the workbench is not built: npm run build");
  const port = options.check === true ? 0 : (options.port ?? PORT_DEFAULT);
  if (port > PORT_MAX) throw new CliFailure(EXIT.usage, `--port ${port}: ports end at ${PORT_MAX}`);
  const token = randomUUID();
  const extra = lab === undefined ? {} : { [`/${openedLabPath(token)}`]: JSON.stringify(openedLab(lab)) };
  const server = await started(folder, port, extra);
  const url = lab === undefined ? server.url : `${server.url}#open=${token}`;
  if (options.check === true) {
    const fault = await check(server.url).catch((error: unknown) => String(error));
    await server.close();
    if (fault !== null) throw new CliFailure(EXIT.internal, `the workbench at ${server.url}: ${fault}`);
    console.log(`The workbench at ${server.url}: ok`);
    return EXIT.ok;
  }
  // Before anybody reads that there is something to end.
  const ended = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  if (port !== 0 && !server.url.endsWith(`:${port}/`)) console.log(`Port ${port} is taken: on another one.`);
  console.log(`LastAck is at ${url} (Ctrl-C ends it)`);
  if (options.open) openBrowser(url);
  await ended;
  await server.close();
  return EXIT.ok;
}

/** Its problems are the window's to show. @throws CliFailure when it cannot be read. */
function openedLab(path: string): OpenedLab {
  const text = readText(path);
  const sources = readLabSources(path, text).map((source) => [source.path, source.text] as const);
  return { name: basename(path), text, sources: Object.fromEntries(sources) };
}

async function started(folder: string, port: number, extra: Readonly<Record<string, string>>): Promise<StaticServer> {
  try {
    return await serveStatic(folder, port, extra);
  } catch (error) {
    throw new CliFailure(EXIT.file, `no server on port ${port}: ${systemErrorText(error)} (another one: --port N)`);
  }
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
