/** A quiet grid of dots, so that panning and zooming are felt. */
import type { CanvasColors } from "./canvas-colors.ts";
import type { Viewport } from "./viewport.ts";

/** Between dots, canvas pixels. */
const GRID = 20;
/** Dots closer than this on the screen would be a grey sheet. */
const STEP_MIN = 18;

export function paintGrid(
  context: OffscreenCanvasRenderingContext2D,
  { colors, viewport, size }: { colors: CanvasColors; viewport: Viewport; size: HTMLElement },
): void {
  const { zoom, x, y } = viewport;
  let step = GRID;
  while (step * zoom < STEP_MIN) step *= 2;
  const left = Math.floor(-x / zoom / step) * step;
  const top = Math.floor(-y / zoom / step) * step;
  const right = (size.clientWidth - x) / zoom;
  const bottom = (size.clientHeight - y) / zoom;
  const dot = 1.2 / zoom;
  context.fillStyle = colors.grid;
  context.beginPath();
  for (let column = left; column <= right; column += step) {
    for (let row = top; row <= bottom; row += step) context.rect(column - dot / 2, row - dot / 2, dot, dot);
  }
  context.fill();
}
