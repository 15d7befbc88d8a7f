/**
 * `npm start`: sets up, builds, and opens the workbench: the desktop app where it can be had, else the browser edition.
 *   -- --check      starts the browser edition, fetches it, says whether that worked, and ends; so does CI=true
 *   -- --browser    the browser edition, whatever there is
 *   -- LAB          opens that lab (desktop app)
 */
import { BROWSER_EDITION, build, EVERYTHING } from "./builds.mjs";
import { electronRuntime, fetchRuntime, whyNoWindow } from "./electron-runtime.mjs";
import { endWithParent, prepare, ROOT, run } from "./setup.mjs";

const args = process.argv.slice(2);
const isCheck =
  args.includes("--check") || args.includes("--headless") || ![undefined, "", "0", "false"].includes(process.env.CI);

endWithParent();
await prepare();
const why = isCheck ? "this is a check" : args.includes("--browser") ? "as you wish" : await whyNoDesktop();
if (why === null) {
  await build(EVERYTHING);
  const labs = args.filter((argument) => !argument.startsWith("-"));
  process.exitCode = await run(electronRuntime(), [ROOT, ...labs]);
} else {
  await build(BROWSER_EDITION);
  if (!isCheck) console.log(`The browser edition instead of the desktop app: ${why}.`);
  const serve = ["dist/lastack.js", "serve", ...(isCheck ? ["--check"] : [])];
  process.exitCode = await run(process.execPath, serve);
}

async function whyNoDesktop() {
  return whyNoWindow() ?? (await fetchRuntime());
}
