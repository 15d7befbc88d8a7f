/** What stands on a cable: rate and delay, and how it is worse than a perfect one; both ways when they differ. */
import type { DirectionView } from "../../core/contract/api/lab-view.ts";
import { formatPercent, formatRate, formatSpan } from "../ui/format.ts";

export function linkLabel(forward: DirectionView, backward: DirectionView): string {
  const [there, back] = [directionLabel(forward), directionLabel(backward)];
  return there === back ? there : `→ ${there}   ← ${back}`;
}

function directionLabel(direction: DirectionView): string {
  const { rateBps, delayNs, jitter, loss, duplicate, reorder, corrupt } = direction;
  const parts = [
    formatRate(rateBps),
    formatSpan(delayNs) + (jitter === null ? "" : ` ± ${formatSpan(jitter.spreadNs)}`),
  ];
  if (loss !== null) parts.push(`loss ${loss.kind === "independent" ? formatPercent(loss.probability) : "in bursts"}`);
  if (duplicate > 0) parts.push(`dup ${formatPercent(duplicate)}`);
  if (reorder !== null) parts.push(`reorder ${formatPercent(reorder.probability)}`);
  if (corrupt > 0) parts.push(`corrupt ${formatPercent(corrupt)}`);
  return parts.join(" · ");
}
