/** The browser for end-to-end tests (.tools/chromium.mjs says which), or none, which is said. */
import { chromium, type Browser } from "@playwright/test";
import { chromiumPath } from "../../.tools/chromium.mjs";

export const executable = (await chromiumPath()) ?? undefined;

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
