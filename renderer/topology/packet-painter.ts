/** Draws packets on their way, bands of dense traffic, and bursts where packets died. */
import { FLIGHT_PROTOCOLS } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { PROTOCOL_LOOKS } from "../theme/protocols.ts";
import { pointOn, type Cable } from "./cables.ts";
import { CANVAS_FONT, type CanvasColors } from "./canvas-colors.ts";
import { FLIGHTS_MAX, type FlightBoard } from "./flights.ts";
import type { Viewport } from "./topology-graph.ts";

/** Dots keep to the right of their way, so that the two directions do not meet. */
const LANE = 8;
const DOT_WIDTH = 17;
const DOT_HEIGHT = 14;
/** Room around a picture for its rim. */
const PAD = 2;
/** Below this zoom a letter would be a smudge; until then dots get no smaller than they are at the second. */
const LETTER_ZOOM_MIN = 0.45;
const DOT_ZOOM_MIN = 1;
/** Dots nearer to each other on their lane than this share of a dot are drawn without a letter, as beads. */
const CROWDED = 1.1;
/** Pictures are made for steps of size, so that each is copied as it is: scaling costs several times as much. */
const SIZE_STEP = 0.25;

/**
 * One picture a protocol: drawing those is many times cheaper than drawing text.
 * @param scale device pixels for a canvas pixel
 */
function makePictures(colors: CanvasColors, scale: number): HTMLCanvasElement[] {
  return FLIGHT_PROTOCOLS.map((name, index) => {
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil((DOT_WIDTH + 2 * PAD) * scale);
    canvas.height = Math.ceil((DOT_HEIGHT + 2 * PAD) * scale);
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
  #pictures: readonly HTMLCanvasElement[] = [];

  at(colors: CanvasColors, zoom: number): readonly HTMLCanvasElement[] {
    const scale = Math.max(SIZE_STEP, Math.round((zoom * devicePixelRatio) / SIZE_STEP) * SIZE_STEP);
    if (scale !== this.#scale || colors !== this.#colors) {
      this.#colors = colors;
      this.#scale = scale;
      this.#pictures = makePictures(colors, scale);
    }
    return this.#pictures;
  }
}

export interface PacketScene {
  readonly cables: readonly (Cable | null)[];
  readonly board: FlightBoard;
  readonly pictures: PacketPictures;
  readonly colors: CanvasColors;
  readonly viewport: Viewport;
  readonly wallMs: number;
  /** A cable that somebody pulls: packets go the way it takes. */
  readonly bent: { readonly link: number; readonly through: Place } | null;
}

/** A lane with less than this many frames besides its dots is not worth a band. */
const BAND_MIN = 2;
/** Between the marks that move along a band, and how fast they do; canvas pixels, and those a millisecond. */
const MARK_GAP = 16;
const MARK_SPEED = 0.09;
/** With more bands than this they are drawn without marks. */
const MARKED_BANDS_MAX = 60;

/** Dense traffic. (Dashes would look alike, and cost twenty times as much.) */
export function paintBands(context: CanvasRenderingContext2D, scene: PacketScene): void {
  const { board, cables, colors, wallMs } = scene;
  context.lineCap = "butt";
  const hasMarks = board.bands.size <= MARKED_BANDS_MAX;
  for (const [lane, brightness] of board.bands) {
    const cable = cables[lane >> 1];
    if (cable === null || cable === undefined || brightness < BAND_MIN) continue;
    const isForward = (lane & 1) === 0;
    const way = isForward ? LANE : -LANE;
    const [from, to, { dx, dy }] = [pointOn(cable, 0), pointOn(cable, 1), pointOn(cable, 0.5)];
    const [x, y] = [-dy * way, dx * way];
    const width = Math.min(9, 3 + Math.log2(1 + brightness) * 0.6);
    const color = colors.protocols[board.laneProtocols.get(lane) ?? 0] ?? colors.accent;
    context.globalAlpha = Math.min(0.5, 0.15 + Math.log10(1 + brightness) * 0.15);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(from.x + x, from.y + y);
    context.quadraticCurveTo(cable.control.x + x, cable.control.y + y, to.x + x, to.y + y);
    context.stroke();
    if (!hasMarks) continue;
    context.globalAlpha = Math.min(1, 0.5 + Math.log10(1 + brightness) * 0.2);
    context.fillStyle = color;
    const length = cable.length * (cable.to - cable.from);
    for (let at = (wallMs * MARK_SPEED) % MARK_GAP; at < length; at += MARK_GAP) {
      const mark = pointOn(cable, isForward ? at / length : 1 - at / length);
      context.fillRect(mark.x + x - width / 2, mark.y + y - width / 2, width, width);
    }
  }
  context.globalAlpha = 1;
}

export function paintPackets(context: CanvasRenderingContext2D, scene: PacketScene): void {
  const { board, cables, colors, viewport, bent } = scene;
  const { zoom } = viewport;
  const pictures = zoom >= LETTER_ZOOM_MIN ? scene.pictures.at(colors, Math.max(zoom, DOT_ZOOM_MIN)) : null;
  const lane = LANE * Math.max(1, DOT_ZOOM_MIN / zoom);
  const spread = new Spread(cables.length, (CROWDED * DOT_WIDTH * Math.max(zoom, DOT_ZOOM_MIN)) / zoom);
  const scale = devicePixelRatio;
  // In pixels of the device, whole ones: what is not scaled and not between pixels is only copied.
  context.setTransform(1, 0, 0, 1, 0, 0);
  const bead = Math.round((pictures === null ? 4 : 3) * scale);
  lettered.length = 0;
  for (let slot = 0; slot < FLIGHTS_MAX; slot++) {
    if (board.state[slot] !== 2) continue;
    const cable = cables[board.link[slot] as number];
    if (cable === null || cable === undefined) continue;
    const isForward = board.direction[slot] === 0;
    const progress = board.progress[slot] as number;
    const fraction = isForward ? progress : 1 - progress;
    const point = bent?.link === cable.index ? pointOnBent(cable, bent.through, fraction) : pointOn(cable, fraction);
    const way = isForward ? lane : -lane;
    const x = ((point.x - point.dy * way) * zoom + viewport.x) * scale;
    const y = ((point.y + point.dx * way) * zoom + viewport.y) * scale;
    const protocol = board.protocol[slot] as number;
    if (pictures !== null && spread.hasRoom(cable, isForward ? 0 : 1, progress)) lettered.push(protocol, x, y);
    else {
      context.fillStyle = colors.protocols[protocol] ?? colors.text3;
      context.fillRect(Math.round(x - bead), Math.round(y - bead), 2 * bead, 2 * bead);
    }
  }
  // Over the beads, so that every letter that is drawn can be read.
  for (let at = 0; at < lettered.length; at += 3) {
    const picture = pictures?.[lettered[at] as number];
    if (picture === undefined) continue;
    const [x, y] = [lettered[at + 1] as number, lettered[at + 2] as number];
    context.drawImage(picture, Math.round(x - picture.width / 2), Math.round(y - picture.height / 2));
  }
}

/** Protocol, x and y of dots with a letter: kept from frame to frame, so that none makes garbage. */
const lettered: number[] = [];

/** Tells which dots of a lane have room for their letter: in the order in which they set out. */
class Spread {
  readonly #last: Float64Array;
  readonly #gap: number;

  /** @param gap along a cable, canvas pixels */
  constructor(cables: number, gap: number) {
    this.#last = new Float64Array(2 * cables).fill(Infinity);
    this.#gap = gap;
  }

  hasRoom(cable: Cable, direction: number, progress: number): boolean {
    const lane = 2 * cable.index + direction;
    const at = progress * cable.length * (cable.to - cable.from);
    if (Math.abs((this.#last[lane] as number) - at) < this.#gap) return false;
    this.#last[lane] = at;
    return true;
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
