/** `npm run golden`: the tests against reviewed texts. `-- --accept NAME` accepts the new text of that test. */
import { setUp, tool } from "./setup.mjs";

await setUp();
const args = process.argv.slice(2);
const accept = args.indexOf("--accept");
const name = accept < 0 ? undefined : args[accept + 1];
if (accept >= 0 && name === undefined) {
  console.error("--accept NAME: which test? What is accepted blindly is not a golden.");
  process.exit(2);
}
const selection = name === undefined ? [] : ["--update", "--testNamePattern", name];
process.exitCode = await tool("vitest/vitest.mjs", ["run", "--dir", "test", ...selection]);
