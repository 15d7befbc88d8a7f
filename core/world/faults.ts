/** Installs a lab's fault rules into the fabric: names for indexes, and one rule a place. */
import { assert, unreachable } from "../base/assert.ts";
import type { FabricContext } from "../fabric/context.ts";
import type { Lab, LabFaultTarget } from "../lab/model.ts";

export function installFaults(fabric: FabricContext, lab: Lab): void {
  for (const rule of lab.faults) {
    const { match, probability, verdict, fromNs, untilNs } = rule;
    const { skip, every, count } = match;
    const installed = fabric.faults.install({
      on: placeOf(lab, rule.on),
      match,
      skip,
      every,
      count,
      probability,
      verdict,
      fromNs,
      untilNs,
    });
    assert(installed !== null, "the lab's reader bounds the number of rules");
  }
}

function placeOf(lab: Lab, target: LabFaultTarget): string {
  switch (target.kind) {
    case "all":
      return "*";
    case "node":
      return lab.nodes[target.node]?.name ?? "";
    case "link": {
      const name = lab.links[target.link]?.name ?? "";
      return target.direction === "both" ? name : `${name}/${target.direction}`;
    }
    default:
      return unreachable(target);
  }
}
