/** `npm start`: sets up, builds, and opens the workbench: the desktop app where it can be had, else in a browser. */
import { resolve } from "node:path";
import { BROWSER_EDITION, build, EVERYTHING } from "./builds.mjs";
import { electronRuntime, fetchRuntime, whyNoWindow } from "./electron-runtime.mjs";
import { commandLine, endWithParent, prepare, ROOT, run } from "./setup.mjs";

const { values, positionals } = commandLine(
  `npm start [-- [LAB] [--browser] [--port N] [--no-open] [--check]]
  opens the workbench, with that lab: the desktop app where it can be had, else in a browser, on this machine only
  --browser  in a browser, whatever there is
  --port N   there: at this port instead of 9293
  --no-open  there: prints the address, and opens no browser
  --check    only sees whether it can be had in a browser, says so, and ends; so does CI=true
The command line without a window: npx lastack --help`,
  {
    browser: { type: "boolean" },
    port: { type: "string" },
    "no-open": { type: "boolean" },
    check: { type: "boolean" },
    headless: { type: "boolean" },
  },
  { allowPositionals: true },
);
const isCheck = values.check || values.headless || ![undefined, "", "0", "false"].includes(process.env.CI);
const isForBrowser = ["browser", "port", "no-open"].some((name) => values[name] !== undefined);
const labs = positionals.map((path) => resolve(path));

endWithParent();
await prepare();
const why = isCheck || isForBrowser ? "as you wish" : (whyNoWindow() ?? (await fetchRuntime({ isPatient: false })));
if (why === null) {
  await build(EVERYTHING);
  process.exitCode = await run(electronRuntime(), [ROOT, ...labs]);
} else {
  await build(BROWSER_EDITION);
  if (!isCheck && !isForBrowser) console.log(`The browser edition instead of the desktop app: ${why}.`);
  const port = values.port === undefined ? [] : ["--port", values.port];
  const options = [...port, ...(values["no-open"] ? ["--no-open"] : []), ...(isCheck ? ["--check"] : [])];
  process.exitCode = await run(process.execPath, ["dist/lastack.js", "serve", ...labs.slice(-1), ...options]);
}
