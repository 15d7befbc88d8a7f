/** Edits keep what a person wrote, give labs that open, and take along what speaks of a removed name. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LabView } from "../../core/contract/api/lab-view.ts";
import { parseLab } from "../../core/lab/parse.ts";
import type { Lab } from "../../core/lab/model.ts";
import {
  addElements,
  copyPiece,
  EMPTY_LAB,
  freeName,
  moveNodes,
  nameFault,
  pastePiece,
  removeElements,
  renameNode,
} from "./lab-edits.ts";
import { linkNamesAfterRename } from "./link-names.ts";
import { positionsIn } from "./lab-source.ts";

const LAB = `# A note at the top.
lastack: 1
nodes:
  h1: { kind: host, at: [0, 0] } # the sender
  "h2": { kind: host, at: [200, 0] }
  r1: { kind: router, addresses: { eth0: 10.0.1.254/24, eth1: 10.0.2.254/24 } }
links:
  - { ends: [h1, r1] }
  - { ends: [h2, r1], delay: 5ms } # slow
timeline:
  - { at: 1s, host: h1, run: ping -c 1 h2 }
  - { at: 2s, link: h2-r1, do: down }
checks:
  - { name: all reach, reach: [h1, h2, r1] }
  - { counter: "h2:eth0 rx_packets", expect: { atLeast: 1 } }
`;

function lab(text: string): Lab {
  const parsed = parseLab(text, "test.lab.yaml");
  if (!parsed.ok) throw new Error(parsed.error.map(({ title }) => title).join("; "));
  return parsed.value;
}

/** As much of a view as the edits look at. */
function view(text: string): LabView {
  const { nodes, links } = lab(text);
  return {
    nodes: nodes.map(({ name, kind, index }) => ({
      name,
      kind,
      index,
      cpus: kind === "host" || kind === "router" ? 1 : 0,
    })),
    links: links.map(({ name, index, ends }) => ({
      name,
      index,
      ends: ends.map(({ node, nic }) => ({ node, nic: nodes[node]?.nics[nic]?.name ?? "" })),
    })),
  } as unknown as LabView;
}

function ok<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

test("a node and a link are added, comments stay, and the new interface has an address", () => {
  const text = ok(
    addElements(LAB, {
      nodes: [{ name: "h3", kind: "host", at: { x: 10.4, y: 20 } }],
      links: [{ ends: ["h3", "r1"] }],
    }),
  );
  expect(text).toContain("# A note at the top.");
  expect(text).toContain("# slow");
  expect(text).toContain("  h3: { kind: host, at: [ 10, 20 ] }");
  const added = lab(text).nodes.find(({ name }) => name === "h3");
  expect(added?.nics[0]?.addresses).toHaveLength(1);
});

test("an empty lab takes its first nodes and link", () => {
  const nodes = [
    { name: "h1", kind: "host", at: { x: 0, y: 0 } },
    { name: "h2", kind: "host", at: { x: 100, y: 0 } },
  ] as const;
  const text = ok(addElements(EMPTY_LAB, { nodes, links: [{ ends: ["h1", "h2"] }] }));
  expect(lab(text).links).toHaveLength(1);
});

test("a link that goes leaves the others on their interfaces", () => {
  const text = ok(removeElements(LAB, view(LAB), { nodes: [], links: ["h1-r1"] }));
  const { nodes, links } = lab(text);
  const router = nodes.find(({ name }) => name === "r1");
  expect(links).toHaveLength(1);
  expect(router?.nics.map(({ name, link }) => [name, link === null])).toEqual([
    ["eth0", true],
    ["eth1", false],
  ]);
});

test("a node that goes takes its links and what speaks of it along", () => {
  const text = ok(removeElements(LAB, view(LAB), { nodes: ["h2"], links: [] }));
  const { nodes, links, timeline, checks } = lab(text);
  expect(nodes.map(({ name }) => name)).toEqual(["h1", "r1"]);
  expect([links.length, timeline.length, checks.length]).toEqual([1, 1, 1]);
});

test("renaming keeps the order and follows the name everywhere", () => {
  const links = linkNamesAfterRename(view(LAB), "h2", "server");
  const text = ok(renameNode(LAB, "h2", "server", links));
  expect(text).toContain('"server": { kind: host');
  expect(text).toContain("ping -c 1 server");
  expect(text).toContain("server:eth0 rx_packets");
  expect(lab(text).nodes.map(({ name }) => name)).toEqual(["h1", "server", "r1"]);
  expect(renameNode(LAB, "h2", "h1").ok).toBe(false);
});

test("moving writes whole pixels", () => {
  const text = ok(moveNodes(LAB, new Map([["h1", { x: 3.6, y: -4.2 }]])));
  expect(positionsIn(text).get("h1")).toEqual({ x: 4, y: -4 });
});

test("a copy is pasted under new names, with its links and settings", () => {
  const piece = copyPiece(LAB, view(LAB), ["h2", "r1"], new Map([["h2", { x: 1, y: 2 }]]));
  const { text, names } = ok(pastePiece(LAB, piece, { x: 40, y: 40 }));
  expect(names).toEqual(["h3", "r2"]);
  const pasted = lab(text);
  expect(pasted.links.at(-1)?.forward.delayNs).toBe(5_000_000);
  expect(pasted.nodes.find(({ name }) => name === "h3")?.at).toEqual({ x: 41, y: 42 });
});

test("names", () => {
  expect(freeName(new Set(["h1", "h3"]), "host")).toBe("h2");
  expect(nameFault("web-1", new Set())).toBe("");
  for (const bad of ["", "1a", "a b", "all", "h1"]) expect(nameFault(bad, new Set(["h1"]))).not.toBe("");
});

describe.each(readdirSync(join(import.meta.dirname, "../../resources/labs")))("%s", (file) => {
  const text = readFileSync(join(import.meta.dirname, "../../resources/labs", file), "utf8");
  test("any one node can be removed", () => {
    for (const { name } of lab(text).nodes.slice(0, 6)) {
      const removed = removeElements(text, view(text), { nodes: [name], links: [] });
      const opened = parseLab(ok(removed), file);
      // Routes and gateways may be missing then; names may not.
      const faults = opened.ok ? [] : opened.error.filter(({ code }) => code.startsWith("lab/unknown"));
      expect(faults.map(({ title }) => title)).toEqual([]);
    }
  });
});
