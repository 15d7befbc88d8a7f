/** Draws what nodes carry: addresses, power, and what their program calls its state. */
import type { NodeView } from "../../core/contract/api/lab-view.ts";
import type { NodeState } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import type { CanvasColors } from "./canvas-colors.ts";
import { CANVAS_FONT, textScale } from "./canvas-text.ts";
import { NODE_RADIUS } from "./node-size.ts";

/** Names stay readable when the network gets small; below this zoom they would only cover each other. */
const NAME_ZOOM_MIN = 0.3;
const TEXT_ZOOM_MIN = 0.5;

export interface BadgeStyle {
  readonly colors: CanvasColors;
  readonly zoom: number;
  readonly showsAddresses: boolean;
}

export function paintBadges(
  context: OffscreenCanvasRenderingContext2D,
  { node, state, at }: { readonly node: NodeView; readonly state: NodeState | undefined; readonly at: Place },
  { colors, zoom, showsAddresses }: BadgeStyle,
): void {
  if (state?.power === "off") paintPower(context, at, "off", colors);
  else if (state?.power === "paused") paintPower(context, at, "paused", colors);
  if (zoom < NAME_ZOOM_MIN) return;
  const scale = textScale(zoom);
  context.textAlign = "center";
  context.textBaseline = "middle";
  paintCaption(context, node, at, { colors, scale, hasAddress: showsAddresses && zoom >= TEXT_ZOOM_MIN });
  if (state !== undefined && state.label !== "") paintLabel(context, state.label, at, { colors, scale });
}

function paintCaption(
  context: OffscreenCanvasRenderingContext2D,
  node: NodeView,
  at: Place,
  {
    colors,
    scale,
    hasAddress,
  }: { readonly colors: CanvasColors; readonly scale: number; readonly hasAddress: boolean },
): void {
  const y = at.y + NODE_RADIUS + 4;
  context.font = `600 ${13 * scale}px ${CANVAS_FONT}`;
  const width = context.measureText(node.name).width + 6 * scale;
  paintGround(context, { left: at.x - width / 2, top: y, width, height: 17 * scale }, colors);
  context.fillStyle = colors.text;
  context.fillText(node.name, at.x, y + 9 * scale);
  const addressed = node.nics.filter(({ addresses }) => addresses.length > 0);
  const address = addressed[0]?.addresses[0];
  if (!hasAddress || address === undefined || node.kind !== "host") return;
  context.font = `${11 * scale}px ${CANVAS_FONT}`;
  const text = address + (addressed.length > 1 ? ` +${addressed.length - 1}` : "");
  const room = context.measureText(text).width + 4 * scale;
  paintGround(context, { left: at.x - room / 2, top: y + 17 * scale, width: room, height: 14 * scale }, colors);
  context.fillStyle = colors.text3;
  context.fillText(text, at.x, y + 24 * scale);
}

/** A cable that passes behind a text leaves it readable. */
function paintGround(
  context: OffscreenCanvasRenderingContext2D,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
  colors: CanvasColors,
): void {
  context.globalAlpha = 0.85;
  context.fillStyle = colors.background;
  context.fillRect(left, top, width, height);
  context.globalAlpha = 1;
}

/** The state of a program, above its machine. */
function paintLabel(
  context: OffscreenCanvasRenderingContext2D,
  label: string,
  at: Place,
  { colors, scale }: { readonly colors: CanvasColors; readonly scale: number },
): void {
  context.font = `700 ${11 * scale}px ${CANVAS_FONT}`;
  const width = context.measureText(label).width + 14 * scale;
  const height = 18 * scale;
  const y = at.y - NODE_RADIUS - 4 - height;
  context.fillStyle = colors.panel;
  context.strokeStyle = stateColor(label, colors);
  context.lineWidth = 1.5 * scale;
  context.beginPath();
  context.roundRect(at.x - width / 2, y, width, height, height / 2);
  context.fill();
  context.stroke();
  context.fillStyle = stateColor(label, colors);
  context.fillText(label, at.x, y + height / 2 + 0.5);
}

/** The word says it; the colour only helps. */
function stateColor(label: string, colors: CanvasColors): string {
  if (/commit|established|leader|decided/i.test(label)) return colors.ok;
  if (/abort|fail|closed|dead/i.test(label)) return colors.danger;
  if (/ready|wait|prepare|candidate|blocked/i.test(label)) return colors.warn;
  return colors.accent;
}

/** A disc at the corner: a cross for off, two bars for paused. */
function paintPower(
  context: OffscreenCanvasRenderingContext2D,
  at: Place,
  power: "off" | "paused",
  colors: CanvasColors,
): void {
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
