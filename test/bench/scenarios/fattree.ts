/**
 * A k-ary fat tree of k^3/4 hosts; each sends 1 MB by TCP to one seeded random other. 1 Gbit/s and 10 us everywhere,
 * 100-packet queues. The opponent is ns3/fattree.cc --routing=nix. Arguments: [k]
 */
import { assert } from "../../../core/base/assert.ts";
import { MICROSECOND, SECOND, type VirtualTime } from "../../../core/base/time.ts";
import type { Program } from "../../../core/kernel/syscall/sys.ts";
import { Session } from "../../../core/session/session.ts";
import { measure } from "../measure.ts";
import { BenchRandom } from "./random.ts";
import { LIKE_NS3, readLab, sender, sink, sysctls } from "./tcp-programs.ts";

const BYTES = 1_000_000;
const k = Number(process.argv[2] ?? 8);
const half = k / 2;
const hosts = k * half * half;
const numbers = Array.from({ length: hosts }, (_, index) => index);

/** Every link is a /30, numbered in the order of its making, as Ipv4AddressHelper does. */
function tree(): { text: string; addresses: number[] } {
  const nics = new Map<string, string[]>();
  const links: string[] = [];
  const addresses: number[] = [];
  let network = 0x0a000000;
  const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
  const join = (a: string, b: string): number => {
    const ends = [a, b].map((node, end) => {
      const list = nics.get(node) ?? [];
      nics.set(node, list);
      list.push(`eth${list.length}: ${dotted(network + 1 + end)}/30`);
      return `"${node}:eth${list.length - 1}"`;
    });
    links.push(`  - { ends: [${ends.join(", ")}] }`);
    network += 4;
    return network - 4 + 1;
  };
  for (let pod = 0; pod < k; pod++) {
    for (let edge = 0; edge < half; edge++) {
      const at = pod * half + edge;
      for (let i = 0; i < half; i++) addresses[at * half + i] = join(`h${at * half + i}`, `e${at}`);
      for (let up = 0; up < half; up++) join(`e${at}`, `g${pod * half + up}`);
      for (let core = 0; core < half; core++) join(`g${at}`, `c${edge * half + core}`);
    }
  }
  const kind = (node: string): string => (node.startsWith("h") ? "host" : "router");
  const nodes = [...nics].map(
    ([node, list]) => `  ${node}: { kind: ${kind(node)}, addresses: { ${list.join(", ")} } }`,
  );
  const text = [
    "lastack: 1",
    "name: fattree",
    "routing: auto",
    "profile: ideal",
    "duration: 60s",
    `defaults: { link: { rate: 1Gbps, delay: 10us, queue: 100 }, host: { sysctls: ${sysctls(LIKE_NS3)} } }`,
    "nodes:",
    ...nodes,
    "links:",
    ...links,
  ].join("\n");
  return { text, addresses };
}

measure(`fattree ${k}`, () => {
  const { text, addresses } = tree();
  const start = process.hrtime.bigint();
  const lab = readLab(text, "fattree");
  const done = new Array<number>(hosts).fill(Infinity);
  const got = new Array<number>(hosts).fill(0);
  let left = hosts;
  const random = new BenchRandom(1);
  const targets = numbers.map((i) => random.otherThan(i, hosts));
  const programs = new Map<string, Program>();
  for (const i of numbers) {
    const port = 10_000 + i;
    programs.set(
      `sender${i}`,
      sender({ target: addresses[targets[i] ?? 0] ?? 0, port, bytes: BYTES, sendSize: 65_536 }),
    );
    programs.set(
      `sink${i}`,
      sink(port, (count) => {
        got[i] = (got[i] ?? 0) + count;
        if (got[i] !== BYTES) return;
        done[i] = session.now;
        left--;
      }),
    );
  }
  const session = new Session(lab, { programs });
  const built = Number(process.hrtime.bigint() - start) / 1e9;
  for (const i of numbers) {
    session.inject({ kind: "exec", node: `h${targets[i] ?? 0}`, command: `sink${i}`, console: 1 + i });
  }
  for (const i of numbers) {
    session.advance((i * MICROSECOND) as VirtualTime);
    session.inject({ kind: "exec", node: `h${i}`, command: `sender${i}`, console: 10_001 + i });
  }
  while (left > 0 && session.now < lab.durationNs) session.advance((session.now + SECOND / 10) as VirtualTime);
  assert(left === 0, `every flow is complete: ${left} are not`);
  done.sort((a, b) => a - b);
  const at = (index: number): number => (done[index] ?? Infinity) / SECOND;
  const facts = {
    build_s: built,
    sim_p50_s: at(hosts / 2),
    sim_p99_s: at(Math.floor(hosts * 0.99)),
    sim_done_s: at(hosts - 1),
  };
  return { events: session.eventCount, facts };
});
