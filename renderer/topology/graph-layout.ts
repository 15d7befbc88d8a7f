/** Where nodes go: arranged by fcose, spread where a lab has them too close, and all of them fitted into the window. */
import type { LayoutOptions } from "cytoscape";
import type { LabView } from "../../core/contract/api/lab-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { NODE_RADIUS } from "./node-size.ts";

export const ZOOM_MIN = 0.05;
export const ZOOM_MAX = 4;
/** Between neighbours of a layout. */
export const EDGE_LENGTH = 130;
/** Kept free around a network that is fitted, screen pixels: the palette and the tools lie there. */
const FIT_INSETS = { left: 96, right: 36, top: 28, bottom: 60 } as const;
/** Names and addresses below a node, canvas pixels. */
const CAPTION = 40;
/** A small lab is not blown up to fill the canvas. */
const FIT_ZOOM_MAX = 1.4;
/** Room that a node takes with its name and address, canvas pixels; and how far apart a lab is drawn at most. */
const ROOM = { x: 104, y: 88 } as const;
const SPREAD_MAX = 5;

export function spreadOf({ nodes }: Pick<LabView, "nodes">): number {
  let nearest = 1;
  for (const [index, { at: a }] of nodes.entries()) {
    for (let other = index + 1; other < nodes.length && a !== null; other++) {
      const b = nodes[other]?.at ?? null;
      if (b === null) continue;
      const room = Math.max(Math.abs(a.x - b.x) / ROOM.x, Math.abs(a.y - b.y) / ROOM.y);
      // Two at the very same place are not helped by it.
      if (room > 0.05 && room < nearest) nearest = room;
    }
  }
  return Math.min(SPREAD_MAX, 1 / nearest);
}

/** The viewport in which all of these places, with what is written below them, are seen. */
export function fitted(
  places: readonly Place[],
  { width, height }: { readonly width: number; readonly height: number },
): { zoom: number; pan: Place } {
  const xs = places.map(({ x }) => x);
  const ys = places.map(({ y }) => y);
  const [left, right] = [Math.min(...xs) - NODE_RADIUS, Math.max(...xs) + NODE_RADIUS];
  const [top, bottom] = [Math.min(...ys) - NODE_RADIUS, Math.max(...ys) + NODE_RADIUS + CAPTION];
  const room = { x: width - FIT_INSETS.left - FIT_INSETS.right, y: height - FIT_INSETS.top - FIT_INSETS.bottom };
  const zoom = Math.min(FIT_ZOOM_MAX, Math.max(ZOOM_MIN, Math.min(room.x / (right - left), room.y / (bottom - top))));
  const pan = {
    x: FIT_INSETS.left + (room.x - (left + right) * zoom) / 2,
    y: FIT_INSETS.top + (room.y - (top + bottom) * zoom) / 2,
  };
  return { zoom, pan };
}

export function layoutOptions(isAnimated: boolean): LayoutOptions {
  return {
    name: "fcose",
    animate: isAnimated,
    animationDuration: 400,
    randomize: true,
    fit: false,
    quality: "default",
    nodeSeparation: 90,
    idealEdgeLength: () => EDGE_LENGTH,
    nodeDimensionsIncludeLabels: true,
  } as unknown as LayoutOptions;
}

/** Somewhere, as long as nobody looks. */
export function onCircle(at: number, count: number): Place {
  const turn = (at / count) * 2 * Math.PI;
  const radius = Math.max(EDGE_LENGTH / 2, (count * EDGE_LENGTH) / (2 * Math.PI));
  return { x: Math.cos(turn) * radius, y: Math.sin(turn) * radius };
}
