/**
 * The canvas of what moves, as the window holds it: gives its pixels to a worker, and scenes one at a time. While one
 * is being painted only the newest of those that come is kept: a slow machine sees fewer pictures and no old ones.
 */
import type { CanvasColors } from "../canvas-colors.ts";
import type { MovingScene, ToPainter } from "./moving-scene.ts";

export class MovingLayer {
  readonly #worker: Worker;
  #isPainting = false;
  #next: MovingScene | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.#worker = new Worker(new URL("./moving-worker.ts", import.meta.url), { type: "module", name: "painter" });
    this.#worker.addEventListener("message", () => {
      this.#isPainting = false;
      const next = this.#next;
      this.#next = null;
      if (next !== null) this.paint(next);
    });
    const offscreen = canvas.transferControlToOffscreen();
    this.#post({ kind: "canvas", canvas: offscreen }, [offscreen]);
  }

  setColors(colors: CanvasColors): void {
    this.#post({ kind: "colors", colors });
  }

  paint(scene: MovingScene): void {
    if (this.#isPainting) {
      this.#next = scene;
      return;
    }
    this.#isPainting = true;
    const { dots, bands } = scene;
    this.#post({ kind: "scene", scene }, [dots.beads.buffer, dots.lettered.buffer, bands.buffer]);
  }

  close(): void {
    this.#worker.terminate();
  }

  #post(message: ToPainter, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
