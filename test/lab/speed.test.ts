/** A lab of 1,000 hosts around a switch is read while one blinks. */
import { expect, test } from "vitest";
import { parseLab } from "../../core/lab/parse.ts";

const HOSTS = 1000;

test("1,000 hosts in under 300 ms", { timeout: 60_000 }, () => {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `  h${i + 1}: { kind: host, at: [${i}, 100] }\n`).join("");
  const links = Array.from(
    { length: HOSTS },
    (_, i) => `  - { ends: [h${i + 1}, s1], rate: 1Gbps, delay: 10us }\n`,
  ).join("");
  const text = `lastack: 1\nnodes:\n  s1: { kind: switch }\n${hosts}links:\n${links}`;
  // The machine may be busy with other tests: processor time counts, of the best of five tries.
  const times = Array.from({ length: 5 }, () => {
    const started = process.cpuUsage();
    const lab = parseLab(text, "star.yaml");
    expect(lab.ok && lab.value.nodes.length).toBe(HOSTS + 1);
    return process.cpuUsage(started).user / 1000;
  });
  console.log(`1,000-host star: first ${(times[0] ?? 0).toFixed(0)} ms, best ${Math.min(...times).toFixed(0)} ms`);
  expect(Math.min(...times)).toBeLessThan(300);
});
