/**
 * Maps of the Internet Topology Zoo (Knight, Nguyen, Falkner, Bowden, Roughan: "The Internet Topology Zoo", IEEE JSAC
 * 29(9), 2011) in GraphML. Every node becomes a router, every edge a cable whose delay is that of light in fibre along
 * the great circle and whose cost is that delay in microseconds, so that the shortest path is the quickest. Every
 * router has an address of its own on `lo`.
 * Left out: nested graphs, ports, hyperedges (the Zoo writes those as nodes), and self loops, which carry nothing.
 */
import { bad, good, type Result } from "../../base/result.ts";
import { formatDuration } from "../../base/time.ts";
import { LAB_LIMITS } from "../limits.ts";
import type { Problem } from "../problem.ts";
import { formatRate } from "../scalars.ts";
import { Places } from "../tree.ts";
import { formatLab, type LabInput } from "../write.ts";
import { fibreDelayNs, layOut, type Degrees } from "./geo.ts";
import { ImportProblems, SafeNames, type Imported } from "./import.ts";
import { readXml, type XmlElement } from "./xml.ts";

/** Where the map does not say: what a good office has, and a cable across a region. */
const RATE_BPS = 1_000_000_000;
const DELAY_NS = 1_000_000;

type MapNode = { readonly name: string; readonly place: Degrees | undefined };
/** Data of an element by the names that its keys stand for. */
type Fields = ReadonlyMap<string, string>;
type Source = { readonly problems: ImportProblems; readonly keys: ReadonlyMap<string, string> };

export function importTopologyZoo(text: string, file: string): Result<Imported, readonly Problem[]> {
  const problems = new ImportProblems(file, new Places(text));
  const document = readXml(text);
  if (!document.ok) {
    problems.error("import/xml", document.error.at, `not XML that can be read: ${document.error.title}`);
    return bad(problems.all());
  }
  const root = document.value;
  const graph = root.children.find((child) => child.name === "graph");
  if (root.name !== "graphml" || graph === undefined) {
    problems.error("import/no-graph", root.at, "there is no <graph> in a <graphml> here");
    return bad(problems.all());
  }
  const source: Source = { problems, keys: keysOf(root) };
  const nodes = readNodes(graph, source);
  const links = readLinks(graph, nodes, source);
  if (nodes.size === 0) problems.error("import/empty", graph.at, "a map without nodes");
  if (problems.hasErrors) return bad(problems.all().filter((problem) => problem.severity === "error"));
  const fields = fieldsOf(graph, source);
  return good({ text: formatLab(labOf(fields, nodes, links)), problems: problems.all() });
}

/** GraphML numbers its attributes anew in every file (d0, d1...); the names are in the <key> elements. */
function keysOf(root: XmlElement): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { name, attributes } of root.children) {
    const [id, meaning] = [attributes.get("id"), attributes.get("attr.name")];
    if (name === "key" && id !== undefined && meaning !== undefined) keys.set(id, meaning);
  }
  return keys;
}

function fieldsOf(element: XmlElement, { keys }: Source): Fields {
  const fields = new Map<string, string>();
  for (const child of element.children) {
    const name = child.name === "data" ? keys.get(child.attributes.get("key") ?? "") : undefined;
    if (name !== undefined) fields.set(name, child.text.trim());
  }
  return fields;
}

function readNodes(graph: XmlElement, source: Source): ReadonlyMap<string, MapNode> {
  const { problems } = source;
  const nodes = new Map<string, MapNode>();
  const names = new SafeNames();
  for (const element of graph.children) {
    if (element.name !== "node") continue;
    const id = element.attributes.get("id");
    if (id === undefined) problems.error("import/no-id", element.at, "a node without an id");
    else if (nodes.has(id)) problems.error("import/duplicate-id", element.at, `a second node with the id "${id}"`);
    if (id === undefined || nodes.has(id)) continue;
    const fields = fieldsOf(element, source);
    const label = fields.get("label") ?? "";
    const name = names.take(label, `node-${id}`);
    const place = placeOf(fields);
    // A hyphen for a blank needs no mention.
    if (name !== label.replaceAll(" ", "-")) {
      problems.warning("import/renamed", element.at, `"${label}" is called ${name} here`);
    }
    if (place === undefined) {
      problems.warning("import/no-place", element.at, `${name} has no position`, "placed on a ring");
    }
    nodes.set(id, { name, place });
    if (nodes.size > LAB_LIMITS.nodesMax) problems.error("import/too-large", element.at, "too many nodes for a lab");
  }
  return nodes;
}

function placeOf(fields: Fields): Degrees | undefined {
  const latitude = numberOf(fields.get("Latitude"));
  const longitude = numberOf(fields.get("Longitude"));
  const inside =
    latitude !== undefined && longitude !== undefined && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 360;
  return inside ? { latitude, longitude } : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[-+]?\d{1,20}(?:\.\d{0,20})?(?:[eE][-+]?\d{1,2})?$/.test(text)
    ? Number(text)
    : undefined;
}

function readLinks(
  graph: XmlElement,
  nodes: ReadonlyMap<string, MapNode>,
  source: Source,
): NonNullable<LabInput["links"]> {
  const { problems } = source;
  const links: NonNullable<LabInput["links"]> = [];
  const pairs = new Set<string>();
  for (const element of graph.children) {
    if (element.name !== "edge") continue;
    const ends = ["source", "target"].map((side) => nodes.get(element.attributes.get(side) ?? ""));
    const [a, b] = ends;
    if (a === undefined || b === undefined) {
      problems.error("import/unknown-end", element.at, "an edge to a node that is not in the map");
      continue;
    }
    if (a === b) {
      problems.warning("import/self-loop", element.at, `an edge from ${a.name} to itself`, "left out");
      continue;
    }
    const pair = [a.name, b.name].sort((x, y) => (x < y ? -1 : 1)).join(" ");
    if (pairs.has(pair)) {
      problems.warning("import/parallel", element.at, `one more edge between ${a.name} and ${b.name}`, "kept");
    }
    pairs.add(pair);
    links.push(linkOf(a, b, element, source));
    if (links.length > LAB_LIMITS.linksMax) problems.error("import/too-large", element.at, "too many edges for a lab");
  }
  return links;
}

function linkOf(a: MapNode, b: MapNode, element: XmlElement, source: Source): NonNullable<LabInput["links"]>[number] {
  const rateBps = rateOf(element, source);
  let delayNs = DELAY_NS;
  if (a.place !== undefined && b.place !== undefined) delayNs = fibreDelayNs(a.place, b.place);
  else {
    const title = `the length of the edge from ${a.name} to ${b.name} is not known`;
    source.problems.warning("import/no-length", element.at, title, `a delay of ${formatDuration(DELAY_NS)} is assumed`);
  }
  const cost = Math.max(1, Math.round(delayNs / 1000));
  return { ends: [a.name, b.name], rate: formatRate(rateBps), delay: formatDuration(delayNs), cost };
}

function rateOf(element: XmlElement, source: Source): number {
  const raw = fieldsOf(element, source).get("LinkSpeedRaw");
  if (raw === undefined) return RATE_BPS;
  const rate = Math.round(numberOf(raw) ?? 0);
  if (rate >= 1 && rate <= LAB_LIMITS.rateBpsMax) return rate;
  source.problems.warning("import/bad-rate", element.at, `"${raw}" is no rate`, `${formatRate(RATE_BPS)} is assumed`);
  return RATE_BPS;
}

function labOf(fields: Fields, nodes: ReadonlyMap<string, MapNode>, links: NonNullable<LabInput["links"]>): LabInput {
  const all = [...nodes.values()];
  const points = layOut(all.map((node) => node.place));
  const name = fields.get("Network") || fields.get("label") || "Topology Zoo map";
  const facts = [
    `A map of the Internet Topology Zoo: ${all.length} routers, ${links.length} links.`,
    ...["GeoLocation", "NetworkDate", "Source"].flatMap((key) =>
      fields.get(key) ? [`${key}: ${fields.get(key)}`] : [],
    ),
    `Links that do not state a rate have ${formatRate(RATE_BPS)}; ` +
      "delays are those of light in fibre along the great circle.",
  ];
  return {
    lastack: 1,
    name: name.slice(0, 200),
    text: `${facts.map((fact) => fact.slice(0, 2000)).join("\n\n")}\n`,
    routing: "auto",
    nodes: Object.fromEntries(
      all.map((node, i) => [
        node.name,
        { kind: "router", at: pointOf(points[i]), addresses: { lo: loopbackOf(i) } } as const,
      ]),
    ),
    links,
  };
}

/**
 * An address that does not go down with one of the router's cables, as operators give each of their routers. They come
 * out of 10.255.0.0/16, which the networks of the cables reach last.
 */
const loopbackOf = (index: number): string => `10.255.${(index + 1) >> 8}.${(index + 1) & 0xff}/32`;

const pointOf = (point: { x: number; y: number } | undefined): [number, number] => [point?.x ?? 0, point?.y ?? 0];
