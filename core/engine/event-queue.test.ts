import fc from "fast-check";
import { expect, test } from "vitest";
import type { VirtualTime } from "../base/time.ts";
import { EventQueue, NO_EVENT, type EventHandler, type EventId } from "./event-queue.ts";
import { Lanes } from "./lanes.ts";
import { PHASES, SEQUENCE_NUMBERS, laneOf, rankOf, rankOfOrder, LANES_MAX } from "./rank.ts";

const nobody: EventHandler = { onEvent: () => undefined };
const at = (time: number): VirtualTime => time as VirtualTime;

interface Planned {
  readonly time: number;
  readonly phase: (typeof PHASES)[keyof typeof PHASES];
  readonly lane: number;
}

const planned = (timeMax: number): fc.Arbitrary<Planned> =>
  fc.record({
    time: fc.integer({ min: 0, max: timeMax }),
    phase: fc.constantFrom(...Object.values(PHASES)),
    lane: fc.integer({ min: 1, max: 4 }),
  });

const push = (queue: EventQueue, { time, phase, lane }: Planned, code: number): EventId =>
  queue.push(at(time), rankOf(phase, lane), nobody, code, null, 0);

/** Codes in the order of time, phase, lane, and place in the list. */
const inOrder = (events: readonly (Planned & { readonly code: number })[]): number[] =>
  [...events]
    .sort((a, b) => a.time - b.time || a.phase - b.phase || a.lane - b.lane || a.code - b.code)
    .map(({ code }) => code);

function drain(queue: EventQueue): number[] {
  const codes: number[] = [];
  while (queue.length > 0) {
    const slot = queue.next.removeNext();
    codes.push(queue.events.codes[slot] as number);
    queue.events.release(slot);
  }
  return codes;
}

test("events come out by time, then phase, then lane, then the order in which they were scheduled", () => {
  fc.assert(
    fc.property(fc.array(planned(20), { maxLength: 300 }), (events) => {
      const queue = new EventQueue();
      events.forEach((event, code) => push(queue, event, code));
      expect(drain(queue)).toEqual(inOrder(events.map((event, code) => ({ ...event, code }))));
    }),
  );
});

test("cancelling any of the events leaves the others in order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(planned(50), fc.boolean()), { maxLength: 300 }), (events) => {
      const queue = new EventQueue();
      const ids = events.map(([event], code) => push(queue, event, code));
      events.forEach(([, cancelled], code) => {
        if (cancelled) expect(queue.cancel(ids[code] ?? NO_EVENT)).toBe(true);
      });
      const left = events.map(([event, cancelled], code) => ({ ...event, cancelled, code }));
      const expected = inOrder(left.filter(({ cancelled }) => !cancelled));
      expect(queue.length).toBe(expected.length);
      expect(drain(queue)).toEqual(expected);
    }),
  );
});

test("events that wait while sequence numbers run out keep their order", () => {
  fc.assert(
    fc.property(fc.array(planned(5), { minLength: 2, maxLength: 100 }), fc.nat(50), (events, before) => {
      const queue = new EventQueue(new Lanes(), SEQUENCE_NUMBERS - before);
      events.forEach((event, code) => push(queue, event, code));
      expect(drain(queue)).toEqual(inOrder(events.map((event, code) => ({ ...event, code }))));
    }),
  );
});

test("an order tells rank and lane to the last of each", () => {
  const lanes = [0, 1, LANES_MAX - 1];
  for (const phase of Object.values(PHASES)) {
    for (const lane of lanes) {
      for (const sequence of [0, SEQUENCE_NUMBERS - 1]) {
        const order = rankOf(phase, lane) + sequence;
        expect([Number.isSafeInteger(order), laneOf(order), rankOfOrder(order)]).toEqual([
          true,
          lane,
          rankOf(phase, lane),
        ]);
      }
    }
  }
});

test("an id of an event that has run or was cancelled hits no later event in the same slot", () => {
  const queue = new EventQueue();
  const event = { time: 1, phase: PHASES.wire, lane: 1 };
  const first = push(queue, event, 1);
  drain(queue);
  push(queue, event, 2);
  expect(queue.cancel(first)).toBe(false);
  expect(queue.length).toBe(1);
  expect(queue.cancel(NO_EVENT)).toBe(false);
});

test("it grows past its first arrays", () => {
  const queue = new EventQueue();
  for (let i = 0; i < 5000; i++) push(queue, { time: 5000 - i, phase: PHASES.irq, lane: 1 }, i);
  const codes = drain(queue);
  expect(codes[0]).toBe(4999);
  expect(codes.at(-1)).toBe(0);
});
