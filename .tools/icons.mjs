/** Draws resources/icons/icon.svg in the sizes that desktops want: `node .tools/icons.mjs`, after a change of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { chromiumPath } from "./chromium.mjs";
import { ROOT } from "./setup.mjs";

const SIZES = [16, 32, 48, 64, 128, 256, 512, 1024];
const FOLDER = join(ROOT, "resources/icons");

const svg = readFileSync(join(FOLDER, "icon.svg"), "utf8");
const browser = await chromium.launch({
  executablePath: (await chromiumPath()) ?? undefined,
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
const page = await browser.newPage();
for (const size of SIZES) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  await page.screenshot({ path: join(FOLDER, `${size}x${size}.png`), omitBackground: true });
}
await browser.close();
console.log(`${SIZES.length} sizes in resources/icons`);
