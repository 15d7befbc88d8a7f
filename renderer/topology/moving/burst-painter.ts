/** Draws where packets died: rays that fly apart, then the reason in words, which fades. */
import type { CanvasColors } from "../canvas-colors.ts";
import { CANVAS_FONT, textScale } from "../canvas-text.ts";
import type { BurstShape } from "./moving-scene.ts";

const RAYS = 10;
/** A sentence longer than this is cut; the packet list has all of it. */
const TEXT_MAX = 52;
interface BurstStyle {
  readonly colors: CanvasColors;
  readonly zoom: number;
}

export function paintBurst(context: OffscreenCanvasRenderingContext2D, burst: BurstShape, style: BurstStyle): void {
  const { colors, zoom } = style;
  const { age } = burst;
  const flash = Math.min(1, age * 5);
  const scale = textScale(zoom);
  context.save();
  context.translate(burst.x, burst.y);
  context.scale(scale, scale);
  context.strokeStyle = colors.danger;
  context.lineCap = "round";
  if (flash < 1) paintRays(context, flash);
  context.globalAlpha = age < 0.7 ? 1 : Math.max(0, (1 - age) / 0.3);
  context.lineWidth = 2.5;
  context.beginPath();
  context.moveTo(-5, -5);
  context.lineTo(5, 5);
  context.moveTo(5, -5);
  context.lineTo(-5, 5);
  context.stroke();
  paintReason(context, burst, { colors, lift: 6 * flash });
  context.restore();
}

function paintRays(context: OffscreenCanvasRenderingContext2D, flash: number): void {
  context.lineWidth = 3 * (1 - flash) + 0.5;
  context.beginPath();
  for (let ray = 0; ray < RAYS; ray++) {
    const angle = (ray / RAYS) * 2 * Math.PI + 0.3;
    const [near, far] = [6 + flash * 14, 10 + flash * 24];
    context.moveTo(Math.cos(angle) * near, Math.sin(angle) * near);
    context.lineTo(Math.cos(angle) * far, Math.sin(angle) * far);
  }
  context.stroke();
}

function paintReason(
  context: OffscreenCanvasRenderingContext2D,
  { reason, text, count }: BurstShape,
  { colors, lift }: { readonly colors: CanvasColors; readonly lift: number },
): void {
  const title = reason + (count > 1 ? ` \u00d7${count}` : "");
  const words = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}\u2026` : text;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const strong = `600 11px ${CANVAS_FONT}`;
  const plain = `11px ${CANVAS_FONT}`;
  context.font = strong;
  const titleWidth = context.measureText(title).width;
  context.font = plain;
  const width = Math.max(titleWidth, context.measureText(words).width) + 16;
  const top = -48 - lift;
  context.fillStyle = colors.danger;
  context.beginPath();
  context.roundRect(-width / 2, top, width, 34, 6);
  // A tip that points at the place.
  context.moveTo(-5, top + 34);
  context.lineTo(0, top + 40);
  context.lineTo(5, top + 34);
  context.fill();
  context.fillStyle = colors.onDanger;
  context.font = strong;
  context.fillText(title, 0, top + 10);
  context.font = plain;
  context.fillText(words, 0, top + 24);
}
