/**
 * Frames that a router passes on without making packets of them (core/kernel/net/fast-forward.ts): all that is counted,
 * printed and captured, and every event, is what it is when everything is traced, which makes every frame go the long
 * way.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import type { Kernel } from "../../core/kernel/kernel.ts";
import { Session } from "../../core/session/session.ts";
import type { MacAddress } from "../../core/wire/address.ts";
import { booksOf } from "../harness/books.ts";
import { readLab } from "../real/probe.ts";
import { strange } from "./strange-frames.ts";

/** One that has a router or link of its own, or something that is done in the middle of the traffic. */
interface Case {
  readonly name: string;
  /** Of the router in the middle, and of the cable behind it. */
  readonly router?: string;
  readonly cable?: string;
  /** Commands at 600 ms, in the middle of the traffic, and at 1.2 s. */
  readonly then?: readonly string[];
  readonly later?: readonly string[];
  /** No frame at all takes the short way. */
  readonly isNever?: true;
}

const CASES: readonly Case[] = [
  { name: "streams, datagrams and pings both ways" },
  { name: "two CPUs", router: "cpus: 2" },
  { name: "work that takes time", router: "profile: modern", isNever: true },
  {
    name: "an interrupt for each packet",
    router: "nics: { eth0: { driver: irq }, eth1: { driver: irq } }",
    isNever: true,
  },
  {
    name: "polling without a quota",
    router: "nics: { eth0: { driver: poll }, eth1: { driver: poll } }",
    isNever: true,
  },
  {
    name: "interrupts that wait",
    then: ["ethtool -C eth0 rx-usecs 50 rx-frames 32", "ethtool -C eth1 rx-usecs 50 rx-frames 32"],
    later: ["ethtool -C eth0 rx-usecs 0"],
  },
  { name: "checksums in software", then: ["ethtool -K eth0 rx off", "ethtool -K eth1 tx off"] },
  { name: "a ring of few descriptors", router: "nics: { eth1: { tx-ring: 8 } }", cable: "rate: 5Mbps" },
  {
    name: "a router that sends more than the cable takes",
    cable: "rate: 5Mbps",
    then: ["udpblast -r 3000 -s 1400 -t 1 10.0.2.2 9"],
  },
  { name: "ports of a VLAN", router: "nics: { eth1: { vlan: 7 } }", isNever: true },
  { name: "a route with an MTU of its own", then: ["ip route replace 10.0.2.0/24 via 10.0.1.2 mtu 600"] },
  { name: "a route back to where it came from", then: ["ip route replace 10.0.2.0/24 via 10.0.0.3"] },
  { name: "a discipline with a mind of its own", then: ["tc qdisc replace dev eth1 root fq_codel"] },
  { name: "a short queue", router: 'nics: { eth1: { qdisc: "pfifo limit 5" } }', cable: "rate: 5Mbps" },
  { name: "a budget of one packet", then: ["sysctl -w net.core.netdev_budget=1"] },
  {
    name: "filters for the reverse path, which leads elsewhere",
    then: ["sysctl -w net.ipv4.conf.all.rp_filter=1", "ip route replace 10.0.2.0/24 via 10.0.0.3"],
  },
  {
    name: "forwarding switched off and on",
    then: ["sysctl -w net.ipv4.ip_forward=0"],
    later: ["sysctl -w net.ipv4.ip_forward=1"],
  },
  { name: "an interface down and up", then: ["ip link set eth1 down"], later: ["ip link set eth1 up"] },
  { name: "a smaller MTU", then: ["ip link set eth1 mtu 800"] },
  { name: "somebody who listens", then: ["timeout 0.2 tcpdump -c 5 -i eth0"] },
  { name: "neighbours forgotten", then: ["ip neigh flush dev eth1"] },
  {
    name: "a route that is gone, and another",
    then: ["ip route del 10.0.2.0/24"],
    later: ["ip route add 10.0.2.0/24 via 10.0.1.2"],
  },
  {
    name: "a cable that loses, doubles, damages and reorders",
    cable: "loss: 2%, duplicate: 2%, corrupt: 2%, delay: 1ms",
  },
];

const labOf = ({ router, cable, then, later }: Case): string => `
lastack: 1
name: fast forward
seed: 5
profile: ideal
routing: static
duration: 3s
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.0.1/24 }, routes: [{ to: default, via: 10.0.0.254 }] }
  h3: { kind: host, addresses: { eth0: 10.0.0.3/24 }, routes: [{ to: default, via: 10.0.0.254 }] }
  s1: { kind: switch }
  r1:
    kind: router
    addresses: { eth0: 10.0.0.254/24, eth1: 10.0.1.1/24 }
    routes: [{ to: 10.0.2.0/24, via: 10.0.1.2 }]
    ${router ?? ""}
  r2: { kind: router, addresses: { eth0: 10.0.1.2/24, eth1: 10.0.2.254/24 }, routes: [{ to: default, via: 10.0.1.1 }] }
  h2: { kind: host, addresses: { eth0: 10.0.2.2/24 }, routes: [{ to: default, via: 10.0.2.254 }] }
links:
  - { ends: [h1, s1], rate: 100Mbps, delay: 50us }
  - { ends: [h3, s1], rate: 100Mbps, delay: 50us }
  - { ends: [s1, "r1:eth0"], rate: 100Mbps, delay: 50us }
  - { ends: ["r1:eth1", "r2:eth0"]${cable === undefined ? ", rate: 100Mbps" : `, ${cable}`} }
  - { ends: ["r2:eth1", h2], rate: 100Mbps, delay: 50us }
timeline:
  - { at: 0s, host: h2, run: "iperf -s" }
  - { at: 0s, host: h1, run: "nc -lk 7 | wc -c" }
  - { at: 100ms, host: h1, run: "iperf -c 10.0.2.2 -t 2 -b 3m" }
  - { at: 150ms, host: h2, run: "seq 20000 | nc -N 10.0.0.1 7" }
  - { at: 200ms, host: h3, run: "udpblast -r 200 -s 300 -t 2 10.0.2.2 9" }
  - { at: 250ms, host: h3, run: "ping -c 10 -i 0.2 -s 3000 10.0.2.2" }
  - { at: 300ms, host: h3, run: "traceroute 10.0.2.2" }
  - { at: 350ms, host: h2, run: "ping -c 2 -t 1 10.0.0.3; ping -c 2 -W 1 10.0.0.77; ping -c 1 -W 1 224.1.1.1" }
  - { at: 350ms, host: r1, run: "iperf -c 10.0.2.2 -t 1 -b 4m" }
  - { at: 400ms, host: h2, run: "udpblast -r 200 -s 100 -t 2 10.0.0.1 9" }
  - { at: 500ms, host: h3, run: strange }
${[...(then ?? []).map((run) => entry("600ms", run)), ...(later ?? []).map((run) => entry("1200ms", run))].join("\n")}
`;

const entry = (at: string, run: string): string => `  - { at: ${at}, host: r1, run: "${run}" }`;

interface Seen {
  readonly digest: string;
  readonly consoles: unknown;
  readonly books: string;
  /** Hash of all that a capture of all interfaces has seen. */
  readonly capture: string;
  /** Frames that took the short way at the router in the middle. */
  readonly passed: number;
}

const routerOf = (session: Session): Kernel | undefined =>
  [...session.world.machines.values()].find(({ name }) => name === "r1")?.kernel;

function run(text: string, { traced = false, captured = false }): Seen {
  const routerMac = (): MacAddress => routerOf(session)?.nics[0]?.mac ?? (0 as MacAddress);
  const session = new Session(readLab(text), { programs: new Map([["strange", strange(routerMac)]]) });
  if (traced) session.trace.wantAll();
  const hash = createHash("sha256");
  if (captured) {
    session.capture([...session.captureInterfaces.keys()], {
      onFrame: ({ bytes, start, length, ...facts }) => {
        hash.update(JSON.stringify(facts)).update(bytes.subarray(start, start + length));
      },
    });
  }
  session.advance(3_000_000_000 as VirtualTime);
  const { consoles } = session.report();
  const passed = (routerOf(session)?.cpus ?? []).reduce((sum, cpu) => sum + cpu.passed, 0);
  return { digest: session.digest, consoles, books: booksOf(session), capture: hash.digest("hex"), passed };
}

describe("a frame that takes the short way", { timeout: 30_000 }, () => {
  test.each(CASES)("leaves what it leaves on the long one: $name", (given) => {
    const text = labOf(given);
    for (const captured of [false, true]) {
      const { passed, ...short } = run(text, { captured });
      const { passed: none, ...long } = run(text, { captured, traced: true });
      expect(short).toEqual(long);
      expect(none).toBe(0);
      if (given.isNever === true) expect(passed).toBe(0);
      else expect(passed).toBeGreaterThan(100);
    }
  });
});
