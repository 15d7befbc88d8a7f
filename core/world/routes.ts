/**
 * Keeps the computed routes of a lab with `routing: auto` in step with its cables: see routing.ts for what they are.
 */
import type { EventHandler } from "../engine/event-queue.ts";
import { WORLD_FAULT } from "../engine/rank.ts";
import { computeRoutes, type ComputedRoute } from "./routing.ts";
import type { Machine } from "./machine.ts";
import type { World } from "./world.ts";

export class Routes implements EventHandler {
  readonly #world: World;
  #scheduled = false;
  /** What each machine has now, by node index. */
  #installed = new Map<number, readonly ComputedRoute[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Recomputes once behind all changes of this instant. */
  schedule(): void {
    if (this.#scheduled || this.#world.lab.routing !== "auto") return;
    this.#scheduled = true;
    this.#world.engine.at(this.#world.engine.now, WORLD_FAULT, this, 0);
  }

  onEvent(): void {
    this.#scheduled = false;
    this.refresh();
  }

  refresh(): void {
    const { lab, wiring, machines } = this.#world;
    if (lab.routing !== "auto") return;
    const up = lab.links.map((_, index) => wiring.links[index]?.isUp ?? true);
    const computed = computeRoutes(lab, up);
    for (const [index, machine] of machines) {
      const after = computed.get(index) ?? [];
      // A machine that was rebooted has lost its routes: what it still has decides, not what was given.
      const kept = machine.takeRoutesLost() ? [] : (this.#installed.get(index) ?? []);
      replace(machine, kept, after);
      this.#installed.set(index, after);
    }
  }
}

function replace(machine: Machine, before: readonly ComputedRoute[], after: readonly ComputedRoute[]): void {
  const had = new Set(before.map(keyOf));
  const has = new Set(before.length === 0 ? [] : after.map(keyOf));
  for (const route of before) if (!has.has(keyOf(route))) machine.removeRoute(route);
  for (const route of after) if (had.size === 0 || !had.has(keyOf(route))) machine.addRoute(route);
}

const keyOf = ({ network, prefixLength, via, nic, metric }: ComputedRoute): string =>
  `${network}/${prefixLength} ${via} ${nic} ${metric}`;
