/**
 * `npm test`: everything a change must pass, on a fresh clone too: set-up, tshark and Chromium, `npm run check`, then
 * the tests.
 * `npm test -- core/trace` runs only the tests of those files, without the check.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, COMMAND_LINE, EVERYTHING } from "./builds.mjs";
import { chromiumPath, hasBestChromium } from "./chromium.mjs";
import { prepare, ROOT, run, seconds, tool } from "./setup.mjs";

const INSTALL_TIMEOUT_MS = 300_000;
const RESULTS = "out/test-results.json";

/**
 * What some tests need beside Node: how to see that it is there, Debian's packages, the best one first, and what says
 * why it is not.
 */
const TSHARK = {
  packages: ["tshark"],
  why: "LASTACK_NO_TSHARK",
  hint: "apt-get install tshark, or Wireshark's installer",
  skipped: "tests that compare with tshark",
  isThere: () => succeeds("tshark", ["--version"]),
};
const CHROMIUM = {
  packages: ["chromium-headless-shell", "chromium"],
  why: "LASTACK_NO_CHROMIUM",
  hint: "apt-get install chromium-headless-shell, or npx playwright install chromium",
  skipped: "tests of the window and of the desktop app",
  isBest: hasBestChromium,
  isThere: async () => (await chromiumPath()) !== null,
};

if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
  console.log(`npm test [-- FILTER...]
  sets up (tshark and Chromium too, with apt as root), runs npm run check, and all tests, the large ones in full
  FILTER  runs only the tests of files whose path has this in it, without the check; options go to vitest
Without tshark or Chromium the tests that need them are skipped, counted and named.`);
  process.exit(0);
}

const started = performance.now();
const filters = process.argv.slice(2);
await prepare();
// All at once, before tests that need it wait for each other to build it.
await build(filters.length > 0 && !filters.some((one) => /e2e|electron/.test(one)) ? COMMAND_LINE : EVERYTHING);
const missing = {};
for (const wanted of [TSHARK, CHROMIUM]) {
  const why = await ensure(wanted);
  if (why !== null) missing[wanted.why] = why;
}
const checkCode = filters.length > 0 ? 0 : await run(process.execPath, [".tools/check.mjs"]);
mkdirSync(join(ROOT, "out"), { recursive: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${RESULTS}`];
const testCode = await tool("vitest/vitest.mjs", ["run", ...reporters, ...filters], {
  // The large tests in full; without this variable they take a sample.
  env: { LASTACK_LONG: "1", ...missing },
});
reportSkipped();
if (checkCode !== 0) console.error("npm run check FAILED (above)");
console.log(`npm test: ${checkCode === 0 && testCode === 0 ? "passed" : "FAILED"} in ${seconds(started)}`);
process.exitCode = checkCode !== 0 ? checkCode : testCode;

/** Installs a tool where that can be done. @returns why it is not there, or null when it is. */
async function ensure({ packages, why, hint, skipped, isThere, isBest = isThere }) {
  const [name] = packages;
  const isSwitchedOff = process.env[why] !== undefined;
  if (isSwitchedOff) return process.env[why] || `${name} is switched off`;
  if (await isBest()) return null;
  const isGoodEnough = await isThere();
  let reason = `${name} is not installed (${hint})`;
  if (process.getuid?.() === 0 && (await succeeds("apt-get", ["--version"]))) {
    console.log(`Installing ${name} with apt-get ...`);
    // Where something else will do, nobody waits for lists of packages from a network that may not be there.
    const isInstalled = await install(isGoodEnough ? [name] : packages);
    if (!isInstalled && !isGoodEnough && (await apt(["update"]))) await install(packages);
    if (await isThere()) return null;
    reason = `${name} is not installed, and apt-get could not install it`;
  }
  if (isGoodEnough) return null;
  console.warn(`\n*** ${reason}: ${skipped} are SKIPPED ***\n`);
  return reason;
}

/** @returns whether one of them could be installed: the first that can. */
async function install(packages) {
  for (const name of packages) {
    if (await apt(["install", "-y", "--no-install-recommends", name])) return true;
  }
  return false;
}

function apt(args) {
  return succeeds(
    "apt-get",
    ["-qq", "-o", "Acquire::http::Timeout=20", ...args],
    { DEBIAN_FRONTEND: "noninteractive" },
    INSTALL_TIMEOUT_MS,
  );
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
  for (const why of Object.values(missing)) console.log(`  (${why})`);
}
