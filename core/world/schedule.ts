/** The random faults of a lab's `schedule`, drawn by the fabric, as things to do to this world at their instants. */
import { Random } from "../base/random.ts";
import { unreachable } from "../base/assert.ts";
import { scheduleFaults, type FaultAction } from "../fabric/fault-schedule.ts";
import type { World } from "./world.ts";

export interface ScheduledAction {
  readonly atNs: number;
  apply(): void;
}

/** In order of time; healing comes before the next fault of the same instant. */
export function scheduledFaults(world: World): ScheduledAction[] {
  const { schedule, nodes, links } = world.lab;
  if (schedule === null) return [];
  const named = (kind: "node" | "link"): ReadonlySet<number> | null =>
    schedule.on.length === 0
      ? null
      : new Set(schedule.on.flatMap((on) => (on.kind !== kind ? [] : [on.kind === "node" ? on.node : on.link])));
  const hitNodes = named("node");
  const hitLinks = named("link");
  // A stream of its own by the schedule's seed: the same faults whatever else the run draws.
  const drawn = scheduleFaults(new Random(schedule.seed, "schedule"), {
    ...schedule,
    nodes: nodes.filter(({ index }) => hitNodes?.has(index) ?? true).map(({ name }) => name),
    links: links
      .filter(({ index }) => (hitLinks?.has(index) ?? true) && world.wiring.links[index] !== null)
      .map(({ name, ends }) => ({ name, between: [nodes[ends[0].node]?.name ?? "", nodes[ends[1].node]?.name ?? ""] })),
  });
  const actions = drawn.flatMap(({ atNs, healAtNs, action }) => {
    let heal = (): void => undefined;
    return [
      { atNs, order: 1, apply: () => void (heal = apply(world, action)) },
      { atNs: healAtNs, order: healAtNs === atNs ? 2 : 0, apply: () => heal() },
    ];
  });
  return actions.sort((a, b) => a.atNs - b.atNs || a.order - b.order);
}

/** Breaks something. @returns how to mend it. */
function apply(world: World, action: FaultAction): () => void {
  switch (action.kind) {
    case "link-down":
      return cut(world, [action.link]);
    case "partition":
      return cut(world, action.links);
    case "one-way-down": {
      const way = action.direction === 0 ? "forward" : "backward";
      setLink(world, action.link, false, way);
      return () => setLink(world, action.link, true, way);
    }
    case "impair": {
      world.note(action.link, "impair");
      const undo = world.link(action.link)?.impair(action.changes);
      return () => undo?.();
    }
    case "crash":
    case "pause": {
      const node = world.nodeIndex(action.node) ?? -1;
      const mend = action.kind === "crash" ? "reboot" : "resume";
      world.note(action.node, action.kind);
      world.setNode(node, action.kind);
      return () => {
        world.note(action.node, mend);
        world.setNode(node, mend);
      };
    }
    default:
      return unreachable(action);
  }
}

function cut(world: World, links: readonly string[]): () => void {
  for (const link of links) setLink(world, link, false, "both");
  return () => {
    for (const link of links) setLink(world, link, true, "both");
  };
}

function setLink(world: World, link: string, up: boolean, way: "both" | "forward" | "backward"): void {
  world.note(link, up ? "up" : "down");
  world.link(link)?.setUp(up, way);
  world.topologyChanged();
}
