/** Where the cables of a lab lie on the canvas, and which of them is under a pointer. */
import type { LabView } from "../../core/contract/api/lab-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { distanceTo, layCables, looseEnd, type Cable } from "./cables.ts";

/** How near a pointer must be to a cable, and to a loose plug; screen pixels. */
const HIT = 8;
const PLUG_HIT = 14;

export class CableMap {
  #view: LabView | null = null;
  #cables: readonly (Cable | null)[] = [];
  #isStale = true;
  readonly #placeOf: (node: number) => Place | null;

  constructor(placeOf: (node: number) => Place | null) {
    this.#placeOf = placeOf;
  }

  setLab(view: LabView | null): void {
    this.#view = view;
    this.invalidate();
  }

  /** A node is elsewhere. */
  invalidate(): void {
    this.#isStale = true;
  }

  /** By link index. */
  get all(): readonly (Cable | null)[] {
    if (this.#isStale) {
      this.#isStale = false;
      this.#cables = this.#view === null ? [] : layCables(this.#view, this.#placeOf);
    }
    return this.#cables;
  }

  at(index: number): Cable | null {
    return this.all[index] ?? null;
  }

  /** The link whose line, or whose loose end, is under a place; null when there is none. */
  linkUnder(place: Place, zoom: number, isUp: (link: number) => boolean): number | null {
    let best: { index: number; distance: number } | null = null;
    for (const cable of this.all) {
      if (cable === null) continue;
      let distance = distanceTo(cable, place).distance * zoom;
      if (!isUp(cable.index)) distance = Math.min(distance, plugDistance(cable, place, zoom));
      if (distance < HIT && (best === null || distance < best.distance)) best = { index: cable.index, distance };
    }
    return best?.index ?? null;
  }
}

/** A plug is small and worth hitting: it counts as nearer than it is. */
function plugDistance(cable: Cable, place: Place, zoom: number): number {
  const distances = ([0, 1] as const).map((side) => {
    const { plug } = looseEnd(cable, side);
    return Math.hypot(plug.x - place.x, plug.y - place.y) * zoom;
  });
  const nearest = Math.min(...distances);
  return nearest < PLUG_HIT ? nearest / 2 : Infinity;
}
