/**
 * What moves on the canvas at one moment, as plain data: made where the run is followed, painted in a worker
 * (moving-worker.ts). Without a graphics processor painting takes longer than all else the window does for a frame.
 */
import type { CanvasColors } from "../canvas-colors.ts";

export interface MovingScene {
  /** Of the canvas; pixels of the device. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the device for one of CSS, and how the model lies under the view. */
  readonly scale: number;
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
  readonly wallMs: number;
  readonly dots: Dots;
  /** Dense traffic. */
  readonly bands: Float32Array<ArrayBuffer>;
  readonly bursts: readonly BurstShape[];
}

export interface Dots {
  /** Numbers in threes: protocol, x and y of the middle; pixels of the device. Lettered ones lie over beads. */
  readonly beads: Float32Array<ArrayBuffer>;
  readonly lettered: Float32Array<ArrayBuffer>;
  /** Half a bead's side, pixels of the device. */
  readonly bead: number;
  /** Size of lettered dots. */
  readonly zoom: number;
}

/** Of a lettered dot, model pixels. */
export const DOT_WIDTH = 17;

/** Numbers for a band: protocol, brightness, and the curve from, through, to (x and y each) along which it moves. */
export const BAND_NUMBERS = 8;

/** A packet that died. */
export interface BurstShape {
  /** Model pixels. */
  readonly x: number;
  readonly y: number;
  readonly reason: string;
  readonly text: string;
  readonly count: number;
  /** 0 to 1. */
  readonly age: number;
}

/** To the worker: the canvas comes first, then colours whenever the theme changes. */
export type ToPainter =
  | { readonly kind: "canvas"; readonly canvas: OffscreenCanvas }
  | { readonly kind: "colors"; readonly colors: CanvasColors }
  | { readonly kind: "scene"; readonly scene: MovingScene };

/** From the worker: a scene is painted, and it takes the next. */
export type FromPainter = "painted";
