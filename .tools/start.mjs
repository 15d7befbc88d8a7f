/**
 * `npm start`: sets up, builds, and runs a lab. Until the workbench exists this is the main job, headless.
 * `npm start -- path/to/other.lab.yaml [options of lastack run]` runs another one.
 */
import { basename } from "node:path";
import { run, setUp } from "./setup.mjs";

const SAMPLE = "resources/labs/ping-across-a-router.lab.yaml";

await setUp();
const given = process.argv.slice(2);
const lab = given[0] !== undefined && !given[0].startsWith("-") ? given.shift() : SAMPLE;
const capture = `out/${basename(lab).replace(/(\.lab)?\.ya?ml$/, "")}.pcapng`;
const options = given.includes("--pcap") ? given : ["--pcap", capture, ...given];
console.log(`\n$ npx lastack run ${[lab, ...options].join(" ")}\n`);
const code = await run(process.execPath, ["dist/lastack.js", "run", lab, ...options]);
if (code === 0) {
  console.log(`
next
  npx lastack dissect ${capture}        the frames as text
  npx lastack shell ${lab} h1   a terminal on a host
  npx lastack run ${lab} --trace out/trace.json --exec 'h1: ip addr'
  npx lastack --help`);
}
process.exitCode = code;
