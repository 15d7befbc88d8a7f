/** Paints scenes of what moves onto one canvas: bands below, then packets, then bursts where packets died. */
import type { CanvasColors } from "../canvas-colors.ts";
import { paintBands } from "./band-painter.ts";
import { paintBurst } from "./burst-painter.ts";
import type { MovingScene } from "./moving-scene.ts";
import { paintDots, PacketPictures } from "./packet-painter.ts";

export class MovingPainter {
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #pictures = new PacketPictures();
  #colors: CanvasColors | null = null;

  constructor(canvas: OffscreenCanvas) {
    this.#canvas = canvas;
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("This browser draws no canvas in a worker.");
    this.#context = context;
  }

  setColors(colors: CanvasColors): void {
    this.#colors = colors;
  }

  paint(scene: MovingScene): void {
    const context = this.#context;
    const colors = this.#colors;
    this.#fit(scene);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, scene.width, scene.height);
    if (colors === null) return;
    const { scale, zoom, x, y, wallMs, dots } = scene;
    const toModel = (): void => context.setTransform(scale * zoom, 0, 0, scale * zoom, scale * x, scale * y);
    toModel();
    paintBands(context, scene.bands, { colors, wallMs });
    context.setTransform(1, 0, 0, 1, 0, 0);
    const pictures = dots.lettered.length === 0 ? [] : this.#pictures.at(colors, dots.zoom * scale);
    paintDots(context, dots, { colors, pictures });
    toModel();
    for (const burst of scene.bursts) paintBurst(context, burst, { colors, zoom });
  }

  /** Giving a canvas a size clears it and costs its memory anew, also when the size is the one it has. */
  #fit({ width, height }: MovingScene): void {
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
  }
}
