/** Where packets died, as it is drawn at one moment. */
import type { Place } from "../../labs/lab-edits.ts";
import { pointOn, type Cable } from "../cables.ts";
import { BURST_MS, type Burst } from "./drops.ts";
import type { BurstShape } from "./moving-scene.ts";

interface Surroundings {
  readonly cables: readonly (Cable | null)[];
  readonly placeOf: (node: number) => Place | null;
  readonly wallMs: number;
}

/** Those that have begun, and whose place is known. */
export function placeBursts(bursts: readonly Burst[], { cables, placeOf, wallMs }: Surroundings): BurstShape[] {
  const shapes: BurstShape[] = [];
  for (const { place, reason, text, count, bornMs } of bursts) {
    if (bornMs === null) continue;
    const cable = place.kind === "link" ? cables[place.index] : null;
    const onCable = cable ? pointOn(cable, place.fraction) : null;
    const at = place.kind === "node" ? placeOf(place.index) : onCable;
    if (at !== null) shapes.push({ x: at.x, y: at.y, reason, text, count, age: (wallMs - bornMs) / BURST_MS });
  }
  return shapes;
}
