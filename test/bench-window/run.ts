/** How heavy the window is, in headless Chromium: for `npm run bench`. */
import { serveStatic } from "../../core/node/static-server.ts";
import { ensureBuilt } from "../e2e/built.ts";
import { whyNoChromium } from "../e2e/chromium.ts";
import { launchBrowser, WINDOW_SCENARIOS, type WindowResult, type WindowScenario } from "./scenarios.ts";

export interface WindowRow {
  readonly scenario: WindowScenario;
  /** Of all rounds. */
  readonly results: readonly WindowResult[];
}

/** @param name what the scenarios' names contain. @returns null, after a loud line, where there is no browser. */
export async function benchWindow(name: string, rounds: number): Promise<readonly WindowRow[] | null> {
  const chosen = WINDOW_SCENARIOS.filter((scenario) => scenario.name.includes(name));
  if (chosen.length === 0) return [];
  if (whyNoChromium !== null) {
    console.error(`WINDOW SKIPPED: ${whyNoChromium}`);
    return null;
  }
  const server = await serveStatic(await ensureBuilt());
  const rows: WindowRow[] = [];
  try {
    for (const scenario of chosen) {
      const results: WindowResult[] = [];
      for (let round = 0; round < rounds; round++) {
        const browser = await launchBrowser();
        try {
          results.push(await scenario.run(browser, server.url));
        } finally {
          await browser.close();
        }
      }
      rows.push({ scenario, results });
    }
  } finally {
    await server.close();
  }
  return rows;
}
