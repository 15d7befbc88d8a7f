/** Which Chromium shows the window to tests and draws pictures: that of LASTACK_CHROMIUM, Debian's, or Playwright's. */
import { existsSync } from "node:fs";

/** Comes first: the same engine without a browser's own windows, which are pages too and took a third of the time. */
const HEADLESS_SHELL = "/usr/bin/chromium-headless-shell";

/** Whether there is nothing better to install. */
export function hasBestChromium() {
  return existsSync(process.env.LASTACK_CHROMIUM ?? HEADLESS_SHELL);
}

/** @returns null when there is none. */
export async function chromiumPath() {
  // Not there yet when `npm test` begins.
  const { chromium } = await import("@playwright/test");
  const places = [process.env.LASTACK_CHROMIUM, HEADLESS_SHELL, "/usr/bin/chromium", chromium.executablePath()];
  return places.find((path) => path && existsSync(path)) ?? null;
}
