/** `npm run app [-- LAB]`: the desktop app, or why it cannot be had. */
import { resolve } from "node:path";
import { build, EVERYTHING } from "./builds.mjs";
import { electronRuntime, fetchRuntime, whyNoWindow } from "./electron-runtime.mjs";
import { commandLine, endWithParent, fail, prepare, ROOT, run } from "./setup.mjs";

const { positionals } = commandLine(
  `npm run app [-- LAB]
  shows the desktop app, with that lab open; Electron's runtime is fetched once if it is not there`,
  {},
  { allowPositionals: true },
);
endWithParent();
await prepare();
const why = whyNoWindow() ?? (await fetchRuntime());
if (why !== null) fail(`the desktop app cannot be shown: ${why}. The browser edition can: npm start`);
await build(EVERYTHING);
process.exitCode = await run(electronRuntime(), [ROOT, ...positionals.map((path) => resolve(path))]);
