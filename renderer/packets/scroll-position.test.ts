/** A window over very many rows: what is drawn, where the stretch and the scrollbar are, and what a person moves. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { nextTick, ref } from "vue";
import { useScrollPosition, type ScrollPosition } from "./scroll-position.ts";

const ROW = 20;
const VIEW = 200;
const MILLION = 1_000_000;
const BAR_MAX = 8_000_000;
const STRETCH = 40_000;

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

const seen = ({ first, end }: ScrollPosition): [number, number] => [first.value, end.value];
const drawn = ({ drawn: { value } }: ScrollPosition): [number, number] => [value.first, value.end];
/** As a wheel does. */
const wheel = (position: ScrollPosition, by: number): boolean => position.stretchScrolled(position.scrolled.value + by);
/** The scrollbar is dragged to the place of a row, and what stands there is drawn. */
function dragTo(position: ScrollPosition, row: number): void {
  position.barMoved((position.barHeight.value - VIEW) * (row / MILLION));
  vi.advanceTimersByTime(1000);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("as many rows as a browser lays out", () => {
  test("lie on one stretch, over which the scrollbar leads", () => {
    const { position } = made(1000);
    expect([position.height.value, position.barHeight.value]).toEqual([20_000, 20_000]);
    expect(seen(position)).toEqual([0, 10]);
    expect(position.stretchScrolled(505)).toBe(true);
    expect(seen(position)).toEqual([25, 36]);
    expect([position.base.value, position.scrolled.value, position.barScrolled.value]).toEqual([0, 505, 505]);
    expect(position.barMoved(600)).toBe(true);
    expect(position.scrolled.value).toBe(600);
  });

  test("what was set here is no movement of anybody else", () => {
    const { position } = made(1000);
    position.stretchScrolled(505);
    expect(position.stretchScrolled(505.4)).toBe(false);
    expect(position.barMoved(position.barScrolled.value)).toBe(false);
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
    expect(position.barHeight.value).toBe(BAR_MAX);
    position.barMoved(BAR_MAX - VIEW);
    vi.advanceTimersByTime(1000);
    expect(position.end.value).toBe(MILLION);
    expect(position.isAtEnd()).toBe(true);
    position.barMoved(0);
    vi.advanceTimersByTime(1000);
    expect(position.first.value).toBe(0);
  });

  test("the wheel moves rows by pixels, and the scrollbar only when it shows", () => {
    const { position } = made(MILLION);
    dragTo(position, 500_000);
    const at = position.barScrolled.value;
    const from = position.first.value;
    wheel(position, ROW);
    expect(position.first.value).toBe(from + 1);
    expect(position.barScrolled.value).toBe(at);
    for (let turn = 0; turn < 5000; turn++) wheel(position, 10 * ROW);
    expect(position.first.value).toBe(from + 50_001);
    expect(Math.abs(position.barScrolled.value - (from + 50_001) * ROW * 0.4)).toBeLessThan(BAR_MAX / 1000);
  });

  test("at an end the scrollbar is where it belongs, or the rest could not be reached with it", () => {
    const { position } = made(MILLION);
    position.stretchScrolled(3 * ROW);
    wheel(position, -3 * ROW);
    expect(position.barScrolled.value).toBe(0);
    position.show(MILLION - 1);
    expect(position.barScrolled.value).toBe(BAR_MAX - VIEW);
  });

  test("the stretch is laid out anew before its end, and what is in sight stays", () => {
    const { position } = made(MILLION);
    dragTo(position, 500_000);
    const bases = new Set<number>();
    for (let turn = 0; turn < 10_000; turn++) {
      const before = position.first.value;
      wheel(position, 10 * ROW);
      expect(position.first.value).toBe(before + 10);
      bases.add(position.base.value);
      expect(position.scrolled.value).toBe((position.first.value - position.base.value) * ROW);
      expect(position.scrolled.value).toBeLessThan(position.height.value - VIEW);
      expect(position.height.value).toBeLessThanOrEqual(STRETCH * ROW);
    }
    // 100,000 rows: not at every turn.
    expect(bases.size).toBeGreaterThan(3);
    expect(bases.size).toBeLessThan(10);
  });

  test("a small step of the scrollbar is one of rows", () => {
    const { position } = made(MILLION);
    dragTo(position, 500_000);
    const from = position.first.value;
    position.barMoved(position.barScrolled.value + 2 * ROW);
    expect(position.first.value).toBe(from + 2);
  });

  test("but the ends of the scrollbar are those of the rows", () => {
    const { position } = made(MILLION);
    position.show(MILLION - 1);
    wheel(position, -100 * ROW);
    position.barMoved(BAR_MAX - VIEW - 40);
    expect(position.isAtEnd()).toBe(false);
    position.barMoved(BAR_MAX - VIEW);
    expect(position.isAtEnd()).toBe(true);
  });
});

describe("rows that are drawn", () => {
  test("are those in sight and one around them, after a jump", () => {
    const { position } = made(1000);
    position.show(500);
    expect(drawn(position)).toEqual([490, 502]);
  });

  test("are more after a small movement, and stay until it comes near their ends", () => {
    const { position } = made(1000);
    position.show(509);
    drawn(position);
    wheel(position, 2 * ROW);
    const ahead = drawn(position);
    expect(ahead).toEqual([494, 528]);
    for (let row = 503; row <= 514; row++) {
      wheel(position, ROW);
      expect([position.first.value, drawn(position)]).toEqual([row, ahead]);
    }
    wheel(position, ROW);
    expect(drawn(position)).toEqual([507, 541]);
    wheel(position, -5 * ROW);
    expect(drawn(position)).toEqual([494, 528]);
  });

  test("are none when there are none any more", () => {
    const { position, count } = made(MILLION);
    wheel(position, 64);
    count.value = 0;
    expect(drawn(position)).toEqual([0, 0]);
  });

  test("always include what is in sight, and are never more than there are elements", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -60, max: 60 }), fc.nat(MILLION))), (moves) => {
        const { position, count } = made(MILLION);
        for (const [by, rows] of moves) {
          if (by % 10 === 0) count.value = rows;
          if (by % 7 === 0) position.barMoved(position.barHeight.value * (rows / MILLION));
          else wheel(position, by * Math.abs(by));
          const [[first, end], [from, to]] = [seen(position), drawn(position)];
          expect(to).toBeLessThanOrEqual(count.value);
          expect(to - from).toBeLessThanOrEqual(position.rowsMax.value);
          if (first >= count.value) continue;
          expect(from).toBeLessThanOrEqual(first);
          expect(to).toBeGreaterThanOrEqual(end);
        }
        position.dispose();
      }),
    );
  });
});

test("a scrollbar that is dragged shows samples, and at last what stands there", () => {
  const { position } = made(MILLION);
  for (let at = 0; at <= 1_000_000; at += 50_000) {
    position.barMoved(at);
    // The rows that are drawn stay in sight.
    expect(position.first.value - position.drawn.value.first).toBeLessThan(2);
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
      expect(position.scrolled.value).toBe(position.height.value - VIEW);
    }
    view.value = 2 * VIEW;
    await nextTick();
    expect(position.barScrolled.value).toBe(BAR_MAX - 2 * VIEW);
  });

  test("stay where they are when nobody follows, and fewer are not left beyond their end", async () => {
    const { position, count } = made(1000);
    position.show(509);
    count.value = 2000;
    await nextTick();
    expect(position.first.value).toBe(500);
    count.value = 20;
    await nextTick();
    expect(position.end.value).toBe(20);
    expect(position.scrolled.value).toBe(200);
  });
});
