import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { distanceMetres, exactAsin, exactCos, exactSin, fibreDelayNs, layOut } from "./geo.ts";

const NEW_YORK = { latitude: 40.71427, longitude: -74.00597 };
const SEATTLE = { latitude: 47.60621, longitude: -122.33207 };

describe("functions out of exact steps agree with the inexact ones", () => {
  test("sine and cosine", () => {
    fc.assert(
      fc.property(fc.double({ min: -10, max: 10, noNaN: true }), (x) => {
        expect(exactSin(x)).toBeCloseTo(Math.sin(x), 13);
        expect(exactCos(x)).toBeCloseTo(Math.cos(x), 13);
      }),
    );
  });

  test("arc sine", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (x) => {
        expect(exactAsin(x)).toBeCloseTo(Math.asin(x), 13);
      }),
    );
    expect(exactAsin(1)).toBeCloseTo(Math.PI / 2, 14);
  });
});

test("distances are those of the great circle", () => {
  expect(distanceMetres(NEW_YORK, SEATTLE) / 1000).toBeCloseTo(3866, -1);
  expect(distanceMetres({ latitude: 0, longitude: 179 }, { latitude: 0, longitude: -179 }) / 1000).toBeCloseTo(
    222.39,
    1,
  );
  expect(distanceMetres({ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 90 }) / 1000).toBeCloseTo(
    20_015.1,
    1,
  );
  expect(distanceMetres(SEATTLE, SEATTLE)).toBe(0);
});

test("delays are whole, symmetric, and never zero", () => {
  expect(fibreDelayNs(NEW_YORK, SEATTLE)).toBe(fibreDelayNs(SEATTLE, NEW_YORK));
  expect(Number.isInteger(fibreDelayNs(NEW_YORK, SEATTLE))).toBe(true);
  expect(fibreDelayNs(NEW_YORK, SEATTLE) / 1e6).toBeCloseTo(19.34, 1);
  expect(fibreDelayNs(SEATTLE, SEATTLE)).toBe(1000);
});

test("north is up, east is right, and nothing lies on top of another", () => {
  const [seattle, newYork, ...rest] = layOut([SEATTLE, NEW_YORK, NEW_YORK, NEW_YORK, undefined, undefined]);
  expect(seattle?.x).toBeLessThan(newYork?.x ?? 0);
  expect(seattle?.y).toBeLessThan(newYork?.y ?? 0);
  expect(new Set([seattle, newYork, ...rest].map((point) => `${point?.x},${point?.y}`)).size).toBe(6);
  const crowd = layOut(Array.from({ length: 300 }, () => SEATTLE));
  expect(new Set(crowd.map((point) => `${point.x},${point.y}`)).size).toBe(300);
  expect(layOut(Array.from({ length: 50 }, () => undefined)).every((point) => Number.isInteger(point.x))).toBe(true);
});
