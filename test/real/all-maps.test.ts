/**
 * Every map of the Topology Zoo runs: the lab is built and switched on, one router visits the first ones in its reach,
 * and after a virtual second every frame and packet is accounted for. `LASTACK_FIGURES=1` prints sizes and times.
 */
import { describe, expect, test } from "vitest";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { Session } from "../../core/session/session.ts";
import { LONG } from "../harness/long.ts";
import { probes } from "./probe.ts";
import { command } from "./visits.ts";
import { mapFiles, reach, readMap } from "./zoo-map.ts";

/** Targets of the one visitor: each takes two round trips of up to 200 ms. */
const TARGETS_MAX = 2;
const figures: string[] = [];

/** Every tenth map in the everyday loop. */
const files = mapFiles.filter((_, index) => LONG || index % 10 === 0);

describe.skipIf(mapFiles.length === 0)("one second of", () => {
  test.each(files)("%s", { timeout: 20_000 }, (file) => {
    const map = readMap(file);
    const started = performance.now();
    const session = new Session(map.lab, { programs: probes });
    const built = performance.now();
    const from = map.edges[0]?.ends[0] ?? 0;
    const targets = [...reach(map, from, () => true)].filter((node) => node !== from).slice(0, TARGETS_MAX);
    const addresses = [from, ...targets].map((node) => map.addresses[node] ?? "");
    const node = map.lab.nodes[from]?.name ?? "";
    command(session, { kind: "exec", node, command: `visit ${addresses.join(" ")}`, console: 0 });
    session.advance(SECOND as VirtualTime);
    const report = session.report();
    const ran = performance.now();

    expect(report.conservation.problems).toEqual([]);
    const lines = report.consoles[0]?.output.trim().split("\n") ?? [];
    expect(lines.map((line) => line.split(" ")[0])).toEqual(addresses.slice(1));
    expect(lines.filter((line) => line.includes("-"))).toEqual([]);
    figures.push(
      `${file}: ${map.nodes} routers, ${map.edges.length} cables, built in ${(built - started).toFixed(0)} ms, ` +
        `ran ${report.events} events in ${(ran - built).toFixed(0)} ms`,
    );
    if (process.env["LASTACK_FIGURES"] === "1" && figures.length === files.length) console.log(figures.join("\n"));
  });
});
