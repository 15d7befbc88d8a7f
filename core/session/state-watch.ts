/** Nodes and links whose state has changed since somebody last looked. */
import type { LinkState, NodeState } from "../contract/api/run-view.ts";
import type { TraceEvent } from "../contract/trace-event.ts";
import type { World } from "../world/world.ts";

export class StateWatch {
  readonly #world: World;
  /** What programs call their state, by node. */
  readonly #labels = new Map<string, string>();
  readonly #nodes: (NodeState | undefined)[] = [];
  readonly #links: (LinkState | undefined)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** A node or a program says what state it is in. */
  onEvent(event: TraceEvent): void {
    const state = String(event.fields["state"]);
    if (event.name === "program:state") this.#labels.set(event.place, state);
    // A machine that went down took its programs along.
    else if (state === "off") this.#labels.delete(event.place);
  }

  changedNodes(): NodeState[] {
    const changed: NodeState[] = [];
    for (const { index, name } of this.#world.lab.nodes) {
      const power = this.#world.power(index);
      const label = this.#labels.get(name) ?? "";
      const last = this.#nodes[index];
      if (last?.power === power && last.label === label) continue;
      const state = { node: index, power, label };
      this.#nodes[index] = state;
      changed.push(state);
    }
    return changed;
  }

  changedLinks(): LinkState[] {
    const changed: LinkState[] = [];
    this.#world.lab.links.forEach(({ index }) => {
      // A cable between two hubs is part of one medium, and always there.
      const { forward, backward } = this.#world.wiring.links[index]?.ways ?? { forward: true, backward: true };
      const last = this.#links[index];
      if (last?.forwardUp === forward && last.backwardUp === backward) return;
      const state = { link: index, forwardUp: forward, backwardUp: backward };
      this.#links[index] = state;
      changed.push(state);
    });
    return changed;
  }
}
