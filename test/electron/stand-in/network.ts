/**
 * `protocol` and `session`: the page of a real browser stands at an address of http, and what it asks for is answered
 * by the handler of the custom scheme; everything else is put before `webRequest`, as Electron does.
 */
import { EventEmitter } from "node:events";
import type { BrowserContext, Route } from "@playwright/test";

/** A name that no server has and that browsers trust as they trust themselves. */
const PAGE_ORIGIN = "http://app.lastack.localhost";
const APP_ORIGIN = "lastack://app";

export const toPage = (url: string): string => url.replace(APP_ORIGIN, PAGE_ORIGIN);
export const toApp = (url: string): string => url.replace(PAGE_ORIGIN, APP_ORIGIN);

type Handler = (request: Request) => Response | Promise<Response>;
type Ask = (details: { url: string }, answer: (verdict: { cancel: boolean }) => void) => void;

const handlers = new Map<string, Handler>();
const privileged: unknown[] = [];

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown[]): void => void privileged.push(...schemes),
  handle: (scheme: string, handler: Handler): void => void handlers.set(scheme, handler),
};

class StandInSession extends EventEmitter {
  requestPermission: ((contents: unknown, permission: string, answer: (yes: boolean) => void) => void) | null = null;
  checkPermission: ((contents: unknown, permission: string, origin: string) => boolean) | null = null;
  permitDevice: (() => boolean) | null = null;
  #ask: Ask | null = null;

  readonly webRequest = { onBeforeRequest: (ask: Ask): void => void (this.#ask = ask) };

  setPermissionRequestHandler(handler: StandInSession["requestPermission"]): void {
    this.requestPermission = handler;
  }

  setPermissionCheckHandler(handler: StandInSession["checkPermission"]): void {
    this.checkPermission = handler;
  }

  setDevicePermissionHandler(handler: StandInSession["permitDevice"]): void {
    this.permitDevice = handler;
  }

  isCancelled(url: string): boolean {
    let verdict = false;
    this.#ask?.({ url }, ({ cancel }) => (verdict = cancel));
    return verdict;
  }
}

export const session = { defaultSession: new StandInSession() };

/** Requests that were cancelled, for tests. */
export const cancelled: string[] = [];

/** @param mayNavigate decides on navigations that nobody in main asked for. */
export async function routeEverything(context: BrowserContext, mayNavigate: (url: string) => boolean): Promise<void> {
  await context.route("**/*", async (route) => {
    const url = toApp(route.request().url());
    const isNavigation = route.request().isNavigationRequest() && !mayNavigate(url);
    if (isNavigation || session.defaultSession.isCancelled(url)) {
      cancelled.push(url);
      return route.abort("aborted");
    }
    return answer(route, url);
  });
}

async function answer(route: Route, url: string): Promise<void> {
  const handler = handlers.get(new URL(url).protocol.replace(":", ""));
  if (handler === undefined) return route.abort("aborted");
  const response = await handler(new Request(url, { method: route.request().method() }));
  await route.fulfill({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  });
}

/** What the scheme's handler says to a request that a page cannot make. */
export async function askProtocol(url: string, method: string): Promise<{ status: number; type: string | null }> {
  const handler = handlers.get(new URL(url).protocol.replace(":", ""));
  const response = await handler?.(new Request(url, { method }));
  return { status: response?.status ?? 0, type: response?.headers.get("content-type") ?? null };
}
