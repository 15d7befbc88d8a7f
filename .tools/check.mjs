/**
 * `npm run check [-- name...]`: format, types, lint, layers, dead code. Two tools at a time; one line each, and what a
 * tool has to say only when it fails.
 */
import { seconds, tool } from "./setup.mjs";

/** TypeScript 7, in a quarter of the time; eslint and vue-tsc need the older one, whose API it does not have. */
const TSC = "typescript-native/bin/tsc";
const VUE_TSC = "vue-tsc/bin/vue-tsc.js";
const DEPCRUISE = "dependency-cruiser/bin/dependency-cruise.mjs";
/** The slowest first, so that the two lanes end together. */
const CHECKS = {
  lint: ["eslint/bin/eslint.js", ["."]],
  "types-renderer": [VUE_TSC, ["-p", "renderer", "--noEmit"]],
  "types-test": [TSC, ["-p", "test"]],
  "types-node": [TSC, ["-p", "core/node"]],
  layers: [
    DEPCRUISE,
    ["--config", ".dependency-cruiser.cjs", "--output-type", "err", "core", "renderer", "electron", "test"],
  ],
  "types-core": [TSC, ["-p", "core"]],
  "types-worker": [TSC, ["-p", "core/worker"]],
  "types-electron": [TSC, ["-p", "electron"]],
  "dead-code": ["knip/bin/knip.js", ["--no-config-hints"]],
  format: ["prettier/bin/prettier.cjs", ["--check", "--log-level", "warn", "."]],
};
const LANES = 2;

const wanted = process.argv.slice(2);
if (wanted.includes("--help")) {
  console.log(`npm run check [-- NAME...]: ${Object.keys(CHECKS).join(", ")}; without a name, all`);
  process.exit(0);
}
const unknown = wanted.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`no check ${unknown.join(", ")}; there are: ${Object.keys(CHECKS).join(", ")}`);
  process.exit(2);
}
const queue = Object.entries(CHECKS).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const failed = [];

async function lane() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [name, [path, args]] = next;
    const output = [];
    const started = performance.now();
    const code = await tool(path, args, { onOutput: (chunk) => output.push(chunk) });
    console.log(`${code === 0 ? "ok  " : "FAIL"}  ${name.padEnd(12)} ${seconds(started)}`);
    if (code === 0) continue;
    failed.push(name);
    console.log(Buffer.concat(output).toString("utf8").trimEnd());
  }
}

await Promise.all(Array.from({ length: LANES }, lane));
if (failed.length > 0) {
  console.error(`\ncheck failed: ${failed.join(", ")}. Again alone: npm run check -- ${failed.join(" ")}`);
  if (failed.includes("format")) console.error("Format with: npx prettier --write .");
  process.exitCode = 1;
}
