/** `npm run golden`: the tests against reviewed texts. `-- --accept NAME` accepts the new text of that test. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, setUp, tool } from "./setup.mjs";

const USAGE = `npm run golden [-- --accept NAME]
  runs the tests that compare with a reviewed text (a snapshot, in the test or beside it)
  --accept NAME  takes over the new text of the tests whose name matches NAME`;

const args = process.argv.slice(2);
const [option, name] = args;
if (args.includes("--help") || args.includes("-h")) {
  console.log(USAGE);
  process.exit(0);
}
if (args.length > 0 && (option !== "--accept" || name === undefined || args.length > 2)) {
  console.error(`${option === "--accept" ? "--accept NAME: which test? " : ""}${USAGE}`);
  process.exit(2);
}
await setUp();
const selection = name === undefined ? [] : ["--update", "--testNamePattern", name];
process.exitCode = await tool("vitest/vitest.mjs", ["run", ...selection, ...goldenTests()]);

/** Test files that hold or name a reviewed text. */
function goldenTests() {
  const files = ["core", "test"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).map((path) => join(folder, path)),
  );
  const tests = files.filter((path) => path.endsWith(".test.ts"));
  return tests.filter((path) => /toMatch(File|Inline)?Snapshot\(/.test(readFileSync(join(ROOT, path), "utf8")));
}
