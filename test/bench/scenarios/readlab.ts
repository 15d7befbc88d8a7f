/** A lab of hosts around a switch is read, from its text to what can be run. Arguments: [hosts] */
import { assert } from "../../../core/base/assert.ts";
import { parseLab } from "../../../core/lab/parse.ts";
import { measure } from "../measure.ts";
import { median } from "../targets.ts";

const READS = 5;
const hosts = Number(process.argv[2] ?? 1000);
const numbers = Array.from({ length: hosts }, (_, index) => index + 1);

const text = [
  "lastack: 1",
  "nodes:",
  "  s1: { kind: switch }",
  ...numbers.map((i) => `  h${i}: { kind: host, at: [${i}, 100] }`),
  "links:",
  ...numbers.map((i) => `  - { ends: [h${i}, s1], rate: 1Gbps, delay: 10us }`),
].join("\n");

/** Wall milliseconds. */
function read(): number {
  const start = performance.now();
  const lab = parseLab(text, "star.lab.yaml");
  assert(lab.ok && lab.value.nodes.length === hosts + 1, "all of it is read");
  return performance.now() - start;
}

measure("readlab", () => {
  // The first one is what somebody who opens a lab waits for.
  const first = read();
  const times = Array.from({ length: READS }, read);
  return { events: hosts, facts: { first_ms: first, read_ms: median(times) } };
});
