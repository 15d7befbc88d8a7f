/**
 * Random labs in which machines may run apart (core/engine/window.ts): cables with delays, no jitter, no hub. Hosts and
 * switches hang on a tree of routers; they send streams and datagrams, lose packets, crash and come back.
 */
import { Random } from "../../core/base/random.ts";

/** The run is over by then but for its timers. */
export const SPREAD_END = 3_000_000_000;

const DELAYS = ["20us", "150us", "1ms", "1ms", "4ms"] as const;
const PROFILES = ["ideal", "ideal", "modern", "1996"] as const;

export function spreadLab(seed: number): string {
  const random = new Random(seed, "spread-lab");
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)] as T;
  const routers = 1 + random.below(4);
  const hosts = 3 + random.below(5);
  const machine = (kind: string): string => `{ kind: ${kind}, profile: "${pick(PROFILES)}" }`;
  const cable = (): string => {
    const chance = [", loss: 1%", ", duplicate: 1%", ", corrupt: 1%", "", "", ""];
    return `, rate: ${pick(["3Mbps", "10Mbps", "30Mbps"])}, delay: ${pick(DELAYS)}, queue: 30${pick(chance)} }`;
  };
  const host = (): string => `h${random.below(hosts)}`;
  const traffic = Array.from({ length: 4 + random.below(8) }, (): string => {
    const from = host();
    // To itself, where nothing costs time, a stream would never get past an instant.
    const to = `h${(Number(from.slice(1)) + 1 + random.below(hosts - 1)) % hosts}`;
    const run = pick([
      `ping -c 5 -i 0.05 ${to}`,
      `iperf -c ${to} -t 1`,
      `seq 3000 | nc -N ${to} 7`,
      `udpblast -r 500 -s 300 -t 1 ${to} 9`,
    ]);
    return `  - { at: ${10 * random.below(100)}ms, host: ${from}, run: "${run}" }`;
  });
  const accidents = [
    "  - { at: 700ms, node: h0, do: crash }",
    "  - { at: 900ms, node: h0, do: reboot }",
    "  - { at: 800ms, link: c1, do: down }",
    "  - { at: 1100ms, link: c1, do: up }",
  ];
  return [
    "lastack: 1",
    `name: spread ${seed}`,
    `seed: ${seed}`,
    "routing: auto",
    "duration: 3s",
    "nodes:",
    ...Array.from({ length: routers }, (_, i) => `  r${i}: ${machine("router")}`),
    ...Array.from({ length: routers }, (_, i) => `  s${i}: { kind: switch }`),
    ...Array.from(
      { length: hosts },
      (_, i) => `  h${i}: ${machine("host").replace(" }", ', run: ["iperf -s & nc -lk 7 | wc -c"] }')}`,
    ),
    "links:",
    ...Array.from({ length: routers - 1 }, (_, i) => `  - { ends: [r${random.below(i + 1)}, r${i + 1}]${cable()}`),
    ...Array.from({ length: routers }, (_, i) => `  - { ends: [r${i}, s${i}]${cable()}`),
    ...Array.from(
      { length: hosts },
      (_, i) => `  - { name: c${i}, ends: [h${i}, ${pick(["r", "s"])}${random.below(routers)}]${cable()}`,
    ),
    "timeline:",
    ...traffic,
    ...(random.below(2) === 0 ? accidents : []),
    "checks:",
    `  - { run: "ping -c 2 h1", on: h2, at: 2s, expect: { status: 0 } }`,
    "",
  ].join("\n");
}
