import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { LAB_LIMITS } from "./limits.ts";
import type { Lab, LabHost, LabNode } from "./model.ts";
import { parseLab } from "./parse.ts";
import { formatProblem } from "./problem.ts";
import { formatAddress, formatIpv4, formatMac } from "./scalars.ts";
import { runs } from "../../test/harness/long.ts";
import { anyText } from "../../test/harness/text.ts";

const EXAMPLE = `# A lab with one of everything.
lastack: 1
name: Ping across a router
text: |
  Two hosts, one router.

  What does the TTL say?
seed: 7
profile: modern
routing: static
duration: 20s
defaults:
  link: { rate: 100Mbps, delay: 1ms }
  host: { sysctls: { net.ipv4.ip_default_ttl: 32 } }
  nic: { rx-ring: 64 }
nodes:
  h1:
    kind: host
    at: [100, 200]
    addresses: { eth0: 10.0.1.1/24, lo: [192.0.2.1/32] }
    gateway: 10.0.1.254
    routes: [{ to: 10.9.0.0/16, via: 10.0.1.2, metric: 10 }]
    files: { /etc/motd: "hi" }
    run: ["echo up > /var/log"]
    nics:
      eth0:
        mac: "02:00:00:aa:00:01"
        driver: irq
        coalesce: { rx-usecs: 50, rx-frames: 8 }
        offload: { gro: false }
        qdisc: pfifo_fast limit 10
  h2: { kind: host, profile: 1996, cpus: 2, nics: { eth0: { vlan: 10 } } }
  r1:
    kind: router
    addresses: { eth0: 10.0.1.254/24 }
    nics: { eth1: { vlan: 10 } }
    sysctls: { net.ipv4.ip_default_ttl: 64 }
  s1: { kind: switch, ageing: 10s, table: 16 }
  hub1: { kind: hub }
links:
  - ends: [h1, r1]
    name: left
    loss: 1%
    jitter: { spread: 2ms, distribution: pareto }
    forward: { rate: 10Mbps, reorder: { probability: 25%, gap: 5 } }
  - { ends: [r1, s1], mtu: 576, cost: 10, backward: { loss: { gilbert-elliott: { p: 1%, r: 10% } } } }
  - { ends: ["s1:eth4", h2], state: down, bit-error-rate: 1e-6, corrupt: 0.1%, duplicate: 2%, queue: 7 }
  - { ends: [s1, hub1] }
faults:
  - on: left
    direction: backward
    match: { protocol: udp, destination-port: 53, every: 10 }
    probability: 5%
    verdict: { delay: 10ms }
    from: 1s
    until: 5s
  - { on: "*", verdict: drop, match: { source: 10.0.1.0/24, skip: 3, count: 1 } }
  - { on: s1, verdict: corrupt }
schedule: { from: 1s, mean-gap: 500ms, mean-length: 200ms, kinds: [link-down, crash, crash], on: [left, h2] }
timeline:
  - { at: 3s, node: s1, do: crash }
  - { at: 1s, host: h1, run: "ping -c 3 h2" }
  - { at: 2s, link: left, do: down }
  - { at: 2s, link: left, do: { set: { loss: 5%, backward: { delay: 2ms } } } }
checks:
  - { name: it answers, run: "ping -c1 h2", on: h1, at: 5s, expect: { output: /1 received/, status: 0, within: 1s } }
  - { counter: h1 Udp.InDatagrams, expect: { equals: 3 } }
  - { counter: "s1:eth4 rx_packets", expect: { atLeast: 1, atMost: 9 } }
  - { counter: drop no_socket, expect: { equals: 0 } }
  - { counter: r1 drop ip_ttl_expired, expect: { equals: 0 }, at: 2s }
  - { reach: [h1, h2], expect: false, at: 5s }
  - { reach: all }
`;

function good(text: string): Lab {
  const lab = parseLab(text, "test.yaml");
  if (!lab.ok) throw new Error(lab.error.map(formatProblem).join("\n"));
  return lab.value;
}

/** `line:column code` of every problem of a bad lab. */
function problems(text: string): string[] {
  const lab = parseLab(text, "test.yaml");
  return lab.ok ? [] : lab.error.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

function host(lab: Lab, name: string): LabHost {
  const node = lab.nodes.find((candidate) => candidate.name === name);
  if (node === undefined || node.kind === "switch" || node.kind === "hub") throw new Error(`${name} is no host`);
  return node;
}

const addressesOf = (node: LabNode): string[] => node.nics.flatMap((nic) => nic.addresses.map(formatAddress));

describe("the example", () => {
  const lab = good(EXAMPLE);

  test("has its heads and defaults", () => {
    const { name, seed, routing, durationNs, text } = lab;
    expect({ name, seed, routing, durationNs, text }).toEqual({
      name: "Ping across a router",
      seed: 7,
      routing: "static",
      durationNs: 20_000_000_000,
      text: "Two hosts, one router.\n\nWhat does the TTL say?\n",
    });
  });

  test("h1 is as written", () => {
    const h1 = host(lab, "h1");
    expect(h1).toMatchObject({
      index: 0,
      at: { x: 100, y: 200 },
      profile: "modern",
      cpus: 1,
      source: { line: 18, column: 5 },
    });
    expect(formatIpv4(h1.gateway ?? 0)).toBe("10.0.1.254");
    expect(h1.loopback.map(formatAddress)).toEqual(["192.0.2.1/32"]);
    expect(h1.routes).toEqual([{ network: 0x0a090000, prefixLength: 16, via: 0x0a000102, nic: null, metric: 10 }]);
    expect([...h1.files, ...h1.sysctls]).toEqual([
      ["/etc/motd", "hi"],
      ["net.ipv4.ip_default_ttl", "32"],
    ]);
    expect(h1.nics).toHaveLength(1);
    expect(h1.nics[0]).toMatchObject({
      mac: 0x020000aa0001,
      driver: "irq",
      rxRing: 64,
      txRing: 256,
      coalesce: { rxNs: 50_000, rxFrames: 8 },
      offload: { txChecksum: true, rxChecksum: true, gro: false },
      qdisc: "pfifo_fast limit 10",
      mtuBytes: 1500,
      link: { index: 0, end: 0 },
      segment: 0,
    });
  });

  test("a router forwards, and what is not addressed gets an address", () => {
    expect([...host(lab, "r1").sysctls]).toEqual([
      ["net.ipv4.ip_forward", "1"],
      ["net.ipv4.ip_default_ttl", "64"],
    ]);
    expect(addressesOf(host(lab, "r1"))).toEqual(["10.0.1.254/24", "10.0.0.2/24"]);
    expect(addressesOf(host(lab, "h2"))).toEqual(["10.0.0.1/24"]);
    expect(formatIpv4(host(lab, "h2").gateway ?? 0)).toBe("10.0.0.2");
    expect(host(lab, "h2")).toMatchObject({ profile: "1996", cpus: 2 });
    expect(formatMac(host(lab, "r1").nics[1]?.mac ?? 0)).toBe("02:00:00:00:02:01");
    expect(lab.segments.map(({ vlan, members }) => [vlan, members.length])).toEqual([
      [null, 2],
      [10, 2],
    ]);
  });

  test("a cable has two directions, and its ends know its MTU", () => {
    const [left, right, down, toHub] = lab.links;
    expect(left).toMatchObject({
      name: "left",
      ends: [
        { node: 0, nic: 0 },
        { node: 2, nic: 0 },
      ],
      up: true,
      cost: 1,
    });
    expect(left?.forward).toEqual({
      rateBps: 10_000_000,
      delayNs: 1_000_000,
      jitter: { spreadNs: 2_000_000, distribution: "pareto" },
      loss: { kind: "independent", probability: 0.01 },
      duplicate: 0,
      reorder: { probability: 0.25, gap: 5 },
      corrupt: 0,
      bitErrorRate: 0,
      mtuBytes: 1500,
      queueFrames: 1000,
    });
    expect(left?.backward).toMatchObject({ rateBps: 100_000_000, reorder: null });
    expect(right).toMatchObject({ name: "r1-s1", cost: 10, forward: { mtuBytes: 576, loss: null } });
    expect(right?.backward.loss).toEqual({ kind: "gilbert-elliott", p: 0.01, r: 0.1, lossGood: 0, lossBad: 1 });
    expect(host(lab, "r1").nics[1]?.mtuBytes).toBe(576);
    expect(down).toMatchObject({
      up: false,
      forward: { bitErrorRate: 1e-6, corrupt: 0.001, duplicate: 0.02, queueFrames: 7 },
    });
    expect(toHub?.forward.rateBps).toBe(10_000_000);
    expect(lab.nodes[3]).toMatchObject({ kind: "switch", ageingNs: 10_000_000_000, tableMax: 16 });
    expect(lab.nodes[3]?.nics.map((nic) => nic.name)).toEqual(["eth0", "eth1", "eth4"]);
  });

  test("faults, schedule and timeline are resolved and in order", () => {
    expect(lab.faults[0]).toMatchObject({
      on: { kind: "link", link: 0, direction: "backward" },
      match: { protocol: "udp", destinationPort: 53, every: 10, skip: 0, count: null },
      probability: 0.05,
      verdict: { kind: "delay", delayNs: 10_000_000 },
      fromNs: 1_000_000_000,
      untilNs: 5_000_000_000,
    });
    expect(lab.faults[1]).toMatchObject({
      on: { kind: "all" },
      verdict: { kind: "drop" },
      match: { skip: 3, count: 1 },
      untilNs: null,
    });
    expect(lab.faults[2]).toMatchObject({ on: { kind: "node", node: 3 } });
    expect(lab.schedule).toMatchObject({
      seed: 7,
      fromNs: 1_000_000_000,
      untilNs: 20_000_000_000,
      kinds: ["link-down", "crash"],
      on: [
        { kind: "link", link: 0 },
        { kind: "node", node: 1 },
      ],
      heal: true,
    });
    expect(
      lab.timeline.map(({ atNs, source, ...action }) => ({ at: atNs / 1e9, line: source.line, ...action })),
    ).toEqual([
      { at: 1, line: 62, kind: "run", node: 0, command: "ping -c 3 h2" },
      { at: 2, line: 63, kind: "link", link: 0, action: "down" },
      {
        ...{ at: 2, line: 64, kind: "link-set", link: 0 },
        forward: { loss: { kind: "independent", probability: 0.05 } },
        backward: { loss: { kind: "independent", probability: 0.05 }, delayNs: 2_000_000 },
      },
      { at: 3, line: 61, kind: "node", node: 3, action: "crash" },
    ]);
  });

  test("checks know what they look at", () => {
    expect(lab.checks.map(({ source: _, ...check }) => check)).toEqual([
      {
        name: "it answers",
        atNs: 5e9,
        kind: "run",
        node: 0,
        command: "ping -c1 h2",
        output: ["/1 received/"],
        status: 0,
        withinNs: 1e9,
      },
      {
        name: "h1 Udp.InDatagrams",
        atNs: 20e9,
        kind: "counter",
        counter: { kind: "snmp", node: 0, name: "Udp.InDatagrams" },
        equals: 3,
        atLeast: null,
        atMost: null,
      },
      {
        name: "s1:eth4 rx_packets",
        atNs: 20e9,
        kind: "counter",
        counter: { kind: "nic", node: 3, nic: 2, name: "rx_packets" },
        equals: null,
        atLeast: 1,
        atMost: 9,
      },
      {
        name: "drop no_socket",
        atNs: 20e9,
        kind: "counter",
        counter: { kind: "drop", node: null, reason: "NO_SOCKET" },
        equals: 0,
        atLeast: null,
        atMost: null,
      },
      {
        name: "r1 drop ip_ttl_expired",
        atNs: 2e9,
        kind: "counter",
        counter: { kind: "drop", node: 2, reason: "IP_TTL_EXPIRED" },
        equals: 0,
        atLeast: null,
        atMost: null,
      },
      { name: "reach h1, h2", atNs: 5e9, kind: "reach", nodes: [0, 1], expect: false },
      { name: "reach all", atNs: 0, kind: "reach", nodes: [0, 1, 2], expect: true },
    ]);
  });
});

describe("addresses that are given out", () => {
  const star = (hosts: number): string =>
    "lastack: 1\nnodes:\n  s: { kind: switch }\n" +
    Array.from({ length: hosts }, (_, i) => `  h${i + 1}: { kind: host }\n`).join("") +
    `links:\n${Array.from({ length: hosts }, (_, i) => `  - { ends: [h${i + 1}, s] }\n`).join("")}`;

  test("a segment grows with its members", () => {
    const small = good(star(254));
    expect(addressesOf(host(small, "h254"))).toEqual(["10.0.0.254/24"]);
    const large = good(star(1000));
    expect(addressesOf(host(large, "h1000"))).toEqual(["10.0.3.232/22"]);
    expect(large.warnings).toEqual([]);
  });

  test("networks that are written are avoided, and joined where they are", () => {
    const lab = good(`lastack: 1
nodes:
  a: { kind: host, addresses: { eth0: 10.0.0.1/23 } }
  b: { kind: host }
  c: { kind: host }
  d: { kind: host, addresses: { eth0: [] } }
links: [{ ends: [a, b] }, { ends: ["b:eth1", c] }, { ends: ["c:eth1", d] }]
`);
    expect(addressesOf(host(lab, "b"))).toEqual(["10.0.0.2/23", "10.0.2.1/24"]);
    expect(addressesOf(host(lab, "c"))).toEqual(["10.0.2.2/24", "10.0.3.1/24"]);
    expect(addressesOf(host(lab, "d"))).toEqual([]);
  });

  test("an explicit socket is not taken by a bare end before it", () => {
    const lab = good(`lastack: 1
nodes: { a: { kind: host }, b: { kind: host } }
links: [{ ends: [a, b] }, { ends: ["a:eth0", "b:eth1"] }]
`);
    expect(lab.links.map((link) => link.ends.map((end) => end.nic))).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(lab.links.map((link) => link.name)).toEqual(["a-b", "a-b.2"]);
  });
});

describe("mistakes are named with their place", () => {
  const two = (nodes: string, rest = ""): string =>
    `lastack: 1\nnodes:\n  a: ${nodes}\n  b: { kind: host }\nlinks:\n  - { ends: [a, b] }\n${rest}`;
  const HOST = "{ kind: host }";

  // The caret, which is taken out, shows where the problem must be placed.
  test.each([
    ["nothing", "^", "lab/no-version"],
    ["another file", "^hello: world\n", "lab/no-version"],
    ["a newer one", "lastack: ^2\n", "lab/newer-version"],
    ["a wrong version", "lastack: ^one\n", "lab/bad-version"],
    ["wrong YAML", "lastack: 1\nnodes: [\n^", "lab/yaml-syntax"],
    ["twice the same node", "lastack: 1\nnodes:\n  a: { kind: hub }\n  ^a: { kind: hub }\n", "lab/duplicate-key"],
    ["no nodes", "^lastack: 1\n", "lab/missing"],
    ["an unknown key", two("{ kind: host, ^gatewy: 10.0.0.1 }"), "lab/unknown-key"],
    ["an unknown kind", two("{ kind: ^hots }"), "lab/bad-value"],
    ["a bad name", "lastack: 1\nnodes:\n  ^1a: { kind: host }\n", "lab/bad-name"],
    ["a reserved name", "lastack: 1\nnodes:\n  ^drop: { kind: hub }\n", "lab/bad-name"],
    ["a rate of nothing", two(HOST, "  - { ends: [a, b], rate: ^0 }\n"), "lab/bad-value"],
    ["a delay of days", two(HOST, "  - { ends: [a, b], delay: ^3000min }\n"), "lab/bad-value"],
    ["a node that is not there", two(HOST, "  - { ends: [a, ^bb] }\n"), "lab/unknown-node"],
    ["a full socket", two(HOST, '  - { ends: ["a:eth0", ^"a:eth0"] }\n'), "lab/socket-taken"],
    ["a name taken", two(HOST, "  - { ends: [a, b], name: ^b }\n"), "lab/duplicate-name"],
    [
      "an address taken",
      two("{ kind: host, addresses: { eth0: 10.0.0.1/24, eth1: ^10.0.0.1/8 } }"),
      "lab/duplicate-address",
    ],
    ["the network's address", two("{ kind: host, addresses: { eth0: ^10.0.0.0/24 } }"), "lab/bad-address"],
    ["the broadcast address", two("{ kind: host, addresses: { eth0: [^10.0.0.255/24] } }"), "lab/bad-address"],
    ["a group's address", two("{ kind: host, addresses: { eth0: ^224.0.0.1/24 } }"), "lab/bad-address"],
    ["a MAC taken", two('{ kind: host, nics: { eth0: { mac: ^"02:00:00:00:01:00" } } }'), "lab/duplicate-mac"],
    ["a distant gateway", two("{ kind: host, gateway: ^192.0.2.1 }"), "lab/gateway-unreachable"],
    ["an unknown sysctl", two("{ kind: host, sysctls: { ^nte.ipv4.ip_forward: 1 } }"), "lab/unknown-sysctl"],
    ["a route by no card", two("{ kind: host, routes: [{ to: default, dev: ^eth7 }] }"), "lab/unknown-nic"],
    [
      "a check on a switch",
      two("{ kind: switch }", "checks:\n  - { run: ls, on: ^a, expect: { status: 0 } }\n"),
      "lab/unknown-host",
    ],
    ["a check of nothing", two(HOST, "checks:\n  - { run: ls, on: a, expect: ^{} }\n"), "lab/empty-check"],
    ["no such counter", two(HOST, "checks:\n  - { counter: ^a rx, expect: { equals: 1 } }\n"), "lab/bad-counter"],
    [
      "a counter of no port",
      two(HOST, "checks:\n  - { counter: ^a tcp 70000 snd_cwnd, expect: { equals: 1 } }\n"),
      "lab/bad-counter",
    ],
    ["a costly pattern", two(HOST, "checks:\n  - { run: ls, on: a, expect: { output: ^/(a+)+/ } }\n"), "lab/bad-value"],
    ["an unknown fault", two(HOST, "faults:\n  - { on: ^ab, verdict: drop }\n"), "lab/unknown-target"],
    [
      "an end before the start",
      two(HOST, "faults:\n  - { on: a, verdict: drop, from: 2s, until: ^1s }\n"),
      "lab/bad-time",
    ],
    [
      "a wrong hub rate",
      "lastack: 1\nnodes: { a: { kind: host }, h: { kind: hub } }\nlinks:\n  - ^{ ends: [a, h], rate: 1Gbps }\n",
      "lab/hub-rate",
    ],
  ])("%s", (_, marked, code) => {
    const before = marked.slice(0, marked.indexOf("^")).split("\n");
    const place = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    expect(problems(marked.replace("^", ""))).toEqual([`${place} ${code}`]);
  });

  test("with the nearest name", () => {
    const lab = parseLab(two("{ kind: host }", "timeline:\n  - { at: 1s, link: a-bb, do: down }\n"), "x.yaml");
    expect(lab.ok ? [] : lab.error.map(formatProblem)).toEqual([
      'x.yaml:8:21: error: there is no link "a-bb" (did you mean "a-b"?) [lab/unknown-link]',
    ]);
  });

  test("several at once, but not without end", () => {
    const many = `lastack: 1\nnodes: {}\nlinks:\n${"  - { ends: [x, y] }\n".repeat(500)}`;
    const found = problems(many);
    expect(found).toHaveLength(LAB_LIMITS.problemsMax + 1);
    expect(found.at(-1)).toBe("1:1 lab/more");
  });

  test("what is only odd is a warning", () => {
    const lab = good(`lastack: 1
nodes:
  a: { kind: host, addresses: { eth0: 10.0.0.1/24 }, gateway: 10.0.0.9 }
  b: { kind: host, addresses: { eth0: 10.1.0.1/24 } }
links: [{ ends: [a, b] }]
`);
    expect(lab.warnings.map((problem) => [problem.severity, problem.code])).toEqual([
      ["warning", "lab/outside-subnet"],
      ["warning", "lab/unknown-gateway"],
      ["warning", "lab/outside-subnet"],
    ]);
  });
});

// Generous: these run on machines that are busy with other tests.
describe("hostile files", { timeout: 120_000 }, () => {
  test("a file of 100 MB is refused unread", () => {
    expect(problems("a".repeat(100_000_000))).toEqual(["1:1 lab/too-large"]);
  });

  test("an alias bomb is counted", () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) =>
        `b${i}: &b${i} [${Array(9)
          .fill(i === 0 ? "lol" : `*b${i - 1}`)
          .join(", ")}]`,
    );
    expect(problems(levels.join("\n"))).toEqual(["7:20 lab/too-many-values"]);
  });

  test("an alias within its own anchor, and a chain of them that is too deep", () => {
    expect(problems("a: &a [*a]\n")).toEqual(["1:8 lab/bad-alias"]);
    const chain = Array.from({ length: 60 }, (_, i) => `b${i}: &b${i} [${i === 0 ? "x" : `*b${i - 1}`}]`).join("\n");
    expect(problems(chain).at(0)).toMatch(/lab\/too-deep$/);
  });

  test.each([
    "[",
    "{a: ",
    "- ",
    "a:\n ",
    "? ",
    "&a ",
    "!a ",
    "%a\n",
    '"',
    "- a\n",
    "\n",
    "a: b\n",
    "[],",
    "*a ",
    "|\n",
    "---\n",
  ])("4 Mi characters of %j end in a problem, soon", (bit) => {
    const started = performance.now();
    const text = `lastack: 1\n${bit.repeat(Math.floor((LAB_LIMITS.fileCharactersMax - 20) / bit.length))}`;
    expect(parseLab(text, "x").ok).toBe(false);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("a document after the first, and a key that stands twice in a long flow map", () => {
    expect(problems("lastack: 1\nnodes: {}\n---\nlastack: 1\n")).toEqual(["3:1 lab/yaml-syntax"]);
    const nodes = Array.from({ length: 40 }, (_, i) => `n${i}: { kind: hub }`).join(", ");
    expect(good(`lastack: 1\nnodes: { ${nodes} }\n`).nodes).toHaveLength(40);
    expect(problems(`lastack: 1\nnodes: { ${nodes},\n n3: { kind: hub } }\n`)).toEqual(["3:2 lab/duplicate-key"]);
  });

  test("junk never throws", () => {
    fc.assert(fc.property(anyText(200), (text) => parseLab(text, "x").ok === false));
  });

  test("a lab with a piece cut, doubled or swapped never throws", () => {
    const position = fc.nat(EXAMPLE.length);
    const piece = fc.constantFrom(
      "",
      " ",
      "\n",
      "{",
      "}",
      "[",
      "]",
      ":",
      "- ",
      "#",
      "&a ",
      "*a",
      "null",
      "-1",
      "1e999",
      '"',
      "eth0",
      "\u0000",
    );
    fc.assert(
      fc.property(position, fc.nat(40), piece, (at, length, insert) => {
        const result = parseLab(EXAMPLE.slice(0, at) + insert + EXAMPLE.slice(at + length), "x");
        if (!result.ok) {
          expect(result.error.length).toBeGreaterThan(0);
          for (const problem of result.error) expect(problem.line).toBeGreaterThan(0);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  test("values of every type in every place never throw", () => {
    const value = fc.oneof(
      fc.constant("null"),
      fc.constant("[]"),
      fc.constant("{}"),
      fc.constant("-1"),
      fc.constant("1.5"),
      fc.constant(".nan"),
      fc.constant("true"),
      fc.constant('"x"'),
      fc.constant("[[1]]"),
    );
    const places = [...EXAMPLE.matchAll(/: (?=[^\n])/g)].map((match) => match.index + 2);
    fc.assert(
      fc.property(fc.constantFrom(...places), value, (at, text) => {
        const end = EXAMPLE.slice(at).search(/[,\n}]/);
        const result = parseLab(EXAMPLE.slice(0, at) + text + EXAMPLE.slice(at + end), "x");
        if (!result.ok) expect(result.error.length).toBeGreaterThan(0);
      }),
      { numRuns: runs(300) },
    );
  });
});
