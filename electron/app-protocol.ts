/**
 * The window's files under a scheme of their own, `lastack://app/`: an origin that nobody else has, unlike file://, and
 * headers as from a server. Nothing outside the built window can be asked for.
 */
import { protocol } from "electron";
import { readStatic, STATIC_HEADERS } from "../core/node/static-files.ts";

const SCHEME = "lastack";
export const APP_ORIGIN = `${SCHEME}://app`;
export const APP_PAGE = `${APP_ORIGIN}/index.html`;

/** Before the application is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** @param folder of the built window. */
export function serveApp(folder: string): void {
  protocol.handle(SCHEME, async ({ url, method }) => {
    const { host, pathname } = new URL(url);
    if (host !== "app" || method !== "GET") return new Response("", { status: 403, headers: STATIC_HEADERS });
    const file = await readStatic(folder, pathname);
    if (file === null) return new Response("", { status: 404, headers: STATIC_HEADERS });
    return new Response(file.bytes, { headers: { ...STATIC_HEADERS, "Content-Type": file.type } });
  });
}

export function isApp(url: string): boolean {
  return URL.canParse(url) && url.startsWith(`${APP_ORIGIN}/`);
}
