/**
 * What the window may not do, whoever gets into it: leave its page, open windows, hold webviews, ask for camera or
 * position, download, or reach anything but its own files. DESIGN.md, section 10.
 */
import { app, session, type WebContents } from "electron";
import { isApp } from "./app-protocol.ts";

/** Copying is a click of the person's own. */
const PERMISSIONS: ReadonlySet<string> = new Set(["clipboard-sanitized-write"]);

/** Schemes of what a page makes by itself, and the developer tools. */
const LOCAL_SCHEMES: ReadonlySet<string> = new Set(["blob:", "data:", "devtools:"]);

/** When the application is ready, before the first window. */
export function refuseEverythingElse(): void {
  app.on("web-contents-created", (_, contents) => confine(contents));
  const own = session.defaultSession;
  own.setPermissionRequestHandler((contents, permission, answer) => {
    answer(PERMISSIONS.has(permission) && isApp(contents.getURL()));
  });
  own.setPermissionCheckHandler(
    (_, permission, origin) => PERMISSIONS.has(permission) && isApp(`${origin.replace(/\/$/, "")}/`),
  );
  own.setDevicePermissionHandler(() => false);
  own.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isLocal(url) }));
  own.on("will-download", (event) => event.preventDefault());
}

function isLocal(url: string): boolean {
  return isApp(url) || (URL.canParse(url) && LOCAL_SCHEMES.has(new URL(url).protocol));
}

function confine(contents: WebContents): void {
  contents.on("will-navigate", (event) => event.preventDefault());
  contents.on("will-frame-navigate", (event) => event.preventDefault());
  contents.on("will-redirect", (event) => event.preventDefault());
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
}
