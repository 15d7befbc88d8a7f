/** `npm run app [-- LAB]`: the desktop app, or why it cannot be had. */
import { build, EVERYTHING } from "./builds.mjs";
import { electronRuntime, fetchRuntime, whyNoWindow } from "./electron-runtime.mjs";
import { endWithParent, fail, prepare, ROOT, run } from "./setup.mjs";

endWithParent();
await prepare();
const why = whyNoWindow() ?? (await fetchRuntime());
if (why !== null) fail(`the desktop app cannot be shown: ${why}. The browser edition can: npm start`);
await build(EVERYTHING);
process.exitCode = await run(electronRuntime(), [ROOT, ...process.argv.slice(2)]);
