/**
 * A lab with a bit of everything that could tell two runs apart: profiles, chance, faults, traffic, a hub, a switch.
 */
import type { Command, JournalEntry } from "../../core/contract/command.ts";
import type { Lab } from "../../core/lab/model.ts";
import { Session, type SessionOptions } from "../../core/session/session.ts";
import { booksOf } from "../harness/books.ts";
import { probes, readLab } from "../real/probe.ts";

export const END = 4_000_000_000;

const TEXT = `
lastack: 1
name: Everything at once
seed: 11
routing: auto
duration: 4s
nodes:
  h1: { kind: host, profile: ideal }
  h2: { kind: host, profile: modern, cpus: 2 }
  h3: { kind: host, profile: "1996", nics: { eth0: { driver: irq } } }
  h4: { kind: host, nics: { eth0: { qdisc: "netem delay 2ms 1ms loss 5%" } } }
  r1: { kind: router }
  r2: { kind: router, profile: modern }
  s1: { kind: switch }
  u1: { kind: hub }
links:
  - { ends: [h1, s1], rate: 100Mbps, delay: 100us }
  - { ends: [h2, s1], rate: 100Mbps, delay: 100us, loss: 3%, duplicate: 2% }
  - { ends: [s1, r1], rate: 1Gbps, delay: 10us }
  - name: backbone
    ends: [r1, r2]
    rate: 10Mbps
    delay: 5ms
    jitter: { spread: 1ms, distribution: normal }
    queue: 20
  - { ends: [r2, u1], delay: 1us }
  - { ends: [h3, u1], delay: 1us }
  - { ends: [h4, u1], delay: 1us }
faults:
  - { on: backbone, verdict: { delay: 3ms }, probability: 10%, from: 1s, until: 2s }
schedule:
  { from: 500ms, until: 3s, mean-gap: 200ms, mean-length: 200ms, heal: true,
    kinds: [link-down, loss, delay, duplicate, reorder, corrupt, partition, crash, reboot, pause] }
timeline:
  - { at: 0s, host: h1, run: "ping -c 40 -i 0.1 h3" }
  - { at: 100ms, host: h2, run: "probe any 10.0.2.2 30 90000000 1400" }
  - { at: 200ms, host: h4, run: "udpblast -r 300 -s 800 -t 2 h1 9" }
  - { at: 300ms, host: h3, run: "udpblast -r 300 -s 200 -t 2 h2 9" }
  # Streams over the same accidents: one both ways of the backbone, one to a host that crashes, one to itself.
  - { at: 50ms, host: h3, run: "iperf -s" }
  - { at: 150ms, host: h1, run: "iperf -c h3 -t 1" }
  - { at: 60ms, host: h2, run: "nc -lk 7 | head -n 5000" }
  - { at: 250ms, host: h4, run: "date; seq 20000 | nc h2 7" }
  - { at: 350ms, host: h4, run: "nc -lk 8 > /tmp/copy & seq 3000 | nc -N localhost 8; ss -tan; nstat" }
  - { at: 1s, host: h1, run: "while true; do echo tick | cat; sleep 0.3; done" }
checks:
  - { run: "ping -c 2 h4", on: h1, at: 3s, expect: { status: 0 } }
`;

export const newLab = (): Lab => readLab(TEXT);

export const newSession = (options: SessionOptions = {}): Session =>
  new Session(newLab(), { programs: probes, ...options });

/** What somebody does to the lab; the second and third at once, with nothing between them. */
export const ACTIONS: readonly (readonly [at: number, command: Command])[] = [
  [300_000_000, { kind: "exec", node: "r1", command: "ping -c 5 -i 0.2 10.0.0.1", console: 1 }],
  [700_000_001, { kind: "link", link: "backbone", action: "down" }],
  [700_000_001, { kind: "shell", node: "h1", console: 2 }],
  [900_000_000, { kind: "link", link: "backbone", action: "up" }],
  [900_000_000, { kind: "input", console: 2, text: "echo $((6 * 7)); ping h2\n" }],
  [1_400_000_000, { kind: "input", console: 2, text: "\u0003" }],
  [
    1_500_000_000,
    { kind: "link-set", link: "backbone", forward: { delayNs: 2_000_000 }, backward: { duplicate: 0.5 } },
  ],
  [2_000_000_000, { kind: "node", node: "h2", action: "crash" }],
  [2_500_000_000, { kind: "node", node: "h2", action: "reboot" }],
  [2_600_000_000, { kind: "node", node: "s1", action: "pause" }],
  [2_700_000_000, { kind: "node", node: "s1", action: "resume" }],
];

export interface Print {
  readonly digest: string;
  readonly events: number;
  readonly journal: readonly JournalEntry[];
  /** Everything that was printed, and where packets died. */
  readonly report: string;
  /** What every machine counted. */
  readonly books: string;
}

export function printOf(session: Session): Print {
  const { eventCount: events, digest, journal } = session;
  return { digest, events, journal: [...journal], report: JSON.stringify(session.report()), books: booksOf(session) };
}
