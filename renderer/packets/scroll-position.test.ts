/** A window over very many rows: what is drawn, where the scrollbar is, and what of it a person moves. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick, ref } from "vue";
import { useScrollPosition, type ScrollPosition } from "./scroll-position.ts";

const ROW = 20;
const VIEW = 200;
const MILLION = 1_000_000;
const HEIGHT_MAX = 8_000_000;

interface Made {
  readonly position: ScrollPosition;
  readonly count: { value: number };
  readonly isFollowing: { value: boolean };
  readonly view: { value: number };
}

function made(rows: number, follows = false): Made {
  const [count, isFollowing, view] = [ref(rows), ref(follows), ref(VIEW)];
  return { position: useScrollPosition({ count, rowHeight: ROW, view, isFollowing }), count, isFollowing, view };
}

const drawn = ({ first, end }: ScrollPosition): [number, number] => [first.value, end.value];
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("as many rows as a browser lays out", () => {
  test("lie where the scrollbar is", () => {
    const { position } = made(1000);
    expect([position.height.value, position.isScaled.value]).toEqual([20_000, false]);
    expect(drawn(position)).toEqual([0, 11]);
    position.scrollbarMoved(505);
    expect(drawn(position)).toEqual([24, 37]);
    expect(position.offset.value).toBe(24 * ROW - 505);
    position.moveBy(95);
    expect(position.scrolled.value).toBe(600);
  });

  test("a row is brought in by as little as does it", () => {
    const { position } = made(1000);
    position.show(9);
    expect(position.scrolled.value).toBe(0);
    position.show(10);
    expect(position.scrolled.value).toBe(20);
    position.show(0);
    expect(position.scrolled.value).toBe(0);
  });
});

describe("more than that", () => {
  test("the whole scrollbar leads over all rows", () => {
    const { position } = made(MILLION);
    expect([position.height.value, position.isScaled.value]).toEqual([HEIGHT_MAX, true]);
    position.scrollbarMoved(HEIGHT_MAX - VIEW);
    vi.advanceTimersByTime(1000);
    expect(position.end.value).toBe(MILLION);
    expect(position.isAtEnd()).toBe(true);
    position.scrollbarMoved(0);
    vi.advanceTimersByTime(1000);
    expect(position.first.value).toBe(0);
  });

  test("the wheel moves rows by pixels, and the scrollbar only when it shows", () => {
    const { position } = made(MILLION);
    position.moveBy(10_000_000);
    const at = position.scrolled.value;
    const [from] = drawn(position);
    position.moveBy(ROW);
    expect(drawn(position)[0]).toBe(from + 1);
    expect(position.scrolled.value).toBe(at);
    for (let turn = 0; turn < 1000; turn++) position.moveBy(10 * ROW);
    expect(drawn(position)[0]).toBe(from + 10_001);
    expect(Math.abs(position.scrolled.value - (10_000_000 + 10_001 * ROW) * 0.4)).toBeLessThan(HEIGHT_MAX / 1000);
    // At its ends it is where it belongs, or the rest could not be reached with it.
    position.moveBy(-Infinity);
    expect(position.scrolled.value).toBe(0);
  });

  test("a small step of the scrollbar is one of rows", () => {
    const { position } = made(MILLION);
    position.moveBy(10_000_000);
    const [from] = drawn(position);
    position.scrollbarMoved(position.scrolled.value + 2 * ROW);
    expect(drawn(position)[0]).toBe(from + 2);
  });
});

test("a scrollbar that is dragged shows samples, and at last what stands there", () => {
  const { position } = made(MILLION);
  for (let at = 0; at <= 1_000_000; at += 50_000) {
    position.scrollbarMoved(at);
    // The rows that are drawn stay in sight.
    expect(Math.abs(position.offset.value)).toBeLessThan(VIEW);
    vi.advanceTimersByTime(16);
  }
  expect(position.isSample.value).toBe(true);
  expect(position.first.value).toBeGreaterThan(0);
  vi.advanceTimersByTime(1000);
  expect(position.isSample.value).toBe(false);
  expect(Math.abs(position.first.value - 1_000_000 / 0.4 / ROW)).toBeLessThan(5);
});

describe("rows that grow", () => {
  test("are followed to their end, also past what a browser lays out and in another window", async () => {
    const { position, count, view } = made(10, true);
    for (const rows of [500, 300_000, 500_000, MILLION]) {
      count.value = rows;
      await nextTick();
      expect(position.end.value).toBe(rows);
      expect(position.isAtEnd()).toBe(true);
    }
    view.value = 2 * VIEW;
    await nextTick();
    expect(position.scrolled.value).toBe(HEIGHT_MAX - 2 * VIEW);
  });

  test("stay where they are when nobody follows, and fewer are not left beyond their end", async () => {
    const { position, count } = made(1000);
    position.moveBy(10_000);
    count.value = 2000;
    await nextTick();
    expect(position.first.value).toBe(499);
    count.value = 20;
    await nextTick();
    expect(position.end.value).toBe(20);
    expect(position.scrolled.value).toBe(200);
  });
});
