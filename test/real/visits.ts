/** Routers of a map visit each other, one after the other, and their round trips are compared with the map's own. */
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import type { Command } from "../../core/contract/command.ts";
import type { Session } from "../../core/session/session.ts";
import type { PathTimes, ZooMap } from "./zoo-map.ts";

/** Enough for one router to visit all others twice, so that no two routers are under way at once. */
const TURN = 10 * SECOND;
/** The longest wait of `visit` for one target that does not answer. */
const SILENCE = 6 * SECOND;

export interface Measured {
  readonly from: number;
  readonly to: number;
  /** Round trips in ns, null when no answer came. The first may have had to wait for ARP. */
  readonly first: number | null;
  readonly second: number | null;
}

export function command(session: Session, given: Command): void {
  const result = session.inject(given);
  if (!result.ok) throw new Error(result.error);
}

/** Each of `sources` visits the `targets` that are not itself, and nothing else happens meanwhile. */
export function visitInTurn(
  session: Session,
  map: ZooMap,
  { sources, targets }: { readonly sources: readonly number[]; readonly targets: readonly number[] },
): Measured[] {
  const { addresses, lab } = map;
  const measured: Measured[] = [];
  for (const from of sources) {
    const others = targets.filter((to) => to !== from).map((to) => addresses[to] ?? "");
    // Never twice the same number: a console lives as long as the session.
    const console = session.journal.length;
    const node = lab.nodes[from]?.name ?? "";
    command(session, { kind: "exec", node, command: `visit ${addresses[from] ?? ""} ${others.join(" ")}`, console });
    session.advance((session.now + TURN) as VirtualTime);
    for (let silent = 0; session.world.console(console)?.endedAt === null && silent < others.length; silent++) {
      session.advance((session.now + SILENCE) as VirtualTime);
    }
    for (const line of (session.world.console(console)?.output ?? "").trim().split("\n")) {
      const [target = "", ...times] = line.split(" ");
      const [first = null, second = null] = times.map((time) => (time === "-" ? null : Number(time)));
      measured.push({ from, to: addresses.indexOf(target), first, second });
    }
  }
  return measured;
}

/** Round trips that are not twice the way of least cost, or are there although there is no way. */
export function wrongTimes(measured: readonly Measured[], expected: readonly (readonly (PathTimes | undefined)[])[]) {
  return measured.flatMap(({ from, to, first, second }) => {
    const path = expected[from]?.[to];
    const right =
      path === undefined
        ? first === null && second === null
        : // Neighbours that are not resolved yet can only cost time.
          first !== null && second !== null && first >= second && second >= 2 * path.least && second <= 2 * path.most;
    return right ? [] : [{ from, to, first, second, expected: path }];
  });
}
