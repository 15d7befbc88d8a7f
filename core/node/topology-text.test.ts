import { describe, expect, it } from "vitest";
import type { Lab } from "../lab/model.ts";
import { parseLab } from "../lab/parse.ts";
import { rateText, topologyText } from "./topology-text.ts";

function lab(nodes: readonly string[], links: readonly string[], options = ""): Lab {
  const text = [
    "lastack: 1",
    "name: test",
    "nodes:",
    ...nodes.map((node) => `  ${node}`),
    `links:${links.length === 0 ? " []" : ""}`,
    ...links.map((ends) => `  - { ends: [${ends}], rate: 100Mbps, delay: 1ms ${options} }`),
  ].join("\n");
  const parsed = parseLab(text, "test.lab.yaml");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

describe("a topology as text", () => {
  it("draws a chain as boxes", () => {
    const chain = lab(
      [
        "h1: { kind: host, addresses: { eth0: 10.0.1.1/24 } }",
        "r1: { kind: router, addresses: { eth0: 10.0.1.2/24, eth1: 10.0.2.2/24 } }",
        "h2: { kind: host, addresses: { eth0: 10.0.2.1/24 } }",
      ],
      ['"h2:eth0", "r1:eth1"', '"h1:eth0", "r1:eth0"'],
    );
    expect(topologyText(chain)).toEqual([
      "+-------------+ 100Mbps 1ms +-------------+ 100Mbps 1ms +-------------+",
      "| h1 (host)   |-------------| r1 (router) |-------------| h2 (host)   |",
      "| 10.0.1.1/24 |             | 10.0.1.2/24 |             | 10.0.2.1/24 |",
      "|             |             | 10.0.2.2/24 |             |             |",
      "+-------------+             +-------------+             +-------------+",
    ]);
  });

  it("lists the links of anything else", () => {
    const star = lab(
      ["s1: { kind: switch }", ...["a", "bb", "c"].map((name) => `${name}: { kind: host }`), "d: { kind: host }"],
      ["a, s1", "bb, s1", "c, s1"],
      ", loss: 1%",
    );
    expect(topologyText(star)).toEqual([
      " a:eth0 10.0.0.1/24 ---100Mbps 1ms loss--- s1:eth0",
      "bb:eth0 10.0.0.2/24 ---100Mbps 1ms loss--- s1:eth1",
      " c:eth0 10.0.0.3/24 ---100Mbps 1ms loss--- s1:eth2",
      "without a cable: d",
    ]);
  });

  it("says how many links of a large lab are left out", () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `h${index}`);
    const large = lab(
      ["s1: { kind: switch }", ...hosts.map((name) => `${name}: { kind: host }`)],
      hosts.map((name) => `${name}, s1`),
    );
    expect(topologyText(large).at(-1)).toBe("... and 76 more links between 101 nodes");
  });

  it("does not take a ring or a single node for a chain", () => {
    const hosts = ["a", "b", "c"].map((name) => `${name}: { kind: router }`);
    expect(topologyText(lab(hosts, ["a, b", "b, c", "c, a"]))).toHaveLength(3);
    expect(topologyText(lab(["a: { kind: host }"], []))).toEqual(["without a cable: a"]);
  });

  it("gives rates in the largest unit", () => {
    expect([1e10, 2.5e6, 64_000, 10].map(rateText)).toEqual(["10Gbps", "2.5Mbps", "64kbps", "10bps"]);
  });
});
