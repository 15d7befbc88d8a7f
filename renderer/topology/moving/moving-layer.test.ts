/** Scenes go to the painter one at a time, and only the newest of those that wait. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MovingLayer } from "./moving-layer.ts";
import type { MovingScene, ToPainter } from "./moving-scene.ts";

const painters: FakePainter[] = [];

class FakePainter extends EventTarget {
  readonly told: ToPainter[] = [];
  terminate = vi.fn<() => void>();

  constructor() {
    super();
    painters.push(this);
  }

  postMessage(message: ToPainter): void {
    this.told.push(message);
  }

  painted(): void {
    this.dispatchEvent(new MessageEvent("message", { data: "painted" }));
  }

  /** By the instants of the scenes. */
  scenes(): number[] {
    return this.told.flatMap((message) => (message.kind === "scene" ? [message.scene.wallMs] : []));
  }
}

const scene = (wallMs: number): MovingScene => ({
  ...{ width: 10, height: 10, scale: 1, zoom: 1, x: 0, y: 0, wallMs, bursts: [] },
  dots: { beads: new Float32Array(), lettered: new Float32Array(), bead: 3, zoom: 1 },
  bands: new Float32Array(),
});

beforeEach(() => void vi.stubGlobal("Worker", FakePainter));
afterEach(() => {
  vi.unstubAllGlobals();
  painters.length = 0;
});

test("while one is painted the newest waits, and those before it are never painted", () => {
  const canvas = { transferControlToOffscreen: () => ({}) } as unknown as HTMLCanvasElement;
  const layer = new MovingLayer(canvas);
  const [painter] = painters;
  expect(painter?.told.map(({ kind }) => kind)).toEqual(["canvas"]);
  for (const wallMs of [1, 2, 3]) layer.paint(scene(wallMs));
  expect(painter?.scenes()).toEqual([1]);
  painter?.painted();
  expect(painter?.scenes()).toEqual([1, 3]);
  painter?.painted();
  expect(painter?.scenes()).toEqual([1, 3]);
  layer.paint(scene(4));
  expect(painter?.scenes()).toEqual([1, 3, 4]);
  layer.close();
  expect(painter?.terminate).toHaveBeenCalledOnce();
});
