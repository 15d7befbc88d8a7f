/** What a link is for people. A cable at a machine that is off carries nothing, and yet nobody has pulled it. */
import type { LinkView } from "../../core/contract/api/lab-view.ts";
import type { LinkState, NodeState } from "../../core/contract/api/run-view.ts";

export type LinkCondition = "up" | "one-way" | "no-carrier" | "unplugged";

export const CONDITION_TEXTS: Readonly<Record<LinkCondition, string>> = {
  up: "",
  "one-way": "one way",
  "no-carrier": "no carrier",
  unplugged: "unplugged",
};

export function conditionOf(
  { ends }: Pick<LinkView, "ends">,
  state: LinkState | undefined,
  nodes: readonly NodeState[],
): LinkCondition {
  if (state === undefined || (state.forwardUp && state.backwardUp)) return "up";
  if (state.forwardUp || state.backwardUp) return "one-way";
  return ends.some(({ node }) => nodes[node]?.power === "off") ? "no-carrier" : "unplugged";
}
