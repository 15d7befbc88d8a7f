import { describe, expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { CONTEXT, KIND } from "../contract/trace-event.ts";
import { TraceRecorder } from "./recorder.ts";

function recorder(capacity = 8): { clock: { now: number }; trace: TraceRecorder } {
  const clock = { now: 0 };
  return { clock, trace: new TraceRecorder(clock, capacity) };
}

describe("the recorder", () => {
  test("records nothing that nobody wants, and passes the cause on instead", () => {
    const { trace } = recorder();
    expect(trace.active).toBe(false);
    expect(trace.record(KIND["skb:kfree_skb"], 1, 7)).toBe(7);
    trace.want(["skb:consume_skb"]);
    expect([trace.active, trace.wants(KIND["skb:kfree_skb"]), trace.wants(KIND["skb:consume_skb"])]).toEqual([
      true,
      false,
      true,
    ]);
    expect(trace.newest).toBe(0);
    trace.want(["skb:consume_skb"], false);
    expect(trace.active).toBe(false);
  });

  test("an event carries the registers, its fields by name, and its cause", () => {
    const { clock, trace } = recorder();
    trace.wantAll();
    clock.now = 42;
    trace.place = trace.intern("h1");
    trace.context = CONTEXT.process;
    trace.cpu = 1;
    trace.pid = 7;
    const first = trace.record(KIND["sched:sched_wakeup"], 0, 0, 7);
    const second = trace.record(KIND["syscalls:sys_enter"], 9, first, 7, trace.intern("sendto"), 3);
    expect(trace.at(second)).toEqual({
      id: 2,
      time: 42,
      name: "syscalls:sys_enter",
      place: "h1",
      context: "process",
      cpu: 1,
      pid: 7,
      packet: 9,
      cause: first,
      fields: { pid: 7, name: "sendto", fd: 3 },
    });
  });

  test("keeps the newest, and a reader is told what it missed", () => {
    const { trace } = recorder(4);
    trace.wantAll();
    for (let packet = 1; packet <= 10; packet++) trace.record(KIND["skb:consume_skb"], packet, 0);
    expect([trace.oldest, trace.newest]).toEqual([7, 10]);
    const page = trace.read(3, 2);
    expect([page.events.map((event) => event.packet), page.next, page.lost]).toEqual([[7, 8], 9, 4]);
    const rest = trace.read(page.next, 100);
    expect([rest.events.length, rest.next, rest.lost]).toEqual([2, 11, 0]);
    expect(trace.read(rest.next, 100).events).toEqual([]);
    expect(() => trace.at(6)).toThrow(AssertionError);
  });

  test("a listener hears of every event until it stops", () => {
    const { trace } = recorder(1);
    trace.wantAll();
    const heard: number[] = [];
    const stop = trace.listen((event) => heard.push(event.packet));
    trace.record(KIND["skb:consume_skb"], 1, 0);
    trace.record(KIND["skb:consume_skb"], 2, 0);
    stop();
    trace.record(KIND["skb:consume_skb"], 3, 0);
    expect(heard).toEqual([1, 2]);
  });
});
