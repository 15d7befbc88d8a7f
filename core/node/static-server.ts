/**
 * The browser edition's server: the built window as files, on loopback only. It answers GET and HEAD for files of one
 * folder and nothing else, and only to a browser that calls it by a name of this machine: a page from elsewhere whose
 * name was bent to 127.0.0.1 gets nothing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readStatic, STATIC_HEADERS, type StaticFile } from "./static-files.ts";
import { systemErrorCode } from "./system-error.ts";

export interface StaticServer {
  /** `http://127.0.0.1:9293/`. */
  readonly url: string;
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const NAMES: ReadonlySet<string> = new Set([LOOPBACK, "localhost"]);

/** JSON texts by path, which are no files. */
type ExtraTexts = Readonly<Record<string, string>>;

/**
 * @param port that is tried first, since a browser keeps what it remembers by port; if it is taken, any free one.
 * @throws when there is none.
 */
export async function serveStatic(folder: string, port = 0, extra: ExtraTexts = {}): Promise<StaticServer> {
  const read = async (path: string): Promise<StaticFile | null> =>
    Object.hasOwn(extra, path) ? jsonFile(extra[path] ?? "") : readStatic(folder, path);
  const server = createServer((request, response) => {
    answer(read, request, response).catch(() => response.destroy());
  });
  // A file takes no time here; whoever is slower than this only holds a connection open.
  server.requestTimeout = 30_000;
  const taken = await listen(server, port).catch(async (error: unknown) => {
    if (port === 0 || systemErrorCode(error) !== "EADDRINUSE") throw error;
    return listen(server, 0);
  });
  return { url: `http://${LOOPBACK}:${taken}/`, close: () => close(server) };
}

const jsonFile = (text: string): StaticFile => ({
  bytes: new TextEncoder().encode(text),
  type: "application/json; charset=utf-8",
  // It is somebody's lab, and another one at the next start.
  headers: { "Cache-Control": "no-store" },
});

type Read = (path: string) => Promise<StaticFile | null>;

async function answer(read: Read, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method } = request;
  if (!isForUs(request)) return end(response, 403);
  if (method !== "GET" && method !== "HEAD") return end(response, 405, { Allow: "GET, HEAD" });
  const file = await read((request.url ?? "").replace(/[?#].*$/s, ""));
  if (file === null) return end(response, 404);
  const headers = { ...STATIC_HEADERS, ...file.headers, "Content-Type": file.type };
  response.writeHead(200, { ...headers, "Content-Length": file.bytes.length });
  response.end(method === "HEAD" ? undefined : file.bytes);
}

function isForUs({ headers, socket }: IncomingMessage): boolean {
  const [name, port] = (headers.host ?? "").split(":");
  return NAMES.has(name ?? "") && Number(port ?? 80) === socket.localPort;
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...STATIC_HEADERS, ...headers, "Content-Type": "text/plain; charset=utf-8" });
  response.end(`${status}\n`);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
