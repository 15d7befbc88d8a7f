/** Where packets on their way, and bands of dense traffic, are at one moment. */
import type { Place } from "../../labs/lab-edits.ts";
import { pointOn, type Cable } from "../cables.ts";
import type { Viewport } from "../viewport.ts";
import { FLIGHTS_MAX, type FlightBoard } from "./flights.ts";
import { DOT_WIDTH, type Dots } from "./moving-scene.ts";

/** Dots keep to the right of their way, so that the two directions do not meet. */
const LANE = 8;
/** Below this zoom a letter would be a smudge; until then dots get no smaller than they are at the second. */
const LETTER_ZOOM_MIN = 0.45;
const DOT_ZOOM_MIN = 1;
/** Half a bead's side, where beads stand for all packets and where they stand between lettered dots. */
const BEAD = 4;
const BEAD_BETWEEN = 3;
/** Dots nearer to each other on their lane than this share of a dot are drawn without a letter, as beads. */
const CROWDED = 1.1;
/** A lane with less than this many frames besides its dots is not worth a band. */
const BAND_MIN = 2;

export interface Traffic {
  readonly cables: readonly (Cable | null)[];
  readonly board: FlightBoard;
  readonly viewport: Viewport;
  /** Pixels of the device for one of CSS. */
  readonly scale: number;
  /** A cable that somebody pulls: packets go the way it takes. */
  readonly bent: { readonly link: number; readonly through: Place } | null;
}

export function placeDots({ board, cables, viewport, scale, bent }: Traffic): Dots {
  const { zoom } = viewport;
  const hasLetters = zoom >= LETTER_ZOOM_MIN;
  const dotZoom = Math.max(zoom, DOT_ZOOM_MIN);
  const lane = LANE * Math.max(1, DOT_ZOOM_MIN / zoom);
  const spread = new Spread(cables.length, (CROWDED * DOT_WIDTH * dotZoom) / zoom);
  beads.clear();
  lettered.clear();
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
    const isLettered = hasLetters && spread.hasRoom(cable, isForward ? 0 : 1, progress);
    (isLettered ? lettered : beads).add(board.protocol[slot] as number, x, y);
  }
  const bead = Math.round((hasLetters ? BEAD_BETWEEN : BEAD) * scale);
  return { beads: beads.copy(), lettered: lettered.copy(), bead, zoom: dotZoom };
}

/** @returns BAND_NUMBERS for each; model pixels */
export function placeBands({ board, cables }: Pick<Traffic, "board" | "cables">): Float32Array<ArrayBuffer> {
  const bands: number[] = [];
  for (const [lane, brightness] of board.bands) {
    const cable = cables[lane >> 1];
    if (cable === null || cable === undefined || brightness < BAND_MIN) continue;
    const isForward = (lane & 1) === 0;
    const way = isForward ? LANE : -LANE;
    const [first, last, { dx, dy }] = [pointOn(cable, 0), pointOn(cable, 1), pointOn(cable, 0.5)];
    const [x, y] = [-dy * way, dx * way];
    const [from, to] = isForward ? [first, last] : [last, first];
    bands.push(board.laneProtocols.get(lane) ?? 0, brightness, from.x + x, from.y + y);
    bands.push(cable.control.x + x, cable.control.y + y, to.x + x, to.y + y);
  }
  return new Float32Array(bands);
}

/** Threes of numbers, kept from frame to frame. */
class Threes {
  readonly #numbers = new Float32Array(3 * FLIGHTS_MAX);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  add(protocol: number, x: number, y: number): void {
    this.#numbers[this.#length++] = protocol;
    this.#numbers[this.#length++] = x;
    this.#numbers[this.#length++] = y;
  }

  /** One of its own, which can be given away. */
  copy(): Float32Array<ArrayBuffer> {
    return this.#numbers.slice(0, this.#length);
  }
}

const beads = new Threes();
const lettered = new Threes();

/** Tells which dots of a lane have room for their letter: in the order in which they set out. */
class Spread {
  readonly #last: Float64Array;
  readonly #gap: number;

  /** @param gap along a cable, model pixels */
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
