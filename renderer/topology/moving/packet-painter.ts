/** Draws packets on their way as lettered dots or beads. */
import { FLIGHT_PROTOCOLS } from "../../../core/contract/api/run-view.ts";
import { PROTOCOL_LOOKS } from "../../theme/protocols.ts";
import type { CanvasColors } from "../canvas-colors.ts";
import { CANVAS_FONT } from "../canvas-text.ts";
import { DOT_WIDTH, type Dots } from "./moving-scene.ts";

const DOT_HEIGHT = 14;
/** Room around a picture for its rim. */
const PAD = 2;
/** Pictures are made for steps of size, so that each is copied as it is: scaling costs several times as much. */
const SIZE_STEP = 0.25;

/**
 * One picture a protocol: drawing those is many times cheaper than drawing text.
 * @param scale device pixels for a canvas pixel
 */
function makePictures(colors: CanvasColors, scale: number): OffscreenCanvas[] {
  return FLIGHT_PROTOCOLS.map((name, index) => {
    const width = Math.ceil((DOT_WIDTH + 2 * PAD) * scale);
    const canvas = new OffscreenCanvas(width, Math.ceil((DOT_HEIGHT + 2 * PAD) * scale));
    const context = canvas.getContext("2d");
    if (context === null) return canvas;
    context.scale(scale, scale);
    context.fillStyle = colors.background;
    context.beginPath();
    context.roundRect(PAD - 1, PAD - 1, DOT_WIDTH + 2, DOT_HEIGHT + 2, 5);
    context.fill();
    context.fillStyle = colors.protocols[index] ?? colors.text3;
    context.beginPath();
    context.roundRect(PAD, PAD, DOT_WIDTH, DOT_HEIGHT, 4);
    context.fill();
    context.fillStyle = colors.protocolInk;
    context.font = `700 10.5px ${CANVAS_FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(PROTOCOL_LOOKS[name].letter, PAD + DOT_WIDTH / 2, PAD + DOT_HEIGHT / 2 + 0.5);
    return canvas;
  });
}

/** Pictures for the zoom of the moment. */
export class PacketPictures {
  #colors: CanvasColors | null = null;
  #scale = 0;
  #pictures: readonly OffscreenCanvas[] = [];

  /** @param size device pixels for a canvas pixel */
  at(colors: CanvasColors, size: number): readonly OffscreenCanvas[] {
    const scale = Math.max(SIZE_STEP, Math.round(size / SIZE_STEP) * SIZE_STEP);
    if (scale !== this.#scale || colors !== this.#colors) {
      this.#colors = colors;
      this.#scale = scale;
      this.#pictures = makePictures(colors, scale);
    }
    return this.#pictures;
  }
}

/** On a context whose pixels are the device's: what is not scaled and not between pixels is only copied. */
export function paintDots(
  context: OffscreenCanvasRenderingContext2D,
  { beads, lettered, bead }: Dots,
  { colors, pictures }: { readonly colors: CanvasColors; readonly pictures: readonly OffscreenCanvas[] },
): void {
  let last = -1;
  for (let at = 0; at < beads.length; at += 3) {
    const protocol = beads[at] as number;
    if (protocol !== last) context.fillStyle = colors.protocols[protocol] ?? colors.text3;
    last = protocol;
    const [x, y] = [beads[at + 1] as number, beads[at + 2] as number];
    context.fillRect(Math.round(x - bead), Math.round(y - bead), 2 * bead, 2 * bead);
  }
  // Over the beads, so that every letter that is drawn can be read.
  for (let at = 0; at < lettered.length; at += 3) {
    const picture = pictures[lettered[at] as number];
    if (picture === undefined) continue;
    const [x, y] = [lettered[at + 1] as number, lettered[at + 2] as number];
    context.drawImage(picture, Math.round(x - picture.width / 2), Math.round(y - picture.height / 2));
  }
}
