/**
 * The browser for end-to-end tests: Debian's Chromium, Playwright's own, or none, which is said. Its headless shell
 * comes first: the same engine without a browser's own windows, which are pages too and took a third of the time.
 */
import { existsSync } from "node:fs";
import { chromium, type Browser } from "@playwright/test";

const CANDIDATES = [
  process.env["LASTACK_CHROMIUM"],
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  chromium.executablePath(),
];

export const executable = CANDIDATES.find((path) => path !== undefined && path !== "" && existsSync(path));

/** Why there are no end-to-end tests; null when there are. */
export const whyNoChromium: string | null =
  process.env["LASTACK_NO_CHROMIUM"] ??
  (executable === undefined
    ? "no Chromium (apt-get install chromium-headless-shell, or npx playwright install chromium)"
    : null);

if (whyNoChromium !== null) console.warn(`*** ${whyNoChromium}: end-to-end tests are SKIPPED ***`);

export const BROWSER_ARGUMENTS: readonly string[] = [
  // Root has no sandbox of its own to give.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: executable ?? "", args: [...BROWSER_ARGUMENTS] });
}
