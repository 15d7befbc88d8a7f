import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { Lab } from "../model.ts";
import { parseLab } from "../parse.ts";
import { formatAddress, formatIpv4 } from "../scalars.ts";
import { exportMininet } from "./export-mininet.ts";
import { importMininet } from "./mininet.ts";

/** As MiniEdit saves it. */
const SAVED = {
  application: { ipBase: "10.0.0.0/8", startCLI: "0", terminalType: "xterm" },
  controllers: [{ opts: { controllerProtocol: "tcp", hostname: "c0", remotePort: 6633 }, x: "500.0", y: "50.0" }],
  hosts: [
    {
      number: "1",
      opts: {
        hostname: "h1",
        nodeNum: 1,
        sched: "host",
        ip: "10.0.0.5",
        defaultRoute: "10.0.0.254",
        startCommand: "echo hi",
      },
      x: "100.0",
      y: "200.4",
    },
    {
      number: "2",
      opts: { hostname: "h2", nodeNum: 2, sched: "cfs", cpu: "0.5", ip: "10.0.0.6/24" },
      x: "300.0",
      y: "200.0",
    },
  ],
  links: [
    { dest: "s1", opts: { bw: 10, delay: "5ms", jitter: "1ms", loss: 2, max_queue_size: 50, speedup: 3 }, src: "h1" },
    { dest: "h2", opts: {}, src: "s1" },
    { dest: "r1", opts: { bw: "0.5", delay: "100" }, src: "s1" },
  ],
  switches: [
    {
      number: "1",
      opts: { controllers: ["c0"], hostname: "s1", nodeNum: 1, switchType: "default" },
      x: "200.0",
      y: "100.0",
    },
    { number: "1", opts: { hostname: "r1", nodeNum: 1, switchType: "legacyRouter" }, x: "200.0", y: "0.0" },
  ],
  version: "2",
};

function imported(json: string): { lab: Lab; codes: string[] } {
  const result = importMininet(json, "saved.mn");
  if (!result.ok) throw new Error(result.error[0]?.title);
  const lab = parseLab(result.value.text, "saved.yaml");
  if (!lab.ok) throw new Error(lab.error[0]?.title);
  return { lab: lab.value, codes: result.value.problems.map((problem) => problem.code) };
}

/** What the format can carry. */
const topology = ({ nodes, links }: Lab) => ({
  nodes: nodes.map(({ name, kind, at }) => ({ name, kind, at })).sort((a, b) => (a.name < b.name ? -1 : 1)),
  links: links.map(({ ends, forward: { rateBps, delayNs, jitter, loss, queueFrames } }) => ({
    ends: ends.map((end) => nodes[end.node]?.name),
    ...{ rateBps, delayNs, jitter, loss, queueFrames },
  })),
});

test("a saved network is a lab", () => {
  const { lab, codes } = imported(JSON.stringify(SAVED, null, 4));
  expect(codes).toEqual(["import/controller", "import/left-out", "import/left-out"]);
  expect(lab.name).toBe("saved");
  expect(topology(lab)).toEqual({
    nodes: [
      { name: "h1", kind: "host", at: { x: 100, y: 200 } },
      { name: "h2", kind: "host", at: { x: 300, y: 200 } },
      { name: "r1", kind: "router", at: { x: 200, y: 0 } },
      { name: "s1", kind: "switch", at: { x: 200, y: 100 } },
    ],
    links: [
      {
        ends: ["h1", "s1"],
        rateBps: 10_000_000,
        delayNs: 5_000_000,
        jitter: { spreadNs: 1_000_000, distribution: "uniform" },
        loss: { kind: "independent", probability: 0.02 },
        queueFrames: 50,
      },
      { ends: ["s1", "h2"], rateBps: 1e9, delayNs: 10_000, jitter: null, loss: null, queueFrames: 1000 },
      { ends: ["s1", "r1"], rateBps: 500_000, delayNs: 100_000, jitter: null, loss: null, queueFrames: 1000 },
    ],
  });
  const [h1, h2] = lab.nodes;
  if (h1?.kind !== "host") throw new Error("h1 is a host");
  expect(h1.nics[0]?.addresses.map(formatAddress)).toEqual(["10.0.0.5/8"]);
  expect(h2?.nics[0]?.addresses.map(formatAddress)).toEqual(["10.0.0.6/24"]);
  expect([formatIpv4(h1.gateway ?? 0), h1.run]).toEqual(["10.0.0.254", ["echo hi"]]);
});

test("what is exported comes back as the same topology, and hosts keep their addresses", () => {
  const lab = parseLab(
    `lastack: 1
nodes:
  h1: { kind: host, at: [-5, 7], addresses: { eth0: 10.3.0.1/16 }, gateway: 10.3.0.2, run: ["a", "b"] }
  h2: { kind: host, at: [1, 2] }
  r1: { kind: router, at: [3, 4], addresses: { eth0: 10.3.0.2/16 } }
  s1: { kind: switch, at: [5, 6] }
links:
  - { ends: [h1, r1], rate: 1.5Mbps, delay: 500ns, loss: 0.07%, jitter: 3us, queue: 9 }
  - { ends: [r1, s1], delay: 1234567ns }
  - { ends: [s1, h2], rate: 100Gbps, delay: 2s, loss: 7% }
`,
    "x",
  );
  if (!lab.ok) throw new Error(lab.error[0]?.title);
  const again = imported(exportMininet(lab.value));
  expect(again.codes).toEqual([]);
  expect(topology(again.lab)).toEqual(topology(lab.value));
  expect(again.lab.nodes.slice(0, 2).flatMap((node) => node.nics[0]?.addresses.map(formatAddress))).toEqual([
    "10.3.0.1/16",
    "10.0.0.1/24",
  ]);
});

describe("bad files are refused with a place", { timeout: 120_000 }, () => {
  test.each([
    ["", "import/json", 1],
    ["[1", "import/json", 1],
    ["{}", "import/empty", 1],
    ['{"hosts":\n 3}', "import/mininet", 1],
    ['{"hosts": [\n{"opts": {"hostname": "a"}},\n{"number": 1}]}', "import/mininet", 3],
    ['{"hosts": [{"opts": {"hostname": "a"}}],\n"links": [{"src": "a", "dest": "b"}]}', "import/unknown-end", 2],
  ])("%j", (json, code, line) => {
    const result = importMininet(json, "x.mn");
    expect(result.ok ? [] : result.error.map((problem) => [problem.code, problem.line])).toEqual([[code, line]]);
  });

  test("odd values are told and left out", () => {
    const odd = { ...SAVED.hosts[0], opts: { hostname: "große Straße", ip: "ten", defaultRoute: "away" } };
    const { codes, lab } = imported(
      JSON.stringify({
        hosts: [odd, odd],
        links: [{ src: "große Straße", dest: "große Straße", opts: { bw: "much", delay: "late" } }],
      }),
    );
    expect(codes.filter((code) => code !== "import/left-out")).toEqual([
      "import/renamed",
      "import/bad-address",
      "import/bad-address",
      "import/renamed",
      "import/duplicate-id",
      "import/bad-address",
      "import/bad-address",
      "import/bad-value",
      "import/bad-value",
    ]);
    expect(lab.nodes.map((node) => node.name)).toEqual(["gro-e-Stra-e", "gro-e-Stra-e-2"]);
  });

  test("any JSON is read or refused, and what is read is a lab or says why not", () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.integer({ min: 0, max: 900 }),
        fc.constantFrom("", "1", "{", "[]", '"'),
        (json, at, piece) => {
          importMininet(json, "x");
          const text = JSON.stringify(SAVED);
          const result = importMininet(text.slice(0, at) + piece + text.slice(at + 2), "x");
          if (result.ok) parseLab(result.value.text, "x");
          else expect(result.error.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
