/**
 * Where cables lie: a straight line between two nodes, or curves beside each other when there are several. Points on
 * them by fraction, how far a pointer is away, and where the loose ends of an unplugged one hang.
 */
import type { LabView } from "../../core/contract/api/lab-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { NODE_RADIUS } from "./node-size.ts";

/** Between cables of the same two nodes, at their middles. */
const SPREAD = 34;
/** A cable begins a little outside of the node's border. */
const GAP = NODE_RADIUS + 3;
/** How far a loose end hangs from its node. */
const LOOSE = 34;

export interface Cable {
  readonly index: number;
  readonly name: string;
  readonly a: Place;
  readonly b: Place;
  /** Control point of the quadratic curve; the middle when it is straight. */
  readonly control: Place;
  /** Part of the curve outside of the nodes. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Cables by link index. */
export function layCables(view: LabView, placeOf: (node: number) => Place | null): (Cable | null)[] {
  const siblings = new Map<string, number[]>();
  for (const { index, ends } of view.links) {
    const key = pairOf(ends[0].node, ends[1].node);
    siblings.set(key, [...(siblings.get(key) ?? []), index]);
  }
  return view.links.map(({ index, name, ends: [first, second] }) => {
    const a = placeOf(first.node);
    const b = placeOf(second.node);
    if (a === null || b === null) return null;
    const group = siblings.get(pairOf(first.node, second.node)) ?? [index];
    const lane = group.indexOf(index) - (group.length - 1) / 2;
    // Seen from the node with the lower index, so that all of a pair bend to their own side.
    const side = first.node <= second.node ? 1 : -1;
    return cable({ index, name, a: { ...a }, b: { ...b }, bend: lane * SPREAD * side });
  });
}

const pairOf = (a: number, b: number): string => (a < b ? `${a}/${b}` : `${b}/${a}`);

function cable(of: { index: number; name: string; a: Place; b: Place; bend: number }): Cable {
  const { index, name, a, b, bend } = of;
  const x = b.x - a.x;
  const y = b.y - a.y;
  const length = Math.max(1, Math.hypot(x, y));
  // The curve's middle lies half as far out as its control point.
  const control = { x: (a.x + b.x) / 2 - (y / length) * bend * 2, y: (a.y + b.y) / 2 + (x / length) * bend * 2 };
  const cut = Math.min(0.45, GAP / length);
  return { index, name, a, b, control, from: cut, to: 1 - cut, length };
}

/** Place at a fraction of the visible part, and the direction there (unit vector from a to b). */
export function pointOn(cable: Cable, fraction: number): { x: number; y: number; dx: number; dy: number } {
  const { a, b, control } = cable;
  const t = cable.from + (cable.to - cable.from) * fraction;
  const u = 1 - t;
  const x = u * u * a.x + 2 * u * t * control.x + t * t * b.x;
  const y = u * u * a.y + 2 * u * t * control.y + t * t * b.y;
  const vx = u * (control.x - a.x) + t * (b.x - control.x);
  const vy = u * (control.y - a.y) + t * (b.y - control.y);
  const v = Math.hypot(vx, vy) || 1;
  return { x, y, dx: vx / v, dy: vy / v };
}

const SAMPLES = 16;

/** Distance of a place from a cable, and at which fraction it is nearest. */
export function distanceTo(cable: Cable, place: Place): { distance: number; fraction: number } {
  let best = { distance: Infinity, fraction: 0 };
  let before = pointOn(cable, 0);
  for (let step = 1; step <= SAMPLES; step++) {
    const here = pointOn(cable, step / SAMPLES);
    const x = here.x - before.x;
    const y = here.y - before.y;
    const along = ((place.x - before.x) * x + (place.y - before.y) * y) / (x * x + y * y || 1);
    const clamped = Math.max(0, Math.min(1, along));
    const distance = Math.hypot(place.x - before.x - x * clamped, place.y - before.y - y * clamped);
    if (distance < best.distance) best = { distance, fraction: (step - 1 + clamped) / SAMPLES };
    before = here;
  }
  return best;
}

/** The end of what hangs from a node when the cable is out: outwards a little, and down. */
export function looseEnd(cable: Cable, side: 0 | 1): { root: Place; knee: Place; plug: Place } {
  const root = pointOn(cable, side);
  const way = side === 0 ? 1 : -1;
  const reach = Math.min(LOOSE, cable.length / 5);
  const knee = { x: root.x + root.dx * way * reach, y: root.y + root.dy * way * reach };
  return { root, knee, plug: { x: knee.x + root.dx * way * 4, y: knee.y + reach * 0.8 } };
}
