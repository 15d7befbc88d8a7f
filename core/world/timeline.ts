/** Runs a lab's timeline and its random schedule of faults, each entry as an event of the run. */
import { instant } from "../base/time.ts";
import type { EventHandler } from "../engine/event-queue.ts";
import { WORLD_FAULT } from "../engine/rank.ts";
import { TIMELINE_CONSOLES } from "./checks.ts";
import { scheduledFaults, type ScheduledAction } from "./schedule.ts";
import type { World } from "./world.ts";

const ENTRY = 0;
const SCHEDULED = 1;

export class Timeline implements EventHandler {
  readonly #world: World;
  readonly #scheduled: readonly ScheduledAction[];
  #left: number;

  constructor(world: World) {
    this.#world = world;
    this.#scheduled = scheduledFaults(world);
    const { timeline } = world.lab;
    timeline.forEach((entry, index) => world.engine.at(instant(entry.atNs), WORLD_FAULT, this, index * 2 + ENTRY));
    this.#scheduled.forEach((action, index) =>
      world.engine.at(instant(action.atNs), WORLD_FAULT, this, index * 2 + SCHEDULED),
    );
    this.#left = timeline.length + this.#scheduled.length;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  onEvent(code: number): void {
    this.#left--;
    if (code % 2 === SCHEDULED) this.#scheduled[(code - SCHEDULED) / 2]?.apply();
    else this.#runEntry(code / 2);
  }

  #runEntry(index: number): void {
    const world = this.#world;
    const entry = world.lab.timeline[index];
    if (entry === undefined) return;
    switch (entry.kind) {
      case "run":
        world.exec(entry.node, entry.command, TIMELINE_CONSOLES + index);
        return;
      case "node":
        world.note(world.lab.nodes[entry.node]?.name ?? "", entry.action);
        world.setNode(entry.node, entry.action);
        return;
      case "link":
        world.note(world.lab.links[entry.link]?.name ?? "", entry.action);
        world.wiring.links[entry.link]?.setUp(entry.action === "up", "both");
        world.topologyChanged();
        return;
      case "link-set":
        world.note(world.lab.links[entry.link]?.name ?? "", "set");
        world.wiring.links[entry.link]?.configure(entry.forward, entry.backward);
        return;
    }
  }
}
