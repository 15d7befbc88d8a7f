/**
 * The built window as files to be served: the browser edition's server on loopback and Electron's own protocol hand out
 * the same, with the same headers.
 */
import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";

/** STACK.md: dockview, Monaco and Cytoscape inject styles; the sandbox is WebAssembly. Nothing comes from elsewhere. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const STATIC_HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()",
  // Names of built files change with what is in them, but the page's own does not.
  "Cache-Control": "no-cache",
} as const;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".ttf": "font/ttf",
  ".woff2": "font/woff2",
  ".yaml": "text/plain; charset=utf-8",
  ".ts": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
};

export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Besides those of every file, or instead. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param pathname of a URL, as it is. Null for what is not there, or not in the folder. */
export async function readStatic(folder: string, pathname: string): Promise<StaticFile | null> {
  const path = decoded(pathname);
  // Not one character more than a path needs, before the file system sees it.
  if (path === null || !path.startsWith("/") || path.includes("\0") || path.includes("\\")) return null;
  if (path.split("/").some((part) => part.startsWith("."))) return null;
  const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
  try {
    const [real, root] = await Promise.all([realpath(file), realpath(folder)]);
    if (!real.startsWith(root + sep)) return null;
    const bytes = new Uint8Array(await readFile(real));
    return { bytes, type: TYPES[extname(real)] ?? "application/octet-stream" };
  } catch {
    return null;
  }
}

function decoded(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}
