/**
 * The state table at work: over the sample labs about TCP and a number of random labs, every change of state is an edge
 * of RFC 9293's figure 5 as `TCP_EDGES` has it, and every edge is walked.
 */
import { expect, test } from "vitest";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { StreamIntegrity } from "../../core/checkers/stream-integrity.ts";
import { TCP_EDGES, TCP_STATE_NAMES, type TcpState } from "../../core/kernel/tcp/states.ts";
import type { Lab } from "../../core/lab/model.ts";
import { Session } from "../../core/session/session.ts";
import { LONG } from "../harness/long.ts";
import { readLab } from "../real/probe.ts";
import { randomLab } from "../simulate/random-lab.ts";
import { streamPrograms } from "../simulate/stream-programs.ts";
import { sampleLab, TCP_LABS } from "./sample.ts";

/** Long transfers and floods: much of the same. */
const DULL = new Set(["tcp-fairness", "tcp-slow-start-and-aimd", "tcp-bufferbloat", "tcp-hijack", "tcp-syn-flood"]);
/** Random labs have all of their connections behind them by then. */
const RANDOM_NS = 60 * SECOND;
/** Wild programs and faults end connections in every state, in one of so many labs. */
const SEEDS = LONG ? Array.from({ length: 30 }, (_, index) => 2 * index + 2) : [10, 22];

/**
 * Only fast open gives a program a connection whose handshake is not over: one server closes it at once, to the other
 * comes data in a SYN that nobody stands by, so that the SYN-ACK is answered with RST.
 */
const FAST_OPEN = `
lastack: 1
name: fast open
seed: 1
duration: 5s
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.0.1/24 }, sysctls: { net.ipv4.tcp_fastopen: 5 } }
  h2:
    kind: host
    addresses: { eth0: 10.0.0.2/24 }
    sysctls: { net.ipv4.tcp_fastopen: 1538 }
    run: ["nc -W 1 -l 7 & nc -l 9 & wait"]
links:
  - { ends: [h1, h2], delay: 50ms }
timeline:
  - { at: 1s, host: h1, run: curl -s --tcp-fastopen http://h2:7/ }
  - { at: 2s, host: h1, run: hping3 -S -p 9 -d 10 -c 1 h2 }
`;

const edge = (from: TcpState, to: TcpState): string => `${TCP_STATE_NAMES[from]} > ${TCP_STATE_NAMES[to]}`;
const EDGES = Object.entries(TCP_EDGES).flatMap(([from, next]) => next.map((to) => edge(Number(from) as TcpState, to)));

function walk(lab: Lab, until: number, seen: Map<string, number>): void {
  const session = new Session(lab, { programs: streamPrograms(new StreamIntegrity()) });
  session.trace.want(["sock:inet_sock_set_state"]);
  session.trace.listen(({ fields }) => {
    const walked = edge(fields["oldstate"] as TcpState, fields["newstate"] as TcpState);
    seen.set(walked, (seen.get(walked) ?? 0) + 1);
  });
  session.advance(until as VirtualTime);
}

test("labs walk over the edges of the state diagram, and no others", { timeout: 300_000 }, () => {
  const seen = new Map<string, number>();
  for (const name of TCP_LABS) {
    if (!DULL.has(name)) walk(sampleLab(name), sampleLab(name).durationNs, seen);
  }
  walk(readLab(FAST_OPEN), 5 * SECOND, seen);
  for (const seed of SEEDS) walk(readLab(randomLab(seed)), RANDOM_NS, seen);
  console.log(EDGES.map((known) => `${String(seen.get(known) ?? 0).padStart(6)}  ${known}`).join("\n"));
  expect([...seen.keys()].filter((walked) => !EDGES.includes(walked))).toEqual([]);
  // Two random labs walk over most; core/kernel/tcp/states.test.ts over each, one by one.
  const missing = EDGES.filter((known) => !seen.has(known));
  expect(missing.length).toBeLessThanOrEqual(LONG ? 0 : EDGES.length / 2);
});
