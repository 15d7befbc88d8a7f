/**
 * Pictures of the main views that somebody has looked at and found good, in test/e2e/pictures. They hold for one
 * browser and its fonts, which are written beside them: elsewhere nothing is compared, and that is said.
 * `LASTACK_PICTURES=update npx vitest run test/e2e/views.test.ts` (with LASTACK_LONG=1) takes them anew: then look.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { palettePng } from "./palette-png.ts";

const PICTURES = join(import.meta.dirname, "pictures");
const MADE_WITH = join(PICTURES, "made-with.json");
const OUT = join(import.meta.dirname, "../../out/pictures");
const isUpdate = process.env["LASTACK_PICTURES"] === "update";

/** How different a pixel may be (0 to 1), and how many of them: edges of letters, not the place of a button. */
const THRESHOLD = 0.15;
const DIFFERENT_MAX = 500;

/** What pictures depend on besides us. */
interface Maker {
  readonly chromium: number;
  /** Widths of a line in the window's two fonts, pixels. */
  readonly fonts: readonly number[];
}

let told = "";

/** Where this browser can compare with the pictures; why not is said once. */
async function canCompare(page: Page): Promise<boolean> {
  const here = await makerOf(page);
  if (isUpdate) {
    mkdirSync(PICTURES, { recursive: true });
    const { chromium, fonts } = here;
    writeFileSync(MADE_WITH, `{ "chromium": ${chromium}, "fonts": [${fonts.join(", ")}] }\n`);
    return true;
  }
  const made = JSON.parse(readFileSync(MADE_WITH, "utf8")) as Maker;
  if (JSON.stringify(made) === JSON.stringify(here)) return true;
  const why = `the pictures are of ${JSON.stringify(made)}, this browser is ${JSON.stringify(here)}`;
  if (told !== why) console.warn(`*** ${why}: pictures of views are NOT compared ***`);
  told = why;
  return false;
}

async function makerOf(page: Page): Promise<Maker> {
  const chromium = Number(page.context().browser()?.version().split(".")[0]);
  // No named function goes into a page: tsx marks it with a helper that is not there.
  const fonts = await page.evaluate(() => {
    const context = document.createElement("canvas").getContext("2d");
    const style = getComputedStyle(document.documentElement);
    return ["--font", "--font-mono"].map((font) => {
      if (context === null) return 0;
      context.font = `13px ${style.getPropertyValue(font)}`;
      return Math.round(context.measureText("The quick brown fox jumps over 0123456789 lazy dogs.").width);
    });
  });
  return { chromium, fonts };
}

/** @returns what is wrong with a picture, or nothing. */
export async function compareWithBaseline(page: Page, name: string, picture: Buffer): Promise<string> {
  if (!(await canCompare(page))) return "";
  const file = join(PICTURES, `${name}.png`);
  const actual = PNG.sync.read(picture);
  if (isUpdate) {
    writeFileSync(file, palettePng(actual));
    return "";
  }
  if (!existsSync(file)) return `there is no ${file}`;
  const expected = PNG.sync.read(readFileSync(file));
  const { width, height } = expected;
  if (actual.width !== width || actual.height !== height) return `${name} is ${actual.width} x ${actual.height}`;
  const difference = new PNG({ width, height });
  const options = { threshold: THRESHOLD };
  const different = pixelmatch(expected.data, actual.data, difference.data, width, height, options);
  if (different <= DIFFERENT_MAX) return "";
  mkdirSync(OUT, { recursive: true });
  const [is, diff] = [join(OUT, `${name}.actual.png`), join(OUT, `${name}.diff.png`)];
  writeFileSync(is, picture);
  writeFileSync(diff, PNG.sync.write(difference));
  return `${name}: ${different} pixels differ (${diff}, ${is}). If they should: LASTACK_PICTURES=update, and look.`;
}
