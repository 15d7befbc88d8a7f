/**
 * `npm run check [-- name...]`: format, types, lint, layers, dead code. Two tools at a time; one line each, and what a
 * tool has to say only when it fails.
 */
import { seconds, tool } from "./setup.mjs";

const TSC = "typescript/bin/tsc";
const DEPCRUISE = "dependency-cruiser/bin/dependency-cruise.mjs";
/** Window and desktop app are under construction: `npm run check:window` looks at them until they are complete. */
const WINDOW = ["test/e2e/**", "test/electron/**", "test/bench-window/**"];
/** The slowest first, so that the two lanes end together. */
const CHECKS = {
  lint: ["eslint/bin/eslint.js", ["core", "test", ".tools", ...WINDOW.flatMap((part) => ["--ignore-pattern", part])]],
  "types-node": [TSC, ["-p", "core/node"]],
  layers: [DEPCRUISE, ["--config", ".dependency-cruiser.cjs", "--output-type", "err", "core", "test"]],
  "types-core": [TSC, ["-p", "core"]],
  "types-worker": [TSC, ["-p", "core/worker"]],
  format: ["prettier/bin/prettier.cjs", ["--check", "--log-level", "warn", "core", "resources", "*.md"]],
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
