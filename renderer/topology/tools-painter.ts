/** Draws what belongs to a pointer: the disc from which links are drawn, the link in the making, rings around nodes. */
import type { Place } from "../labs/lab-edits.ts";
import type { CanvasColors } from "./canvas-colors.ts";
import { NODE_RADIUS } from "./node-size.ts";

/** A link that is being drawn. */
export interface Rubber {
  readonly from: string;
  readonly to: Place;
  /** The node under the pointer, if the link could end there. */
  readonly target: string | null;
}

export interface ToolScene {
  readonly colors: CanvasColors;
  readonly rubber: Rubber | null;
  readonly handle: Place | null;
  /** Node at which the link tool starts. */
  readonly source: string | null;
  readonly placeOf: (node: string) => Place | null;
}

/** Where a node shows the disc: at its lower right. */
export function handleAt({ x, y }: Place): Place {
  return { x: x + NODE_RADIUS * 0.92, y: y + NODE_RADIUS * 0.92 };
}

export function paintTools(context: OffscreenCanvasRenderingContext2D, scene: ToolScene): void {
  const { colors, rubber, handle, source, placeOf } = scene;
  if (handle !== null && rubber === null) paintHandle(context, handle, colors);
  for (const name of [source, rubber?.target ?? null]) {
    const at = name === null ? null : placeOf(name);
    if (at !== null) paintRing(context, at, colors);
  }
  const from = rubber === null ? null : placeOf(rubber.from);
  if (rubber === null || from === null) return;
  context.strokeStyle = colors.accent;
  context.lineWidth = 2.5;
  context.setLineDash(rubber.target === null ? [6, 5] : []);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(rubber.to.x, rubber.to.y);
  context.stroke();
  context.setLineDash([]);
}

function paintRing(context: OffscreenCanvasRenderingContext2D, { x, y }: Place, colors: CanvasColors): void {
  context.strokeStyle = colors.accent;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, NODE_RADIUS + 8, 0, 2 * Math.PI);
  context.stroke();
}

function paintHandle(context: OffscreenCanvasRenderingContext2D, at: Place, colors: CanvasColors): void {
  context.fillStyle = colors.accent;
  context.strokeStyle = colors.background;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(at.x, at.y, 8, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
  context.beginPath();
  context.moveTo(at.x - 3.5, at.y);
  context.lineTo(at.x + 3.5, at.y);
  context.moveTo(at.x, at.y - 3.5);
  context.lineTo(at.x, at.y + 3.5);
  context.stroke();
}
