/** Draws packets on their way, bands of dense traffic, and bursts where packets died. */
import { FLIGHT_PROTOCOLS } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { PROTOCOL_LOOKS } from "../theme/protocols.ts";
import { pointOn, type Cable } from "./cables.ts";
import { CANVAS_FONT, type CanvasColors } from "./canvas-colors.ts";
import { FLIGHTS_MAX, type FlightBoard } from "./flights.ts";

/** Dots keep to the right of their way, so that the two directions do not meet. */
const LANE = 6;
const DOT_WIDTH = 17;
const DOT_HEIGHT = 14;
/** Room around a picture for its shadow. */
const PAD = 2;
/** Below this zoom a letter would be a smudge. */
const LETTER_ZOOM_MIN = 0.45;

/** One picture a protocol: drawing those is many times cheaper than drawing text. */
export function packetPictures(colors: CanvasColors, pixelRatio: number): readonly HTMLCanvasElement[] {
  return FLIGHT_PROTOCOLS.map((name, index) => {
    const canvas = document.createElement("canvas");
    canvas.width = (DOT_WIDTH + 2 * PAD) * pixelRatio * 2;
    canvas.height = (DOT_HEIGHT + 2 * PAD) * pixelRatio * 2;
    const context = canvas.getContext("2d");
    if (context === null) return canvas;
    context.scale(pixelRatio * 2, pixelRatio * 2);
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

export interface PacketScene {
  readonly cables: readonly (Cable | null)[];
  readonly board: FlightBoard;
  readonly pictures: readonly HTMLCanvasElement[];
  readonly colors: CanvasColors;
  readonly zoom: number;
  readonly wallMs: number;
  /** A cable that somebody pulls: packets go the way it takes. */
  readonly bent: { readonly link: number; readonly through: Place } | null;
}

/** A lane with less than this many frames besides its dots is not worth a band. */
const BAND_MIN = 2;
/** Bands shorter than this on the screen are drawn without dashes, which cost the most. */
const DASHED_MIN = 70;

export function paintBands(context: CanvasRenderingContext2D, scene: PacketScene): void {
  const { board, cables, colors, wallMs, zoom } = scene;
  context.lineCap = "butt";
  for (const [lane, brightness] of board.bands) {
    const cable = cables[lane >> 1];
    if (cable === null || cable === undefined || brightness < BAND_MIN) continue;
    const way = (lane & 1) === 0 ? 1 : -1;
    const [from, to] = [pointOn(cable, 0), pointOn(cable, 1)];
    const { dx, dy } = pointOn(cable, 0.5);
    const [x, y] = [-dy * LANE * way, dx * LANE * way];
    context.globalAlpha = Math.min(0.75, 0.25 + Math.log10(1 + brightness) * 0.22);
    context.strokeStyle = colors.protocols[board.laneProtocols.get(lane) ?? 0] ?? colors.accent;
    context.lineWidth = Math.min(9, 3 + Math.log2(1 + brightness) * 0.6);
    const isDashed = cable.length * zoom >= DASHED_MIN;
    context.setLineDash(isDashed ? DASHES : SOLID);
    if (isDashed) context.lineDashOffset = (-way * wallMs) / 9;
    context.beginPath();
    context.moveTo(from.x + x, from.y + y);
    context.quadraticCurveTo(cable.control.x + x, cable.control.y + y, to.x + x, to.y + y);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash(SOLID);
}

const DASHES = [7, 5];
const SOLID: number[] = [];

export function paintPackets(context: CanvasRenderingContext2D, scene: PacketScene): void {
  const { board, cables, pictures, zoom, colors, bent } = scene;
  const hasLetters = zoom >= LETTER_ZOOM_MIN;
  const width = DOT_WIDTH + 2 * PAD;
  const height = DOT_HEIGHT + 2 * PAD;
  const dot = 4 / Math.max(zoom, 0.2);
  for (let slot = 0; slot < FLIGHTS_MAX; slot++) {
    if (board.state[slot] !== 2) continue;
    const cable = cables[board.link[slot] as number];
    if (cable === null || cable === undefined) continue;
    const isForward = board.direction[slot] === 0;
    const progress = board.progress[slot] as number;
    const fraction = isForward ? progress : 1 - progress;
    const { x, y, dx, dy } =
      bent?.link === cable.index ? pointOnBent(cable, bent.through, fraction) : pointOn(cable, fraction);
    const way = isForward ? LANE : -LANE;
    const protocol = board.protocol[slot] as number;
    if (hasLetters) {
      const picture = pictures[protocol] ?? pictures[0];
      if (picture !== undefined) {
        context.drawImage(picture, x - dy * way - width / 2, y + dx * way - height / 2, width, height);
      }
    } else {
      context.fillStyle = colors.protocols[protocol] ?? colors.text3;
      context.fillRect(x - dy * way - dot, y + dx * way - dot, 2 * dot, 2 * dot);
    }
  }
}

/** On the two straight halves of a cable that is pulled. */
function pointOnBent(cable: Cable, through: Place, fraction: number): ReturnType<typeof pointOn> {
  const [from, to] = fraction < 0.5 ? [pointOn(cable, 0), through] : [through, pointOn(cable, 1)];
  const part = fraction < 0.5 ? fraction * 2 : fraction * 2 - 1;
  const [vx, vy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(vx, vy) || 1;
  return { x: from.x + vx * part, y: from.y + vy * part, dx: vx / length, dy: vy / length };
}
