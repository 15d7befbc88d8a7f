/** How the model lies under the canvas: model times zoom plus x and y, in CSS pixels. */
export interface Viewport {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}
