/** How Cytoscape draws nodes, from our tokens. It draws no links and no texts: those are our own (*-painter.ts). */
import type { StylesheetJson } from "cytoscape";
import type { NodeKind } from "../../core/contract/api/lab-view.ts";
import { token } from "../theme/theme.ts";
import { nodePicture } from "./node-icons.ts";
import { NODE_RADIUS } from "./node-size.ts";

export function graphStyle(): StylesheetJson {
  const picture = (kind: NodeKind): StylesheetJson[number] => ({
    selector: `node[kind = "${kind}"]`,
    style: {
      "background-image": nodePicture(kind, token("node-ink")),
      shape: kind === "router" ? "ellipse" : "round-rectangle",
    },
  });
  return [
    {
      selector: "node",
      style: {
        width: 2 * NODE_RADIUS,
        height: 2 * NODE_RADIUS,
        "background-color": token("node-fill"),
        "background-fit": "none",
        "background-width": 32,
        "background-height": 32,
        "border-width": 1.5,
        "border-color": token("node-line"),
        "overlay-opacity": 0,
      },
    },
    ...(["host", "router", "switch", "hub"] as const).map(picture),
    {
      selector: "node.off",
      style: { "background-color": token("bg-0"), "background-image-opacity": 0.35, "border-style": "dashed" },
    },
    { selector: "node.paused", style: { "background-image-opacity": 0.55 } },
    {
      selector: "node:selected",
      style: { "border-width": 2.5, "border-color": token("accent"), "background-color": token("accent-soft") },
    },
    { selector: "node:active", style: { "overlay-opacity": 0 } },
    // Layouts need the links; nobody sees or hits them.
    { selector: "edge", style: { opacity: 0, events: "no", width: 1 } },
    {
      selector: "core",
      style: {
        "selection-box-color": token("accent"),
        "selection-box-opacity": 0.12,
        "selection-box-border-color": token("accent"),
        "selection-box-border-width": 1,
        "active-bg-opacity": 0,
        "active-bg-color": token("accent"),
        "active-bg-size": 0,
        "outside-texture-bg-color": token("bg-0"),
        "outside-texture-bg-opacity": 0,
      },
    },
  ] as StylesheetJson;
}
