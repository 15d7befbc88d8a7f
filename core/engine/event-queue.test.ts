import fc from "fast-check";
import { expect, test } from "vitest";
import type { VirtualTime } from "../base/time.ts";
import { EventQueue, NO_EVENT, PHASES, type EventHandler } from "./event-queue.ts";

const nobody: EventHandler = { onEvent: () => undefined };
const at = (time: number): VirtualTime => time as VirtualTime;

function drain(queue: EventQueue): number[] {
  const codes: number[] = [];
  while (queue.length > 0) {
    codes.push(queue.next.nextCode);
    queue.next.removeNext();
  }
  return codes;
}

test("events come out by time, then phase, then the order in which they were scheduled", () => {
  const event = fc.record({ time: fc.integer({ min: 0, max: 20 }), phase: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      const queue = new EventQueue();
      events.forEach(({ time, phase }, index) => queue.push(at(time), phase, nobody, index, null, 0));
      const expected = events
        .map((event, index) => ({ ...event, index }))
        .sort((a, b) => a.time - b.time || a.phase - b.phase || a.index - b.index)
        .map((event) => event.index);
      expect(drain(queue)).toEqual(expected);
    }),
  );
});

test("cancelling any of the events leaves the others in order", () => {
  const event = fc.record({
    time: fc.integer({ min: 0, max: 50 }),
    phase: fc.constantFrom(PHASES.wire, PHASES.timer),
    cancelled: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      const queue = new EventQueue();
      const ids = events.map(({ time, phase }, index) => queue.push(at(time), phase, nobody, index, null, 0));
      events.forEach(({ cancelled }, index) => {
        if (cancelled) expect(queue.cancel(ids[index] ?? NO_EVENT)).toBe(true);
      });
      const expected = events
        .map((event, index) => ({ ...event, index }))
        .filter((event) => !event.cancelled)
        .sort((a, b) => a.time - b.time || a.phase - b.phase || a.index - b.index)
        .map((event) => event.index);
      expect(queue.length).toBe(expected.length);
      expect(drain(queue)).toEqual(expected);
    }),
  );
});

test("an id of an event that has run or was cancelled hits no later event in the same slot", () => {
  const queue = new EventQueue();
  const first = queue.push(at(1), 0, nobody, 1, null, 0);
  queue.next.removeNext();
  queue.push(at(2), 0, nobody, 2, null, 0);
  expect(queue.cancel(first)).toBe(false);
  expect(queue.length).toBe(1);
  expect(queue.cancel(NO_EVENT)).toBe(false);
});

test("a timer's id hits nothing but that timer", () => {
  const queue = new EventQueue();
  const frame = queue.push(at(1), PHASES.wire, nobody, 1, null, 0);
  const timer = queue.push(at(2), PHASES.timer, nobody, 2, null, 0);
  expect(frame).not.toBe(timer);
  expect(queue.cancel(timer)).toBe(true);
  expect(queue.cancel(timer)).toBe(false);
  expect(drain(queue)).toEqual([1]);
  expect(queue.cancel(frame)).toBe(false);
});

test("it grows past its first arrays", () => {
  const queue = new EventQueue();
  for (let i = 0; i < 5000; i++) queue.push(at(5000 - i), 0, nobody, i, null, 0);
  const codes = drain(queue);
  expect(codes[0]).toBe(4999);
  expect(codes.at(-1)).toBe(0);
});
