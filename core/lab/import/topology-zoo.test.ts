import { expect, test } from "vitest";
import { parseLab } from "../parse.ts";
import { formatAddress } from "../scalars.ts";
import { importTopologyZoo } from "./topology-zoo.ts";

const node = (id: string, label: string, data = ""): string =>
  `<node id="${id}"><data key="k1">${label}</data>${data}</node>\n`;
const at = (latitude: number, longitude: number): string =>
  `<data key="k2">${latitude}</data><data key="k3">${longitude}</data>`;
const edge = (a: string, b: string, data = ""): string => `<edge source="${a}" target="${b}">${data}</edge>\n`;
const map = (body: string): string => `<?xml version="1.0"?>
<graphml><key id="k1" attr.name="label" for="node"/><key id="k2" attr.name="Latitude" for="node"/>
<key id="k3" attr.name="Longitude" for="node"/><key id="k4" attr.name="LinkSpeedRaw" for="edge"/>
<key id="k5" attr.name="Network" for="graph"/><graph edgedefault="undirected"><data key="k5">Test &amp; Net</data>
${body}</graph></graphml>`;

test("routers, rates, delays, costs", () => {
  const result = importTopologyZoo(
    map(
      node("0", "New York", at(40.71427, -74.00597)) +
        node("1", "Köln", at(50.93333, 6.95)) +
        node("2", "?") +
        node("3", "New York") +
        edge("0", "1", '<data key="k4">10000000000.0</data>') +
        edge("1", "2") +
        edge("1", "2") +
        edge("2", "2"),
    ),
    "test.graphml",
  );
  if (!result.ok) throw new Error(result.error[0]?.title);
  expect(result.value.problems.map(({ code, line }) => `${line} ${code}`)).toEqual([
    "6 import/renamed",
    "7 import/renamed",
    "7 import/no-place",
    "8 import/renamed",
    "8 import/no-place",
    "10 import/no-length",
    "11 import/parallel",
    "11 import/no-length",
    "12 import/self-loop",
  ]);
  const lab = parseLab(result.value.text, "test.yaml");
  if (!lab.ok) throw new Error(lab.error[0]?.title);
  expect(lab.value.name).toBe("Test & Net");
  expect(lab.value.nodes.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    "router New-York",
    "router Koln",
    "router node-2",
    "router New-York-2",
  ]);
  expect(lab.value.nodes.map((node) => node.kind === "router" && node.loopback.map(formatAddress).join())).toEqual([
    "10.255.0.1/32",
    "10.255.0.2/32",
    "10.255.0.3/32",
    "10.255.0.4/32",
  ]);
  const [atlantic, first, second] = lab.value.links;
  expect(atlantic?.forward).toMatchObject({ rateBps: 10_000_000_000 });
  expect((atlantic?.forward.delayNs ?? 0) / 1e6).toBeCloseTo(30.3, 0);
  expect(atlantic?.cost).toBe(Math.round((atlantic?.forward.delayNs ?? 0) / 1000));
  expect([first?.name, second?.name]).toEqual(["Koln-node-2", "Koln-node-2.2"]);
  expect(first?.forward).toMatchObject({ rateBps: 1_000_000_000, delayNs: 1_000_000 });
});

test.each([
  ["not XML", "<graphml>", "import/xml"],
  ["another document", "<html/>", "import/no-graph"],
  ["no nodes", map(""), "import/empty"],
  ["an id twice", map(node("0", "a") + node("0", "b")), "import/duplicate-id"],
  ["an edge to nowhere", map(node("0", "a") + edge("0", "9")), "import/unknown-end"],
])("%s is refused", (_, text, code) => {
  const result = importTopologyZoo(text, "x");
  expect(result.ok ? [] : result.error.map((problem) => problem.code)).toEqual([code]);
});
