/** Draws dense traffic: a band along a cable, with marks that move the way its frames go. */
import type { CanvasColors } from "../canvas-colors.ts";
import { BAND_NUMBERS } from "./moving-scene.ts";

/** Between the marks that move along a band, and how fast they do; model pixels, and those a millisecond. */
const MARK_GAP = 16;
const MARK_SPEED = 0.09;
/** With more bands than this they are drawn without marks. */
const MARKED_BANDS_MAX = 60;

/** (Dashes would look alike, and cost twenty times as much.) */
export function paintBands(
  context: OffscreenCanvasRenderingContext2D,
  bands: Float32Array,
  { colors, wallMs }: { readonly colors: CanvasColors; readonly wallMs: number },
): void {
  const hasMarks = bands.length / BAND_NUMBERS <= MARKED_BANDS_MAX;
  context.lineCap = "butt";
  for (let at = 0; at < bands.length; at += BAND_NUMBERS) {
    const number = (offset: number): number => bands[at + offset] as number;
    const [protocol, brightness] = [number(0), number(1)];
    const [fromX, fromY, throughX, throughY, toX, toY] = [
      number(2),
      number(3),
      number(4),
      number(5),
      number(6),
      number(7),
    ];
    const width = Math.min(9, 3 + Math.log2(1 + brightness) * 0.6);
    const color = colors.protocols[protocol] ?? colors.accent;
    context.globalAlpha = Math.min(0.5, 0.15 + Math.log10(1 + brightness) * 0.15);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.quadraticCurveTo(throughX, throughY, toX, toY);
    context.stroke();
    if (!hasMarks) continue;
    context.globalAlpha = Math.min(1, 0.5 + Math.log10(1 + brightness) * 0.2);
    context.fillStyle = color;
    const length = Math.hypot(toX - fromX, toY - fromY);
    for (let mark = (wallMs * MARK_SPEED) % MARK_GAP; mark < length; mark += MARK_GAP) {
      const t = mark / length;
      const u = 1 - t;
      const x = u * u * fromX + 2 * u * t * throughX + t * t * toX;
      const y = u * u * fromY + 2 * u * t * throughY + t * t * toY;
      context.fillRect(x - width / 2, y - width / 2, width, width);
    }
  }
  context.globalAlpha = 1;
}
