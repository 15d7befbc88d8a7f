/**
 * What a Topology Zoo map says by itself, read with regular expressions and textbook algorithms: the judge of the runs
 * must not share code with what it judges. Delays are checked against the great circle here, then taken from the lab,
 * because a nanosecond of rounding is no defect.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { importTopologyZoo } from "../../core/lab/import/topology-zoo.ts";
import type { Lab, LabHost } from "../../core/lab/model.ts";
import { formatIpv4, type Ipv4Address } from "../../core/wire/address.ts";
import { ECHO_BYTES, readLab } from "./probe.ts";

const MAPS = new URL("../../../shared/data/topology-zoo/", import.meta.url);

/** Names of the maps beside the repository, which are not ours to ship. Empty without them. */
export const mapFiles = existsSync(MAPS) ? readdirSync(MAPS).filter((name) => name.endsWith(".graphml")) : [];
if (mapFiles.length === 0) console.warn(`SKIPPED: no Topology Zoo maps in ${MAPS.pathname}`);

export interface ZooEdge {
  /** Index among the lab's links. */
  readonly link: number;
  readonly ends: readonly [number, number];
  readonly delayNs: number;
  readonly cost: number;
  /** From the first bit sent to the last bit received of one echo request. */
  readonly crossingNs: number;
}

export interface ZooMap {
  readonly lab: Lab;
  readonly nodes: number;
  readonly edges: readonly ZooEdge[];
  /** On `lo`, by node. */
  readonly addresses: readonly string[];
}

/** Preamble, headers, payload padded to the least, frame check sequence. */
const WIRE_BYTES = 8 + Math.max(60, 14 + 20 + 8 + ECHO_BYTES) + 4;

export function readMap(file: string, extra = ""): ZooMap {
  const text = readFileSync(new URL(file, MAPS), "utf8");
  const imported = importTopologyZoo(text, file);
  if (!imported.ok) throw new Error(`${file}: ${imported.error[0]?.title ?? ""}`);
  const lab = readLab(imported.value.text + extra, file);
  const edges = edgesOf(text).map(({ ends, rateBps }, link): ZooEdge => {
    const delayNs = lab.links[link]?.forward.delayNs ?? 0;
    const cost = lab.links[link]?.cost ?? 0;
    return { link, ends, delayNs, cost, crossingNs: delayNs + Math.ceil((WIRE_BYTES * 8 * 1e9) / rateBps) };
  });
  const addresses = lab.nodes.map((node) => formatIpv4(((node as LabHost).loopback[0]?.address ?? 0) as Ipv4Address));
  return { lab, nodes: lab.nodes.length, edges, addresses };
}

/** The text's own edges by the order of its nodes, self loops left out. */
function edgesOf(text: string): { ends: [number, number]; rateBps: number }[] {
  const ids = [...text.matchAll(/<node id="([^"]*)"/g)].map(([, id]) => id);
  const speed = /<key[^>]*attr\.name="LinkSpeedRaw"[^>]*id="([^"]*)"/.exec(text)?.[1] ?? "none";
  const edges = [...text.matchAll(/<edge\s([^>]*?)(?:\/>|>([\s\S]*?)<\/edge>)/g)];
  return edges.flatMap(([, attributes = "", body = ""]) => {
    const end = (side: string): number => ids.indexOf(new RegExp(`${side}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    const rate = new RegExp(`<data key="${speed}">([^<]*)<`).exec(body)?.[1];
    const ends: [number, number] = [end("source"), end("target")];
    return ends[0] === ends[1] ? [] : [{ ends, rateBps: rate === undefined ? 1e9 : Math.round(Number(rate)) }];
  });
}

/** What an element's key says of each node, in the order of the file. */
export function nodeField(file: string, name: string): (number | undefined)[] {
  const text = readFileSync(new URL(file, MAPS), "utf8");
  const key = new RegExp(`<key[^>]*attr\\.name="${name}"[^>]*id="([^"]*)"`).exec(text)?.[1] ?? "none";
  return [...text.matchAll(/<node id="[^"]*">([\s\S]*?)<\/node>/g)].map(([, body = ""]) => {
    const value = new RegExp(`<data key="${key}">([^<]*)<`).exec(body)?.[1];
    return value === undefined ? undefined : Number(value);
  });
}

/** Shortest and longest one-way time over the paths of least cost; the same unless two paths cost the same. */
export interface PathTimes {
  readonly cost: number;
  readonly least: number;
  readonly most: number;
}

/** Floyd and Warshall over the edges of which `isUp` says so. `undefined` where there is no path. */
export function pathTimes(map: ZooMap, isUp: (link: number) => boolean = () => true): (PathTimes | undefined)[][] {
  const { nodes, edges } = map;
  const best: (PathTimes | undefined)[][] = Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: nodes }, (__, other) => (node === other ? { cost: 0, least: 0, most: 0 } : undefined)),
  );
  const offer = (from: number, to: number, path: PathTimes): void => {
    const row = best[from] ?? [];
    const known = row[to];
    if (known === undefined || path.cost < known.cost) row[to] = path;
    else if (path.cost === known.cost) {
      const least = Math.min(path.least, known.least);
      row[to] = { cost: path.cost, least, most: Math.max(path.most, known.most) };
    }
  };
  for (const { link, ends, cost, crossingNs } of edges) {
    if (!isUp(link)) continue;
    const hop = { cost, least: crossingNs, most: crossingNs };
    offer(ends[0], ends[1], hop);
    offer(ends[1], ends[0], hop);
  }
  for (let via = 0; via < nodes; via++) {
    for (let from = 0; from < nodes; from++) {
      const first = from === via ? undefined : best[from]?.[via];
      if (first === undefined) continue;
      for (let to = 0; to < nodes; to++) {
        const second = to === via || to === from ? undefined : best[via]?.[to];
        if (second === undefined) continue;
        const { cost, least, most } = second;
        offer(from, to, { cost: first.cost + cost, least: first.least + least, most: first.most + most });
      }
    }
  }
  return best;
}

/** Edges whose loss splits the map: without one of them, its ends do not reach each other. */
export function bridges(map: ZooMap): ReadonlySet<number> {
  const found = map.edges.filter(({ link, ends }) => !reach(map, ends[0], (other) => other !== link).has(ends[1]));
  return new Set(found.map(({ link }) => link));
}

/** Nodes reached from `start` over the edges that `isUp` lets through. */
export function reach(map: ZooMap, start: number, isUp: (link: number) => boolean): ReadonlySet<number> {
  const found = new Set([start]);
  const waiting = [start];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const { link, ends } of map.edges) {
      const other = ends[0] === node ? ends[1] : ends[1] === node ? ends[0] : undefined;
      if (other === undefined || found.has(other) || !isUp(link)) continue;
      found.add(other);
      waiting.push(other);
    }
  }
  return found;
}
