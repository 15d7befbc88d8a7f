/**
 * Cutting any one cable that is not a bridge leaves all routers within reach, over the cheapest path that is left, and
 * plugging it in again gives back the times of before. While cables come and go, a stream of echoes crosses the place.
 */
import { describe, expect, test } from "vitest";
import { MILLISECOND, SECOND, type VirtualTime } from "../../core/base/time.ts";
import { conservationOf } from "../../core/world/conservation.ts";
import { Session } from "../../core/session/session.ts";
import { LONG } from "../harness/long.ts";
import { probes } from "./probe.ts";
import { command, visitInTurn, wrongTimes } from "./visits.ts";
import { bridges, mapFiles, pathTimes, reach, readMap } from "./zoo-map.ts";

const ECHOES = 300;
/** Cables cut in the everyday loop; all of them otherwise. */
const CUTS_SAMPLED = 5;

function dropsOf(session: Session): Record<"all" | "LINK_DOWN" | "IP_MARTIAN", number> {
  const { drops } = conservationOf(session.world);
  const count = (reason?: string): number =>
    drops.reduce((sum, drop) => sum + (reason === undefined || reason === drop.reason ? drop.count : 0), 0);
  return { all: count(), LINK_DOWN: count("LINK_DOWN"), IP_MARTIAN: count("IP_MARTIAN") };
}

describe.skipIf(mapFiles.length === 0).each([
  { file: "Abilene.graphml", cuts: 14, sample: 11 },
  { file: "Geant2011.graphml", cuts: 54, sample: 1 },
])("$file", ({ file, cuts, sample }) => {
  test(`heals after each of ${LONG ? cuts : CUTS_SAMPLED} cuts`, { timeout: 240_000 }, () => {
    const map = readMap(file);
    const splits = bridges(map);
    const members = [...reach(map, 0, () => true)].sort((a, b) => a - b);
    const whole = pathTimes(map);
    const edges = map.edges.filter(({ link }) => !splits.has(link));
    expect(edges.length).toBe(cuts);
    const stride = LONG ? 1 : Math.floor(cuts / CUTS_SAMPLED);
    const tried = edges.filter((_, index) => index % stride === 0).slice(0, LONG ? cuts : CUTS_SAMPLED);

    const session = new Session(map.lab, { programs: probes });
    const wait = (ns: number): void => void session.advance((session.now + ns) as VirtualTime);
    tried.forEach(({ link, ends }, turn) => {
      const name = map.lab.links[link]?.name ?? "";
      // The stream takes the cable itself where that is the shortest path.
      const [from, to] = ends.map((end) => map.addresses[end] ?? "");
      const stream = session.journal.length;
      const probe = `probe ${from ?? ""} ${to ?? ""} ${ECHOES} ${7 * MILLISECOND}`;
      const dropped = dropsOf(session);
      command(session, { kind: "exec", node: map.lab.nodes[ends[0]]?.name ?? "", command: probe, console: stream });
      wait(SECOND / 2 + turn * MILLISECOND);

      command(session, { kind: "link", link: name, action: "down" });
      wait(SECOND);
      command(session, { kind: "link", link: name, action: "up" });
      wait(3 * SECOND);
      const answered = (session.world.console(stream)?.output ?? "").trim().split("\n").length;
      const lost = ECHOES - answered;
      // What was on the cable when it went; and, when routes go back, what would have to pass its own source again.
      const now = dropsOf(session);
      expect(now.LINK_DOWN - dropped.LINK_DOWN + now.IP_MARTIAN - dropped.IP_MARTIAN).toBe(lost);
      expect(now.all - dropped.all).toBe(lost);
      expect(lost).toBeLessThan(ECHOES / 10);

      const sources = members.filter((_, index) => (index + turn) % Math.ceil(members.length / sample) === 0);
      const pairs = { sources: [...new Set([...ends, ...sources])], targets: members };
      command(session, { kind: "link", link: name, action: "down" });
      const broken = visitInTurn(session, map, pairs);
      expect({
        name,
        wrong: wrongTimes(
          broken,
          pathTimes(map, (other) => other !== link),
        ),
      }).toEqual({ name, wrong: [] });
      expect(broken.every(({ second }) => second !== null)).toBe(true);
      command(session, { kind: "link", link: name, action: "up" });
      expect({ name, wrong: wrongTimes(visitInTurn(session, map, pairs), whole) }).toEqual({ name, wrong: [] });
    });
    expect(session.report().conservation.problems).toEqual([]);
  });
});
