/**
 * `npm test`: everything a change must pass, on a fresh clone too: set-up, tshark, `npm run check`, then the tests.
 * `npm test -- core/trace` runs only the tests of those files, without the check.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run, seconds, setUp, tool } from "./setup.mjs";

const INSTALL_TIMEOUT_MS = 300_000;
const RESULTS = "out/test-results.json";

const started = performance.now();
await setUp();
const filters = process.argv.slice(2);
const whyNoTshark = await ensureTshark();
const checkCode = filters.length > 0 ? 0 : await run(process.execPath, [".tools/check.mjs"]);
mkdirSync(join(ROOT, "out"), { recursive: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${RESULTS}`];
const testCode = await tool("vitest/vitest.mjs", ["run", ...reporters, ...filters], {
  // The large tests in full; without this variable they take a sample.
  env: { LASTACK_LONG: "1", ...(whyNoTshark === null ? {} : { LASTACK_NO_TSHARK: whyNoTshark }) },
});
reportSkipped();
if (checkCode !== 0) console.error("npm run check FAILED (above)");
console.log(`npm test: ${checkCode === 0 && testCode === 0 ? "passed" : "FAILED"} in ${seconds(started)}`);
process.exitCode = checkCode !== 0 ? checkCode : testCode;

/** @returns why there is no tshark, or null when there is. */
async function ensureTshark() {
  if (await hasTshark()) return null;
  if (process.env.LASTACK_NO_TSHARK !== undefined) return process.env.LASTACK_NO_TSHARK || "switched off";
  let why = "tshark is not installed (apt-get install tshark, or Wireshark's installer)";
  if (process.getuid?.() === 0 && (await succeeds("apt-get", ["--version"]))) {
    console.log("Installing tshark with apt-get ...");
    if ((await apt(["install"])) || ((await apt(["update"])) && (await apt(["install"])))) {
      if (await hasTshark()) return null;
    }
    why = "tshark is not installed, and apt-get could not install it";
  }
  console.warn(`\n*** ${why}: tests that compare with tshark are SKIPPED ***\n`);
  return why;
}

function apt([verb]) {
  const args = verb === "update" ? ["update"] : ["install", "-y", "--no-install-recommends", "tshark"];
  return succeeds("apt-get", ["-qq", ...args], { DEBIAN_FRONTEND: "noninteractive" }, INSTALL_TIMEOUT_MS);
}

function hasTshark() {
  return succeeds("tshark", ["--version"]);
}

async function succeeds(command, args, env = {}, timeoutMs = 20_000) {
  try {
    return (await run(command, args, { env, timeoutMs, onOutput: () => undefined })) === 0;
  } catch {
    return false;
  }
}

/** Says how many tests did not run, and which: nothing is skipped in silence. */
function reportSkipped() {
  let results;
  try {
    results = JSON.parse(readFileSync(join(ROOT, RESULTS), "utf8"));
  } catch {
    return; // vitest has said why it wrote none
  }
  const skipped = results.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "pending" || status === "skipped" || status === "todo"),
  );
  if (skipped.length === 0) return;
  const groups = new Map();
  for (const { ancestorTitles, title } of skipped) {
    const group = ancestorTitles[0] ?? title;
    groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  console.log(`${skipped.length} tests were skipped:`);
  for (const [group, count] of groups) console.log(`  ${count} of "${group}"`);
  if (whyNoTshark !== null) console.log(`  (${whyNoTshark})`);
}
