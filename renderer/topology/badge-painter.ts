/** Draws what nodes carry: addresses, power, and what their program calls its state. */
import type { NodeView } from "../../core/contract/api/lab-view.ts";
import type { NodeState } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { CANVAS_FONT, type CanvasColors } from "./canvas-colors.ts";
import { NODE_RADIUS } from "./graph-style.ts";

const TEXT_ZOOM_MIN = 0.55;

export function paintBadges(
  context: CanvasRenderingContext2D,
  node: NodeView,
  state: NodeState | undefined,
  at: Place,
  { colors, zoom, showsAddresses }: { readonly colors: CanvasColors; readonly zoom: number; readonly showsAddresses: boolean },
): void {
  if (state?.power === "off") paintPower(context, at, "off", colors);
  else if (state?.power === "paused") paintPower(context, at, "paused", colors);
  if (zoom < TEXT_ZOOM_MIN) return;
  const address = node.nics.find(({ addresses }) => addresses.length > 0)?.addresses[0];
  const cabled = node.nics.filter(({ addresses }) => addresses.length > 0).length;
  if (showsAddresses && address !== undefined && node.kind === "host") {
    context.font = `10.5px ${CANVAS_FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colors.text3;
    context.fillText(cabled > 1 ? `${address} +${cabled - 1}` : address, at.x, at.y + NODE_RADIUS + 29);
  }
  if (state !== undefined && state.label !== "") paintLabel(context, state.label, at, colors);
}

/** The state of a program, above its machine. */
function paintLabel(context: CanvasRenderingContext2D, label: string, at: Place, colors: CanvasColors): void {
  context.font = `700 11px ${CANVAS_FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(label).width + 14;
  const y = at.y - NODE_RADIUS - 13;
  context.fillStyle = colors.panel;
  context.strokeStyle = stateColor(label, colors);
  context.lineWidth = 1.5;
  context.beginPath();
  context.roundRect(at.x - width / 2, y - 9, width, 18, 9);
  context.fill();
  context.stroke();
  context.fillStyle = stateColor(label, colors);
  context.fillText(label, at.x, y + 0.5);
}

/** The word says it; the colour only helps. */
function stateColor(label: string, colors: CanvasColors): string {
  if (/commit|established|leader|decided/i.test(label)) return colors.ok;
  if (/abort|fail|closed|dead/i.test(label)) return colors.danger;
  if (/ready|wait|prepare|candidate|blocked/i.test(label)) return colors.warn;
  return colors.accent;
}

/** A disc at the corner: a cross for off, two bars for paused. */
function paintPower(context: CanvasRenderingContext2D, at: Place, power: "off" | "paused", colors: CanvasColors): void {
  const [x, y] = [at.x + NODE_RADIUS - 3, at.y - NODE_RADIUS + 3];
  context.fillStyle = power === "off" ? colors.danger : colors.warn;
  context.strokeStyle = colors.background;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
  context.strokeStyle = colors.onDanger;
  context.lineCap = "round";
  context.beginPath();
  const lines = power === "off" ? CROSS : BARS;
  for (const [x1, y1, x2, y2] of lines) {
    context.moveTo(x + x1, y + y1);
    context.lineTo(x + x2, y + y2);
  }
  context.stroke();
}

const CROSS = [
  [-3, -3, 3, 3],
  [3, -3, -3, 3],
] as const;
const BARS = [
  [-2.5, -3.5, -2.5, 3.5],
  [2.5, -3.5, 2.5, 3.5],
] as const;
