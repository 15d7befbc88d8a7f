import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLab } from "../lab/parse.ts";
import type { Lab } from "../lab/model.ts";
import { formatIpv4, type Ipv4Address } from "../wire/address.ts";
import { computeRoutes, type ComputedRoute } from "./routing.ts";

function lab(text: string): Lab {
  const parsed = parseLab(text, "test.lab.yaml");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const shown = (routes: readonly ComputedRoute[] | undefined): string[] =>
  (routes ?? []).map(
    ({ network, prefixLength, via, nic, metric }) =>
      `${formatIpv4(network as Ipv4Address)}/${prefixLength} via ${formatIpv4(via as Ipv4Address)} ` +
      `nic ${nic} metric ${metric}`,
  );

/** h1 - r1 - r2 - h2, and a longer way r1 - r3 - r2. */
const DIAMOND = `
lastack: 1
name: diamond
routing: auto
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.1.1/24 } }
  h2: { kind: host, addresses: { eth0: 10.0.2.1/24 } }
  r1: { kind: router, addresses: { eth0: 10.0.1.254/24, eth1: 10.0.12.1/24, eth2: 10.0.13.1/24 } }
  r2: { kind: router, addresses: { eth0: 10.0.2.254/24, eth1: 10.0.12.2/24, eth2: 10.0.23.2/24 } }
  r3: { kind: router, addresses: { eth0: 10.0.13.3/24, eth1: 10.0.23.3/24 } }
links:
  - { ends: ["h1:eth0", "r1:eth0"], cost: 1 }
  - { ends: ["h2:eth0", "r2:eth0"], cost: 1 }
  - { ends: ["r1:eth1", "r2:eth1"], cost: 5 }
  - { ends: ["r1:eth2", "r3:eth0"], cost: 3 }
  - { ends: ["r3:eth1", "r2:eth2"], cost: 3 }
`;

describe("computed routes", () => {
  test("a host behind one router needs a default route alone", () => {
    const routes = computeRoutes(lab(DIAMOND), [true, true, true, true, true]);
    expect(shown(routes.get(0))).toEqual(["0.0.0.0/0 via 10.0.1.254 nic 0 metric 1"]);
  });

  test("a router takes the way of least cost", () => {
    const routes = computeRoutes(lab(DIAMOND), [true, true, true, true, true]);
    expect(shown(routes.get(2))).toContain("10.0.2.0/24 via 10.0.12.2 nic 1 metric 6");
  });

  test("and another one when a cable on it is cut", () => {
    const routes = computeRoutes(lab(DIAMOND), [true, true, false, true, true]);
    expect(shown(routes.get(2))).toContain("10.0.2.0/24 via 10.0.13.3 nic 2 metric 7");
  });

  test("nothing leads to what is cut off", () => {
    const routes = computeRoutes(lab(DIAMOND), [true, true, false, false, true]);
    expect(shown(routes.get(2)).some((route) => route.startsWith("10.0.2.0"))).toBe(false);
  });
});

test("following next hops from anywhere reaches every subnet at the cost Floyd and Warshall find", () => {
  const edges = fc.array(fc.record({ a: fc.nat(7), b: fc.nat(7), cost: fc.integer({ min: 1, max: 9 }) }), {
    minLength: 1,
    maxLength: 16,
  });
  fc.assert(
    fc.property(edges, (drawn) => {
      const links = drawn.filter(({ a, b }) => a !== b);
      fc.pre(links.length > 0);
      const names = [...new Set(links.flatMap(({ a, b }) => [a, b]))].sort((x, y) => x - y);
      const text = [
        "lastack: 1\nname: random\nrouting: auto\nnodes:",
        ...names.map((n) => `  r${n}: { kind: router }`),
        "links:",
        ...links.map(({ a, b, cost }) => `  - { ends: [r${a}, r${b}], cost: ${cost} }`),
      ].join("\n");
      const model = lab(text);
      const routes = computeRoutes(
        model,
        model.links.map(() => true),
      );
      const distance = floydWarshall(model);
      for (const from of model.nodes) {
        for (const link of model.links) {
          const subnet = model.segments[model.nodes[link.ends[0].node]?.nics[link.ends[0].nic]?.segment ?? -1]?.subnet;
          if (subnet === null || subnet === undefined) throw new Error("every link has a subnet");
          const ends = link.ends.map((end) => end.node);
          if (ends.includes(from.index)) continue;
          const expected = Math.min(...ends.map((end) => (distance[from.index]?.[end] ?? Infinity) + link.cost));
          const route = routes.get(from.index)?.find((candidate) => candidate.network === subnet.network);
          if (expected === Infinity) expect(route).toBeUndefined();
          else expect(route?.metric).toBe(expected);
          if (route !== undefined) {
            expect(walk(model, routes, { from: from.index, network: subnet.network, targets: ends })).toBe(true);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

function floydWarshall(model: Lab): number[][] {
  const n = model.nodes.length;
  const distance = model.nodes.map((_, i) => model.nodes.map((__, j) => (i === j ? 0 : Infinity)));
  const set = (i: number, j: number, cost: number): void => {
    const row = distance[i] as number[];
    row[j] = Math.min(row[j] as number, cost);
  };
  for (const { ends, cost } of model.links) {
    set(ends[0].node, ends[1].node, cost);
    set(ends[1].node, ends[0].node, cost);
  }
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) set(i, j, (distance[i]?.[k] as number) + (distance[k]?.[j] as number));
    }
  }
  return distance;
}

/** Whether hop by hop every router's own route leads to one of `targets`, without a loop. */
function walk(
  model: Lab,
  routes: Map<number, ComputedRoute[]>,
  way: { from: number; network: number; targets: number[] },
): boolean {
  const { from, network, targets } = way;
  let at = from;
  for (let hops = 0; hops <= model.nodes.length; hops++) {
    if (targets.includes(at)) return true;
    const route = routes.get(at)?.find((candidate) => candidate.network === network);
    const next = model.nodes.find((node) =>
      node.nics.some((nic) => nic.addresses.some(({ address }) => address === route?.via)),
    );
    if (next === undefined) return false;
    at = next.index;
  }
  return false;
}
