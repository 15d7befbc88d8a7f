/** Flights as they are drawn: never faster than a crossing, in the order of cause and effect, bounded. */
import { expect, test } from "vitest";
import type { Flights } from "../../../core/contract/api/run-view.ts";
import { CROSSING_MS, FlightBoard, FLIGHTS_MAX } from "./flights.ts";

const MS = 1_000_000;

/** h1 (0) - r1 (1) - h2 (2). */
function board(): FlightBoard {
  const made = new FlightBoard();
  made.setEnds([
    [0, 1],
    [1, 2],
  ]);
  return made;
}

function flights(...list: { packet: number; link: number; direction?: number; start: number; end: number }[]): Flights {
  return {
    packet: list.map(({ packet }) => packet),
    link: list.map(({ link }) => link),
    direction: list.map(({ direction = 0 }) => direction),
    start: list.map(({ start }) => start),
    end: list.map(({ end }) => end),
    protocol: list.map(() => 2),
    more: [],
  };
}

const progressOf = (of: FlightBoard, packet: number): number => {
  const slot = of.find(packet, null);
  return slot < 0 ? 1 : (of.progress[slot] as number);
};

test("a flight of a millisecond takes a quarter of a second on the screen", () => {
  const made = board();
  made.add(flights({ packet: 1, link: 0, start: 0, end: MS }), 0);
  made.tick(10 * MS, CROSSING_MS / 2, 0);
  expect(progressOf(made, 1)).toBeCloseTo(0.5);
  made.tick(10 * MS, CROSSING_MS / 2 + 1, 0);
  expect(made.isEmpty).toBe(true);
});

test("a slow one is where virtual time says", () => {
  const made = board();
  made.add(flights({ packet: 1, link: 0, start: 0, end: 1000 * MS }), 0);
  made.tick(300 * MS, 1000, 0);
  expect(progressOf(made, 1)).toBeCloseTo(0.3);
});

test("a packet under way is seen outside of the nodes when the run is paused", () => {
  const made = board();
  made.add(flights({ packet: 1, link: 0, start: 5 * MS, end: 6 * MS }), 0);
  made.tick(5 * MS, 1000, 0);
  expect(progressOf(made, 1)).toBeGreaterThan(0.03);
  expect(made.tick(5 * MS, 1000, 0)).toBe(false);
});

test("what follows from an arrival waits until it has been seen", () => {
  const made = board();
  made.add(flights({ packet: 1, link: 0, start: 0, end: MS }, { packet: 1, link: 1, start: MS, end: 2 * MS }), 0);
  made.tick(10 * MS, CROSSING_MS / 2, CROSSING_MS / 2);
  expect(progressOf(made, 1)).toBe(0);
  made.tick(10 * MS, CROSSING_MS / 2, CROSSING_MS);
  expect(progressOf(made, 1)).toBeCloseTo(0.5);
});

test("a packet that dies on the link ends in its middle", () => {
  const made = board();
  const ended: number[] = [];
  made.onEnd = (slot) => ended.push(made.progress[slot] as number);
  made.add(flights({ packet: 1, link: 0, start: 0, end: MS }), 0);
  expect(made.cutShort(1, 0)).toBeGreaterThanOrEqual(0);
  made.tick(10 * MS, CROSSING_MS, 0);
  expect(ended).toEqual([0.5]);
});

test("dense traffic becomes a band, which fades", () => {
  const made = board();
  const many = Array.from({ length: 100 }, (_, packet) => ({ packet, link: 0, start: packet, end: packet + MS }));
  made.add(flights(...many), 0);
  expect(made.lanes.get(0)).toBeLessThan(30);
  expect(made.bands.get(0)).toBeGreaterThan(70);
  for (let second = 0; second < 10; second++) made.tick(10 * MS, 1000, second * 1000);
  expect(made.isEmpty).toBe(true);
});

test("more flights than there is room for: the oldest make room", () => {
  const made = new FlightBoard();
  const links = FLIGHTS_MAX;
  made.setEnds(Array.from({ length: links }, (_, index) => [index, index + 1] as const));
  for (let round = 0; round < 3; round++) {
    const list = Array.from({ length: links }, (_, link) => ({ packet: link, link, start: round, end: round + MS }));
    made.add(flights(...list), 0);
  }
  const drawn = [...made.lanes.values()].reduce((sum, count) => sum + count, 0);
  expect(drawn).toBe(FLIGHTS_MAX);
});
