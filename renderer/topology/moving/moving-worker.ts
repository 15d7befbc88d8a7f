/** The worker that paints what moves, so that the window's own thread need not. */
import { MovingPainter } from "./moving-painter.ts";
import type { FromPainter, ToPainter } from "./moving-scene.ts";

/** Seen from inside, a worker has the same two ways. */
const scope = self as unknown as Pick<Worker, "addEventListener" | "postMessage">;
let painter: MovingPainter | null = null;

scope.addEventListener("message", ({ data }: MessageEvent<ToPainter>) => {
  if (data.kind === "canvas") painter = new MovingPainter(data.canvas);
  else if (data.kind === "colors") painter?.setColors(data.colors);
  else {
    // Also after a mistake, which the window is told of by itself: the next scene may be all right.
    try {
      painter?.paint(data.scene);
    } finally {
      scope.postMessage("painted" satisfies FromPainter);
    }
  }
});
