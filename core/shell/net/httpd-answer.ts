/** What httpd answers: files and directories of the served tree, or a page that says what is wrong. */
import { utf8Encode } from "../../base/bytes.ts";
import { E } from "../../kernel/syscall/errno.ts";
import { O, type Call, type Stat, type Sys } from "../../kernel/syscall/sys.ts";
import { escapeHtml, httpDate, STATUS_TEXTS, typeOf } from "./http-message.ts";
import type { Request } from "./httpd-request.ts";

export interface Answer {
  readonly status: number;
  /** Head, and the body where it is in memory. */
  readonly bytes: Uint8Array;
  /** File with the rest of the body; -1 for none. */
  readonly file: number;
  /** Body that goes out: 0 for HEAD. */
  readonly bodyBytes: number;
  readonly keepsAlive: boolean;
}

type Body = {
  readonly type: string;
  readonly length: number;
  /** In memory; null when it is in `file`. */
  readonly bytes: Uint8Array | null;
  readonly file: number;
  readonly fields: readonly string[];
};

/** @param root the served directory, without a slash at its end. */
export function* answerTo(sys: Sys, root: string, request: Request): Call<Answer> {
  const { method, path } = request;
  const to = { isHead: method === "HEAD", keepsAlive: request.keepsAlive };
  if (method !== "GET" && method !== "HEAD") return errorAnswer(sys, 405, to);
  if (path === null) return errorAnswer(sys, 403, to);
  const stat = yield* sys.stat(`${root}${path}`);
  if (typeof stat === "number") return errorAnswer(sys, statusOf(stat), to);
  if (stat.kind !== "directory") {
    // A file has nothing below it.
    return path.endsWith("/") ? errorAnswer(sys, 404, to) : yield* fileAnswer(sys, `${root}${path}`, stat, to);
  }
  if (!path.endsWith("/")) return movedAnswer(sys, `${encodePath(path)}/`, to);
  const index = yield* sys.stat(`${root}${path}index.html`);
  if (typeof index !== "number" && index.kind === "file") {
    return yield* fileAnswer(sys, `${root}${path}index.html`, index, to);
  }
  return yield* listing(sys, root, path, to);
}

type How = { readonly isHead: boolean; readonly keepsAlive: boolean };

function statusOf(error: number): number {
  if (error === -E.EACCES || error === -E.EPERM) return 403;
  return error === -E.ENOENT || error === -E.ENOTDIR || error === -E.ENAMETOOLONG ? 404 : 500;
}

function assemble(sys: Sys, status: number, body: Body, how: How): Answer {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_TEXTS[status] ?? "Unknown"}`,
    `Date: ${httpDate(sys.wallClock())}`,
    "Server: httpd",
    ...body.fields,
    `Content-Type: ${body.type}`,
    `Content-Length: ${body.length}`,
    `Connection: ${how.keepsAlive ? "keep-alive" : "close"}`,
    "\r\n",
  ].join("\r\n");
  const inMemory = how.isHead || body.bytes === null ? new Uint8Array(0) : body.bytes;
  const headBytes = utf8Encode(head);
  const bytes = new Uint8Array(headBytes.length + inMemory.length);
  bytes.set(headBytes);
  bytes.set(inMemory, headBytes.length);
  return { status, bytes, file: body.file, bodyBytes: how.isHead ? 0 : body.length, keepsAlive: how.keepsAlive };
}

function page(sys: Sys, status: number, html: string, how: How & { readonly fields?: readonly string[] }): Answer {
  const bytes = utf8Encode(html);
  const { fields = [] } = how;
  return assemble(
    sys,
    status,
    { type: "text/html; charset=utf-8", length: bytes.length, bytes, file: -1, fields },
    how,
  );
}

/** A page with the status and its name. */
export function errorAnswer(sys: Sys, status: number, how: How): Answer {
  const title = `${status} ${STATUS_TEXTS[status] ?? ""}`;
  const html = `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n</body>\n</html>\n`;
  return page(sys, status, html, { ...how, fields: status === 405 ? ["Allow: GET, HEAD"] : [] });
}

function movedAnswer(sys: Sys, location: string, how: How): Answer {
  const link = `<a href="${escapeHtml(location)}">here</a>`;
  const html = `<html>\n<head><title>301 Moved Permanently</title></head>\n<body>It is ${link}.</body>\n</html>\n`;
  return page(sys, 301, html, { ...how, fields: [`Location: ${location}`] });
}

function* fileAnswer(sys: Sys, path: string, stat: Stat, how: How): Call<Answer> {
  // Terminals and devices are no documents, and might never end.
  if (stat.kind !== "file") return errorAnswer(sys, 403, how);
  const file = yield* sys.open(path, O.RDONLY);
  if (file < 0) return errorAnswer(sys, statusOf(file), how);
  const fields = [`Last-Modified: ${httpDate(sys.wallClock() - sys.now() + stat.modified)}`];
  if (how.isHead) yield* sys.close(file);
  const body: Body = { type: typeOf(path), length: stat.size, bytes: null, file: how.isHead ? -1 : file, fields };
  return assemble(sys, 200, body, how);
}

function* listing(sys: Sys, root: string, path: string, how: How): Call<Answer> {
  const names = yield* sys.readdir(`${root}${path}`);
  if (typeof names === "number") return errorAnswer(sys, statusOf(names), how);
  const items: string[] = [];
  for (const name of [...names].sort()) {
    const stat = yield* sys.stat(`${root}${path}${name}`);
    const shown = typeof stat !== "number" && stat.kind === "directory" ? `${name}/` : name;
    items.push(`<li><a href="${escapeHtml(encodePath(shown))}">${escapeHtml(shown)}</a></li>\n`);
  }
  const title = `Index of ${escapeHtml(path)}`;
  const list = `<ul>\n${items.join("")}</ul>`;
  const html = `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${list}\n</body>\n</html>\n`;
  return page(sys, 200, html, how);
}

/** As it may stand in a link: all but letters, digits and a few signs is percent-encoded UTF-8. */
function encodePath(path: string): string {
  let text = "";
  for (const byte of utf8Encode(path)) {
    const character = String.fromCharCode(byte);
    text += /[A-Za-z0-9\-._~/]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
