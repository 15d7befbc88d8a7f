/** A cable in somebody's hand. */
import { expect, test } from "vitest";
import type { LabView } from "../../core/contract/api/lab-view.ts";
import { CablePull, progressOf, SNAP } from "./cable-pull.ts";
import { distanceTo, layCables, looseEnd, pointOn, type Cable } from "./cables.ts";

/** Straight, from (0, 0) to (300, 0); a second one beside it when asked for. */
function cables(count = 1): Cable[] {
  const links = Array.from({ length: count }, (_, index) => ({
    index,
    name: `l${index}`,
    ends: [
      { node: 0, nic: "eth0" },
      { node: 1, nic: "eth0" },
    ],
  }));
  const laid = layCables({ links } as unknown as LabView, (node) => ({ x: node * 300, y: 0 }));
  return laid.filter((cable) => cable !== null);
}

const [CABLE] = cables() as [Cable];

test("it snaps once, at a distance on the screen that does not depend on the zoom", () => {
  for (const zoom of [0.5, 1, 2]) {
    const hand = new CablePull();
    hand.grab(CABLE, true, { x: 150, y: 0 });
    expect(hand.drag(CABLE, { x: 150, y: (SNAP - 2) / zoom }, zoom, 0)).toBe(false);
    expect(hand.drag(CABLE, { x: 150, y: (SNAP + 2) / zoom }, zoom, 0)).toBe(true);
    expect(hand.pull).toBeNull();
    expect(hand.springs[0]?.kind).toBe("recoil");
  }
});

test("let go before, it springs back and comes to rest", () => {
  const hand = new CablePull();
  hand.grab(CABLE, true, { x: 150, y: 0 });
  hand.drag(CABLE, { x: 150, y: 30 }, 1, 0);
  expect(hand.release(CABLE, 0)).toBe(false);
  expect(hand.isMoving).toBe(true);
  hand.tick(10_000);
  expect(hand.isMoving).toBe(false);
});

test("a loose end is caught by the other one, by the other node, and by the middle of the line; not in the air", () => {
  const other = looseEnd(CABLE, 1).plug;
  for (const [to, isCaught] of [
    [other, true],
    [{ x: 300, y: 0 }, true],
    [{ x: 150, y: 4 }, true],
    [{ x: 120, y: 160 }, false],
  ] as const) {
    const hand = new CablePull();
    hand.grab(CABLE, false, looseEnd(CABLE, 0).plug);
    expect(hand.pull?.side).toBe(0);
    hand.drag(CABLE, to, 1, 0);
    expect(hand.release(CABLE, 0)).toBe(isCaught);
  }
});

test("a spring ends", () => {
  const spring = { link: 0, kind: "back", from: { x: 0, y: 0 }, fraction: 0.5, sinceMs: 100 } as const;
  expect(progressOf(spring, 100)).toBe(0);
  expect(progressOf(spring, 5000)).toBe(1);
});

test("cables between the same two nodes lie beside each other", () => {
  const [first, second] = cables(2).map((cable) => pointOn(cable, 0.5));
  expect(Math.abs((first?.y ?? 0) - (second?.y ?? 0))).toBeGreaterThan(20);
  expect(distanceTo(CABLE, { x: 150, y: 12 }).distance).toBeCloseTo(12);
});
