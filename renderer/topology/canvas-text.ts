/** How texts on canvases look. */

export const CANVAS_FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';

/** Texts keep their size on the screen, within reason. */
export function textScale(zoom: number): number {
  return Math.max(0.75, Math.min(1.6, 1 / zoom));
}
