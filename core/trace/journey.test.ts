import { describe, expect, it } from "vitest";
import { dropReasonNumber } from "../contract/drop-reason.ts";
import { CONTEXT, KIND } from "../contract/trace-event.ts";
import { formatJourney, Journey, why } from "./journey.ts";
import { TraceRecorder } from "./recorder.ts";

function recorded(capacity = 100): { recorder: TraceRecorder; clock: { now: number } } {
  const clock = { now: 0 };
  const recorder = new TraceRecorder(clock, capacity);
  recorder.wantAll();
  recorder.place = recorder.intern("h1");
  return { recorder, clock };
}

describe("a packet's journey", () => {
  it("holds the packet's events in order and what first led to it", () => {
    const { recorder, clock } = recorded();
    const journey = new Journey(recorder, 7);
    recorder.listen((event) => journey.onEvent(event));
    recorder.context = CONTEXT.process;
    recorder.pid = 3;
    const call = recorder.record(KIND["syscalls:sys_enter"], 0, 0, 3, recorder.intern("sendto"), 4);
    clock.now = 1_500;
    const queued = recorder.record(KIND["net:net_dev_queue"], 7, call, 2, 98, 0);
    recorder.record(KIND["net:net_dev_queue"], 8, call, 2, 98, 1);
    clock.now = 4_000;
    recorder.context = CONTEXT.softirq;
    recorder.record(
      KIND["skb:kfree_skb"],
      7,
      queued,
      dropReasonNumber("IP_TTL_EXPIRED"),
      recorder.intern("ip_forward"),
    );
    expect(formatJourney(journey)).toEqual([
      "  caused by 0.000000000 h1         process 3      syscalls:sys_enter pid=3 name=sendto fd=4",
      "0.000001500 h1         process 3      net:net_dev_queue device=2 len=98 qlen=0",
      "0.000004000 h1         softirq cpu0   skb:kfree_skb reason=IP_TTL_EXPIRED (the time to live ran out) " +
        "location=ip_forward  (+2500 ns)",
    ]);
  });

  it("walks causes up until they are forgotten", () => {
    const { recorder } = recorded(3);
    let cause = 0;
    for (let index = 0; index < 5; index++) cause = recorder.record(KIND["ip:ip_forward"], 1, cause);
    expect(why(recorder, 5).map(({ id }) => id)).toEqual([5, 4, 3]);
    expect(why(recorder, 1)).toEqual([]);
    expect(why(recorder, 6)).toEqual([]);
  });

  it("says so when no event carries the id", () => {
    expect(formatJourney(new Journey(recorded().recorder, 99))).toEqual(["packet 99: no event carries this id"]);
  });
});
