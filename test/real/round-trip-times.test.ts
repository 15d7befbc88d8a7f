/**
 * Real maps, exact times: in Abilene and Geant2011 every router asks every other for an echo, and the round trip over
 * resolved neighbours is twice propagation plus serialisation along the cheapest path, to the nanosecond. Geant2011
 * draws Turkey without a cable: it reaches nobody.
 */
import { describe, expect, test } from "vitest";
import { Session } from "../../core/session/session.ts";
import { probes } from "./probe.ts";
import { visitInTurn, wrongTimes } from "./visits.ts";
import { mapFiles, nodeField, pathTimes, readMap, type ZooEdge } from "./zoo-map.ts";

type Degrees = readonly (number | undefined)[];

/** By the spherical law of cosines, where the importer has the haversine. */
function greatCircleNs(latitude: Degrees, longitude: Degrees, [a, b]: ZooEdge["ends"]): number {
  const radians = (degrees: number | undefined): number => ((degrees ?? NaN) * Math.PI) / 180;
  const [latA, latB, turn] = [latitude[a], latitude[b], (longitude[a] ?? NaN) - (longitude[b] ?? NaN)].map(radians);
  if (latA === undefined || latB === undefined || turn === undefined) return NaN;
  const cosine = Math.sin(latA) * Math.sin(latB) + Math.cos(latA) * Math.cos(latB) * Math.cos(turn);
  return (6_371_008.8 * Math.acos(cosine)) / ((299_792_458 * 2) / 3 / 1e9);
}

describe.skipIf(mapFiles.length === 0).each([
  { file: "Abilene.graphml", alone: [] },
  { file: "Geant2011.graphml", alone: ["TR"] },
])("$file", ({ file, alone }) => {
  test("delays are those of light in fibre along the great circle", () => {
    const map = readMap(file);
    const latitude = nodeField(file, "Latitude");
    const longitude = nodeField(file, "Longitude");
    const lengths = map.edges.map(({ ends }) => greatCircleNs(latitude, longitude, ends));
    expect(lengths.filter((ns) => !Number.isNaN(ns)).length).toBeGreaterThan(map.edges.length / 2);
    // The arc cosine of nearly 1 is good for a few metres.
    const wrong = map.edges.filter(
      ({ delayNs }, edge) => Math.abs(delayNs - Math.max(1000, lengths[edge] ?? NaN)) > 50,
    );
    expect(wrong).toEqual([]);
  });

  test("every router reaches every other in twice propagation plus serialisation", { timeout: 60_000 }, () => {
    const map = readMap(file);
    const session = new Session(map.lab, { programs: probes });
    const expected = pathTimes(map);
    const unreached = expected.map((row, node) => (row.filter((path) => path !== undefined).length === 1 ? node : -1));
    expect(unreached.filter((node) => node >= 0).map((node) => map.lab.nodes[node]?.name)).toEqual(alone);
    // Otherwise the way there and the way back need not be the same.
    expect(expected.flat().filter((path) => path !== undefined && path.least !== path.most)).toEqual([]);

    const all = map.lab.nodes.map((node) => node.index);
    const measured = visitInTurn(session, map, { sources: all, targets: all });
    expect(measured.length).toBe(map.nodes * (map.nodes - 1));
    expect(wrongTimes(measured, expected)).toEqual([]);
    expect(measured.filter(({ second }) => second !== null).length).toBe(
      (map.nodes - alone.length) * (map.nodes - alone.length - 1),
    );
    expect(session.report().conservation.problems).toEqual([]);
  });
});
