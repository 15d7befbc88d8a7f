/** What is drawn of packets on their way: on which side of a cable, as a letter or a bead, and as a band. */
import { expect, test } from "vitest";
import type { LabView } from "../../../core/contract/api/lab-view.ts";
import { layCables } from "../cables.ts";
import { FlightBoard } from "./flights.ts";
import { BAND_NUMBERS } from "./moving-scene.ts";
import { placeBands, placeDots, type Traffic } from "./packet-places.ts";

const UDP = 3;
const VIEWPORT = { zoom: 1, x: 0, y: 0 };

/** A cable of 1,000 pixels from left to right. */
const cables = layCables(
  { links: [{ index: 0, name: "a-b", ends: [{ node: 0 }, { node: 1 }] }] } as unknown as LabView,
  (node) => ({ x: node * 1000, y: 0 }),
);

/** Dots at shares of their way. */
function traffic(dots: readonly { at: number; direction?: 0 | 1 }[], change: Partial<Traffic> = {}): Traffic {
  const board = new FlightBoard();
  board.setEnds([[0, 1]]);
  const count = dots.length;
  board.add(
    {
      packet: dots.map((_, index) => index),
      link: Array<number>(count).fill(0),
      direction: dots.map(({ direction = 0 }) => direction),
      start: Array<number>(count).fill(0),
      end: Array<number>(count).fill(1e9),
      protocol: Array<number>(count).fill(UDP),
      more: [],
    },
    0,
  );
  board.tick(0, 0, 1e6);
  for (const [slot, { at }] of dots.entries()) board.progress[slot] = at;
  return { cables, board, viewport: VIEWPORT, scale: 1, bent: null, ...change };
}

test("packets keep to the right of their way", () => {
  const { lettered, beads } = placeDots(traffic([{ at: 0.5 }, { at: 0.5, direction: 1 }]));
  expect([...lettered]).toEqual([UDP, 500, 8, UDP, 500, -8]);
  expect(beads).toHaveLength(0);
});

test("pan, zoom and dense screens move and scale them", () => {
  const { lettered } = placeDots(traffic([{ at: 0.5 }], { viewport: { zoom: 2, x: 10, y: 20 }, scale: 1.5 }));
  expect([...lettered]).toEqual([UDP, (1000 + 10) * 1.5, (16 + 20) * 1.5]);
});

test("where they crowd, only those with room keep their letter", () => {
  const { lettered, beads } = placeDots(traffic([{ at: 0.5 }, { at: 0.505 }, { at: 0.55 }]));
  expect([lettered.length, beads.length]).toEqual([6, 3]);
});

test("far away all are beads, which are larger then", () => {
  const near = placeDots(traffic([{ at: 0.5 }]));
  const far = placeDots(traffic([{ at: 0.5 }], { viewport: { ...VIEWPORT, zoom: 0.2 } }));
  expect([far.lettered.length, far.beads.length]).toEqual([0, 3]);
  expect(far.bead).toBeGreaterThan(near.bead);
});

test("on a cable that is pulled they go the way it takes", () => {
  const bent = { link: 0, through: { x: 500, y: 400 } };
  const { lettered } = placeDots(traffic([{ at: 0.5 }], { bent }));
  expect(Math.hypot((lettered[1] ?? 0) - 500, (lettered[2] ?? 0) - 400)).toBeCloseTo(8, 3);
});

test("more than a lane holds becomes a band, the way the frames go", () => {
  const { board } = traffic([]);
  const more = [{ link: 0, direction: 1, frames: 500 }];
  board.add({ packet: [], link: [], direction: [], start: [], end: [], protocol: [], more }, 0);
  const bands = placeBands({ board, cables });
  expect(bands).toHaveLength(BAND_NUMBERS);
  const [, brightness, fromX = 0, fromY, , , toX = 0] = bands;
  expect(brightness).toBe(500);
  expect(fromX).toBeGreaterThan(toX);
  expect(fromY).toBe(-8);
});
