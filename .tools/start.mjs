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
const ownCapture = given.find((_, at) => given[at - 1] === "--pcap");
const options = ownCapture === undefined ? ["--pcap", capture, ...given] : given;
console.log(`\n$ npx lastack run ${[lab, ...options].join(" ")}\n`);
const code = await run(process.execPath, ["dist/lastack.js", "run", lab, ...options]);
// A lab of someone's own has hosts of other names.
const host = lab === SAMPLE ? "h1" : "HOST";
if (code === 0 && !given.includes("--json") && !given.includes("--quiet")) {
  console.log(`
next
  the frames as text      npx lastack dissect ${ownCapture ?? capture}
  a terminal on a host    npx lastack shell ${lab} ${host}
  a command, and a trace  npx lastack run ${lab} --exec '${host}: ip addr' --trace out/trace.json
  everything else         npx lastack --help`);
}
process.exitCode = code;
