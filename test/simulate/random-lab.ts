/**
 * Random labs: topology, impairments, cost profiles, drivers, traffic and faults, all drawn from one seed, written as a
 * lab file so that a failing one can be opened, read and made smaller by hand. Calm labs lose, double, delay and damage
 * packets, but nothing crashes and no program gives up: there every stream must arrive whole. In wild labs anything
 * goes.
 */
import { Random } from "../../core/base/random.ts";
import { randomStreams, streamFaults, type StreamTraffic } from "./random-streams.ts";

const PROFILES = ["ideal", "ideal", "modern", "1996"] as const;
const DRIVERS = ["napi", "napi", "irq", "poll"] as const;
const QDISCS = [
  "pfifo_fast",
  "fq_codel",
  "tbf rate 5mbit burst 10kb latency 50ms",
  "netem delay 2ms 1ms loss 1%",
] as const;
const PACKET_FAULTS = ["loss", "delay", "duplicate", "reorder", "corrupt", "pause"];
const FAULTS = [...PACKET_FAULTS, "link-down", "partition", "crash", "reboot"];

/** Faults end here, and the run goes on long enough for ARP, pings and reassembly to settle. */
export const FAULTS_UNTIL_S = 6;
export const SETTLED_S = 45;

export function randomLab(seed: number): string {
  const random = new Random(seed, "random-lab");
  const routers = 1 + random.below(4);
  const lans = Array.from({ length: 1 + random.below(3) }, (_, index) => lan(random, index));
  // One host alone has nobody to reach.
  if (lans.length === 1) lans.push(lan(random, 1));
  const hosts = lans.flatMap((each) => each.hosts);
  const wild = isWild(seed);
  const streams = randomStreams(seed, hosts, wild);
  const lines = [
    "lastack: 1",
    `name: random ${seed}`,
    `seed: ${seed}`,
    "routing: auto",
    `duration: ${SETTLED_S + 10}s`,
    "nodes:",
    ...Array.from({ length: routers }, (_, index) => `  r${index}: { kind: router, ${machine(random)} }`),
    ...lans.flatMap((each) => each.nodes.map((line) => withStreams(line, streams))),
    "links:",
    ...backbone(random, routers).map(([a, b]) => `  - { ends: [r${a}, r${b}]${impairments(random)} }`),
    ...lans
      .flatMap((each) => each.links.map((line) => line.replace("ROUTER", `r${random.below(routers)}`)))
      .map((line) => (wild ? line : withoutBlackHole(line))),
    ...streamFaults(seed),
    ...schedule(random, seed, wild ? FAULTS : PACKET_FAULTS),
    "timeline:",
    ...traffic(random, hosts),
    ...streams.timeline,
    "checks:",
    ...reachChecks(hosts),
  ];
  return `${lines.join("\n")}\n`;
}

/** Every other lab is calm. */
export const isWild = (seed: number): boolean => seed % 2 === 0;

/**
 * A switch drops what is too long for a cable and tells nobody: without path MTU probing a stream stands still there
 * until it is given up, as Linux's does.
 */
const withoutBlackHole = (line: string): string => (line.includes("switch") ? line.replace(/, mtu: \d+/, "") : line);

/** A host's line with what its streams need: parameters of its TCP, and servers from the start. */
function withStreams(line: string, streams: StreamTraffic): string {
  const name = /^ {2}(\w+):/.exec(line)?.[1] ?? "";
  const settings = streams.hosts.get(name);
  return settings === undefined ? line : line.replace(/ \}$/, `, ${settings} }`);
}

/**
 * Every host asks every other, one pair after the other and up to four times: short queues and lossy qdiscs belong to
 * the lab, and what they drop is no defect.
 */
function reachChecks(hosts: readonly string[]): string[] {
  const pairs = hosts.flatMap((from) => hosts.filter((to) => to !== from).map((to) => ({ from, to })));
  return pairs.map(
    ({ from, to }, index) =>
      `  - { name: ${from} reaches ${to} again, on: ${from}, at: ${SETTLED_S * 1000 + index * 10}ms, ` +
      `run: "ping -q -c 4 -i 0.5 -W 2 ${to}", expect: { status: 0 } }`,
  );
}

interface Lan {
  readonly hosts: readonly string[];
  readonly nodes: readonly string[];
  /** The first leads to a router. */
  readonly links: readonly string[];
}

function lan(random: Random, index: number): Lan {
  const kind = random.pick(["cable", "switch", "switch", "hub"] as const);
  const count = kind === "cable" ? 1 : 1 + random.below(4);
  const hosts = Array.from({ length: count }, (_, at) => `h${index}x${at}`);
  const nodes = hosts.map((name) => `  ${name}: { kind: host, ${machine(random)} }`);
  if (kind === "cable") {
    return { hosts, nodes, links: [`  - { ends: [${hosts[0] ?? ""}, ROUTER]${impairments(random)} }`] };
  }
  const centre = `${kind}${index}`;
  nodes.push(kind === "hub" ? `  ${centre}: { kind: hub, rate: 10Mbps }` : `  ${centre}: { kind: switch }`);
  // A hub's cables are one medium: they have a length and nothing else.
  const quality = (): string => (kind === "hub" ? ", delay: 1us" : impairments(random));
  return {
    hosts,
    nodes,
    links: ["ROUTER", ...hosts].map((name) => `  - { ends: [${centre}, ${name}]${quality()} }`),
  };
}

function machine(random: Random): string {
  const nic =
    `driver: ${random.pick(DRIVERS)}, rx-ring: ${random.pick([16, 64, 256])}, ` +
    `offload: { tx-checksum: ${random.chance(0.5)} }, qdisc: "${random.pick(QDISCS)}"`;
  return `profile: ${random.pick(PROFILES)}, cpus: ${1 + random.below(2)}, nics: { eth0: { ${nic} } }`;
}

function impairments(random: Random): string {
  const parts = [`rate: ${random.pick(["10Mbps", "100Mbps", "1Gbps"])}`, `delay: ${random.below(20_000)}us`];
  if (random.chance(0.2)) {
    parts.push(
      `jitter: { spread: ${1 + random.below(900)}us, distribution: ${random.pick(["uniform", "normal", "pareto"])} }`,
    );
  }
  if (random.chance(0.1)) parts.push(`duplicate: ${random.below(20)}%`);
  if (random.chance(0.1)) parts.push(`reorder: { probability: ${random.below(30)}%, gap: ${1 + random.below(5)} }`);
  if (random.chance(0.2)) parts.push(`queue: ${1 + random.below(50)}`);
  if (random.chance(0.2)) parts.push(`mtu: ${576 + random.below(924)}`);
  return `, ${parts.join(", ")}`;
}

/** A random tree of routers with a few more edges. */
function backbone(random: Random, routers: number): [number, number][] {
  const edges: [number, number][] = [];
  for (let index = 1; index < routers; index++) edges.push([random.below(index), index]);
  for (let extra = random.below(3); extra > 0 && routers > 2; extra--) {
    const a = random.below(routers);
    const b = random.below(routers);
    if (a !== b) edges.push([a, b]);
  }
  return edges;
}

function schedule(random: Random, seed: number, possible: readonly string[]): string[] {
  const kinds = possible.filter(() => random.chance(0.5));
  if (kinds.length === 0) return [];
  return [
    "schedule:",
    `  { seed: ${seed}, from: 500ms, until: ${FAULTS_UNTIL_S}s, mean-gap: ${100 + random.below(900)}ms,`,
    `    mean-length: ${50 + random.below(900)}ms, kinds: [${kinds.join(", ")}], heal: true }`,
  ];
}

function traffic(random: Random, hosts: readonly string[]): string[] {
  const lines: string[] = [];
  for (let count = 3 + random.below(8); count > 0; count--) {
    const from = random.pick(hosts);
    const to = random.pick(hosts);
    const command = random.pick([
      `ping -c ${1 + random.below(20)} -i 0.2 -s ${random.pick([8, 56, 1400, 4000])} ${to}`,
      `udpblast -r ${10 + random.below(2000)} -s ${random.pick([4, 100, 1472, 3000])} ` +
        `-t ${1 + random.below(3)} ${to} 5001`,
      `udpsink -t 5 5001`,
      `traceroute -n -w 1 ${to}`,
      `ping -b -c 3 255.255.255.255`,
      `ping -c 3 -M do -s 1472 ${to}`,
      `tcpdump -n -i any -c ${10 + random.below(100)} icmp`,
      `iperf -u -c ${to} -b ${1 + random.below(20)}m -t 1`,
      `iperf -u -s -t 5`,
      "ip neigh flush dev eth0; ip neigh; arp -n; netstat -s",
      `ethtool -G eth0 rx ${16 + random.below(100)} tx ${16 + random.below(100)}; ethtool -S eth0`,
      `tc qdisc replace dev eth0 root ${random.pick(["fq_codel", "pfifo limit 20", "netem delay 1ms"])}; tc -s qdisc`,
      `cat /proc/net/snmp | grep Udp; yes | head -n 200 | wc -l; ss -uan`,
    ]);
    lines.push(`  - { at: ${random.below(FAULTS_UNTIL_S * 1000)}ms, host: ${from}, run: "${command}" }`);
  }
  return lines;
}
