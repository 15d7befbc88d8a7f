/**
 * Real maps, exact times: in Abilene and Geant2011 every router asks every other for an echo, and the round trip over
 * resolved neighbours is twice propagation plus serialisation along the cheapest path, to the nanosecond.
 */
import { describe, expect, test } from "vitest";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { Session } from "../../core/session/session.ts";
import { probes } from "./probe.ts";
import { mapFiles, nodeField, pathTimes, readMap, type ZooMap } from "./zoo-map.ts";

/** Enough for one router to visit all others twice, so that no two routers are under way at once. */
const TURN = 10 * SECOND;

type Measured = { readonly from: number; readonly to: number; readonly first: number; readonly second: number };

/** Each router in turn visits all others; times are NaN where no answer came. */
function visitAll(map: ZooMap): { measured: Measured[]; session: Session } {
  const session = new Session(map.lab, { programs: probes });
  const measured: Measured[] = [];
  const { addresses, lab } = map;
  lab.nodes.forEach(({ name: node }, from) => {
    const others = addresses.filter((_, to) => to !== from);
    const command = `visit ${addresses[from] ?? ""} ${others.join(" ")}`;
    expect(session.inject({ kind: "exec", node, command, console: from })).toEqual({ ok: true, value: undefined });
    session.advance((session.now + TURN) as VirtualTime);
  });
  for (const { console: from, output } of session.report().consoles) {
    for (const line of output.trim().split("\n")) {
      const [target = "", first, second] = line.split(" ");
      measured.push({ from, to: addresses.indexOf(target), first: Number(first), second: Number(second) });
    }
  }
  return { measured, session };
}

describe.skipIf(mapFiles.length === 0).each(["Abilene.graphml", "Geant2011.graphml"])("%s", (file) => {
  test("delays are those of light in fibre along the great circle", () => {
    const map = readMap(file);
    const latitude = nodeField(file, "Latitude");
    const longitude = nodeField(file, "Longitude");
    let known = 0;
    for (const { ends, delayNs } of map.edges) {
      const [a, b] = ends.map((end) => [latitude[end], longitude[end]].map((degrees) => ((degrees ?? NaN) * Math.PI) / 180));
      const [[latA = NaN, lonA = NaN], [latB = NaN, lonB = NaN]] = [a ?? [], b ?? []];
      const cosine = Math.sin(latA) * Math.sin(latB) + Math.cos(latA) * Math.cos(latB) * Math.cos(lonA - lonB);
      const expectedNs = (6_371_008.8 * Math.acos(cosine)) / ((299_792_458 * 2) / 3 / 1e9);
      if (Number.isNaN(expectedNs)) continue;
      known++;
      // The arc cosine of nearly 1 is good for a few metres.
      expect(Math.abs(delayNs - Math.max(1000, expectedNs))).toBeLessThan(50);
    }
    expect(known).toBeGreaterThan(map.edges.length / 2);
  });

  test("every router reaches every other in exactly twice propagation plus serialisation", { timeout: 60_000 }, () => {
    const map = readMap(file);
    const expected = pathTimes(map);
    const { measured, session } = visitAll(map);
    expect(measured.length).toBe(map.nodes * (map.nodes - 1));
    const wrong = measured.filter(({ from, to, second }) => {
      const { least = NaN, most = NaN } = expected[from]?.[to] ?? {};
      return !(second >= 2 * least && second <= 2 * most);
    });
    expect(wrong).toEqual([]);
    // Neighbours that are not resolved yet can only cost time.
    expect(measured.filter(({ first, second }) => !(first >= second))).toEqual([]);
    expect(session.report().conservation.problems).toEqual([]);
    const ties = expected.flat().filter((path) => path !== undefined && path.least !== path.most).length;
    expect(ties).toBe(0);
  });
});
