/**
 * Distances on the Earth and positions on a canvas, out of +, -, *, / and square root alone, which IEEE 754 fixes to
 * the last bit: one map gives one set of delays on every machine. The Earth is a sphere here (error up to 0.5 %).
 */
import { assert } from "../../base/assert.ts";

export type Degrees = { readonly latitude: number; readonly longitude: number };

const PI = 3.141592653589793;
/** Mean radius of the Earth (IUGG), in metres. */
const EARTH_RADIUS_M = 6_371_008.8;
/** Two thirds of 299,792,458 m/s: light in a fibre of refractive index 1.5. */
const FIBRE_METRES_PER_NS = (299_792_458 * 2) / 3 / 1e9;

/** Sine of an angle in radians, |angle| <= 1000; within 1e-15 near zero, 1e-13 at the far end. */
export function exactSin(angle: number): number {
  assert(angle >= -1000 && angle <= 1000, "an angle that can be reduced");
  let x = angle - Math.round(angle / (2 * PI)) * 2 * PI;
  if (x > PI / 2) x = PI - x;
  else if (x < -PI / 2) x = -PI - x;
  // |x| <= 1.5708: eleven terms reach 1e-17.
  let sum = 1;
  for (let k = 22; k >= 2; k -= 2) sum = 1 - (sum * x * x) / (k * (k + 1));
  return x * sum;
}

export const exactCos = (angle: number): number => exactSin(angle + PI / 2);

/** Arc sine, 0 <= value <= 1. */
export function exactAsin(value: number): number {
  assert(value >= 0 && value <= 1, "a sine");
  return 2 * exactAtan(value / (1 + Math.sqrt(1 - value * value)));
}

/** Arc tangent, 0 <= value <= 1, halved three times until its series converges fast. */
function exactAtan(value: number): number {
  let x = value;
  for (let i = 0; i < 3; i++) x /= 1 + Math.sqrt(1 + x * x);
  // |x| <= 0.0985: ten terms reach 1e-20.
  let sum = 0;
  for (let k = 19; k >= 1; k -= 2) sum = 1 / k - sum * x * x;
  return 8 * x * sum;
}

/** Great-circle distance in metres, by the haversine formula. */
export function distanceMetres(a: Degrees, b: Degrees): number {
  const radians = PI / 180;
  const sinLatitude = exactSin(((b.latitude - a.latitude) * radians) / 2);
  const sinLongitude = exactSin(((b.longitude - a.longitude) * radians) / 2);
  const cosines = exactCos(a.latitude * radians) * exactCos(b.latitude * radians);
  const h = sinLatitude * sinLatitude + cosines * sinLongitude * sinLongitude;
  return 2 * EARTH_RADIUS_M * exactAsin(Math.sqrt(Math.min(1, Math.max(0, h))));
}

/** Propagation along the great circle in fibre, in whole ns, at least 1 us (200 m: two racks of one site). */
export const fibreDelayNs = (a: Degrees, b: Degrees): number =>
  Math.max(1000, Math.round(distanceMetres(a, b) / FIBRE_METRES_PER_NS));

export type Point = { readonly x: number; readonly y: number };

const CANVAS = { width: 1600, height: 1000 } as const;
/** Two nodes are never drawn nearer than this to each other, in pixels. */
const APART = 24;

/**
 * Places on the canvas, north up (equirectangular, true at the middle latitude). Nodes without a position stand on a
 * ring around the others; nodes of one place are moved apart along a spiral.
 */
export function layOut(places: readonly (Degrees | undefined)[]): readonly Point[] {
  const known = places.filter((place) => place !== undefined);
  const missing = places.length - known.length;
  const project = projection(known);
  const centre = { x: CANVAS.width / 2, y: CANVAS.height / 2 };
  const ring = known.length > 0 ? CANVAS.width * 0.6 : Math.max(200, (missing * 60) / (2 * PI));
  const taken = new Set<string>();
  let onRing = 0;
  return places.map((place) => {
    const angle = (2 * PI * onRing) / Math.max(missing, 1) - PI / 2;
    if (place === undefined) onRing++;
    const ideal =
      place === undefined
        ? { x: centre.x + ring * exactCos(angle), y: centre.y + ring * exactSin(angle) }
        : project(place);
    return apart(ideal, taken);
  });
}

function projection(known: readonly Degrees[]): (place: Degrees) => Point {
  const latitudes = known.map((place) => place.latitude);
  const longitudes = known.map((place) => place.longitude);
  const [south, north] = [least(latitudes), -least(latitudes.map((value) => -value))];
  const [west, east] = [least(longitudes), -least(longitudes.map((value) => -value))];
  const squeeze = Math.max(0.1, exactCos((((south + north) / 2) * PI) / 180));
  const width = Math.max((east - west) * squeeze, 1e-6);
  const height = Math.max(north - south, 1e-6);
  const scale = Math.min(CANVAS.width / width, CANVAS.height / height, 2000);
  return ({ latitude, longitude }) => ({
    x: CANVAS.width / 2 + (longitude - (west + east) / 2) * squeeze * scale,
    y: CANVAS.height / 2 - (latitude - (south + north) / 2) * scale,
  });
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);

/** The cell of the grid that is ideal, or the nearest free one on a square spiral around it. */
function apart(ideal: Point, taken: Set<string>): Point {
  const start = { x: Math.round(ideal.x), y: Math.round(ideal.y) };
  for (let step = 0; ; step++) {
    const { x, y } = spiral(step);
    const point = { x: start.x + x * APART, y: start.y + y * APART };
    const cell = `${Math.floor(point.x / APART)},${Math.floor(point.y / APART)}`;
    if (taken.has(cell)) continue;
    taken.add(cell);
    return point;
  }
}

/** Cell number `step` of a square spiral around the origin: ring r holds 8r cells. */
function spiral(step: number): Point {
  if (step === 0) return { x: 0, y: 0 };
  const r = Math.ceil((Math.sqrt(step + 1) - 1) / 2);
  const along = step - (2 * r - 1) ** 2;
  const side = Math.floor(along / (2 * r));
  const offset = (along % (2 * r)) - r + 1;
  if (side === 0) return { x: r, y: offset };
  if (side === 1) return { x: -offset, y: r };
  if (side === 2) return { x: -r, y: -offset };
  return { x: offset, y: -r };
}
