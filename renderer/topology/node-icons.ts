/** Our own pictures of the kinds of nodes, as outlines in a 32 by 32 box. Shapes differ, not only colours. */
import type { NodeKind } from "../../core/contract/api/lab-view.ts";

/** SVG path data, drawn as strokes. */
export const NODE_PATHS: Readonly<Record<NodeKind, string>> = {
  // A machine: case with two drive bays and a foot.
  host: "M7 5h18a2 2 0 0 1 2 2v13a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2M11 27h10M16 22v5M9.5 10l3 3-3 3M15 16h5",
  // Four ways in and out, in a circle.
  router:
    "M16 4a12 12 0 1 0 0 24 12 12 0 1 0 0-24M16 14V7.5m-2.5 2.5L16 7.5l2.5 2.5M16 18v6.5m-2.5-2.5 2.5 2.5 2.5-2.5M7 16h6.5m-2.5-2.5 2.5 2.5-2.5 2.5M25 16h-6.5m2.5-2.5L18.5 16l2.5 2.5",
  // Two lanes that cross over, in a box.
  switch:
    "M6 6h20a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2M8.5 12.5h15m-3-3 3 3-3 3M23.5 19.5h-15m3-3-3 3 3 3",
  // Everybody hears everybody: one point, lines to all.
  hub: "M16 3l11.3 6.5v13L16 29 4.7 22.5v-13zM16 16v-7M16 16l6 3.5M16 16l-6 3.5M16 13.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 1 0 0-5",
};

export const NODE_TITLES: Readonly<Record<NodeKind, string>> = {
  host: "Host",
  router: "Router",
  switch: "Switch",
  hub: "Hub",
};

/** For Cytoscape, which takes pictures by address. */
export function nodePicture(kind: NodeKind, color: string): string {
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 32 32" fill="none" stroke="${color}" ` +
    `stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><path d="${NODE_PATHS[kind]}"/></svg>`;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
}
