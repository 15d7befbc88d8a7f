/**
 * Ten greedy TCP flows over one 100 Mbit/s, 10 ms bottleneck with a 250-packet queue, for 30 s. The opponent is
 * ns3/dumbbell.cc. Arguments: [seconds] [flows]
 */
import { assert } from "../../../core/base/assert.ts";
import { MILLISECOND, type VirtualTime } from "../../../core/base/time.ts";
import type { Program } from "../../../core/kernel/syscall/sys.ts";
import { Session } from "../../../core/session/session.ts";
import { measure } from "../measure.ts";
import { LIKE_NS3, readLab, sender, sink, sysctls } from "./tcp-programs.ts";

const PORT = 5001;
const seconds = Number(process.argv[2] ?? 30);
const flows = Number(process.argv[3] ?? 10);
const numbers = Array.from({ length: flows }, (_, index) => index);

const lab = readLab(
  [
    "lastack: 1",
    "name: dumbbell",
    "routing: auto",
    "profile: ideal",
    `duration: ${seconds}s`,
    `defaults: { link: { rate: 1Gbps, delay: 1ms, queue: 250 }, host: { sysctls: ${sysctls(LIKE_NS3)} } }`,
    "nodes:",
    "  r1: { kind: router, addresses: { eth0: 10.0.0.1/30 } }",
    "  r2: { kind: router, addresses: { eth0: 10.0.0.2/30 } }",
    ...numbers.flatMap((i) => [
      `  a${i}: { kind: host, addresses: { eth0: 10.1.${i}.1/24 } }`,
      `  b${i}: { kind: host, addresses: { eth0: 10.2.${i}.1/24 } }`,
    ]),
    "links:",
    '  - { ends: ["r1:eth0", "r2:eth0"], rate: 100Mbps, delay: 10ms }',
    ...numbers.flatMap((i) => [
      `  - { ends: ["a${i}:eth0", "r1:eth${i + 1}"] }`,
      `  - { ends: ["b${i}:eth0", "r2:eth${i + 1}"] }`,
    ]),
  ].join("\n"),
  "dumbbell",
);

measure("dumbbell", () => {
  const received = new Array<number>(flows).fill(0);
  const programs = new Map<string, Program>();
  for (const i of numbers) {
    programs.set(
      `sink${i}`,
      sink(PORT, (count) => void (received[i] = (received[i] ?? 0) + count)),
    );
    const target = 0x0a020001 + i * 256;
    programs.set(`sender${i}`, sender({ target, port: PORT, bytes: Infinity, sendSize: 65_536 }));
  }
  const session = new Session(lab, { programs });
  for (const i of numbers) session.inject({ kind: "exec", node: `b${i}`, command: `sink${i}`, console: 1 + i });
  for (const i of numbers) {
    session.advance((10 * i * MILLISECOND) as VirtualTime);
    session.inject({ kind: "exec", node: `a${i}`, command: `sender${i}`, console: 1001 + i });
  }
  session.advance(lab.durationNs as VirtualTime);
  const rates = received.map((bytes) => (bytes * 8) / seconds / 1e6);
  const goodput = rates.reduce((sum, rate) => sum + rate, 0);
  assert(goodput > 50, `the bottleneck is used: ${goodput} Mbit/s`);
  const facts = { goodput_mbps: goodput, min_mbps: Math.min(...rates), max_mbps: Math.max(...rates) };
  return { events: session.eventCount, facts };
});
