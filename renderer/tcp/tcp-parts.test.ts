import { describe, expect, it } from "vitest";
import type { TcpSeries } from "../../core/contract/api/close-view.ts";
import type { SenderRegions } from "../../core/contract/tcp-view.ts";
import { placed, receiverBar, senderBar } from "./regions.ts";
import { ARROWS, BOXES, stepText, travelled, type StateMove } from "./state-diagram.ts";
import { TcpColumns } from "./tcp-columns.ts";

const move = (from: string, to: string, time = 0, step = ""): StateMove => ({ from, to, time, step });

describe("the state diagram", () => {
  it("leads from box to box", () => {
    const ids = new Set(BOXES.map(({ id }) => id));
    for (const { from, to } of ARROWS) expect([ids.has(from), ids.has(to)]).toEqual([true, true]);
    // Figure 5: 20 arrows between 11 states, CLOSED drawn twice.
    expect(ARROWS.length).toBe(20);
    expect(new Set(BOXES.map(({ state }) => state)).size).toBe(11);
  });

  it("shows an active open and close", () => {
    const way = travelled(
      [
        move("CLOSED", "SYN-SENT"),
        move("SYN-SENT", "ESTAB"),
        move("ESTAB", "FIN-WAIT-1"),
        move("FIN-WAIT-1", "FIN-WAIT-2"),
        move("FIN-WAIT-2", "TIME-WAIT", 5e9),
        move("TIME-WAIT", "CLOSED", 5e9, "time-wait"),
      ],
      6e9,
    );
    expect(way.current).toBe("TIME-WAIT");
    expect([...way.arrows].at(-1)).toBe("FIN-WAIT-2>TIME-WAIT");
    expect(way.others).toEqual([]);
  });

  it("ends TIME-WAIT after 2 MSL, and LAST-ACK in the CLOSED below", () => {
    const end = [move("FIN-WAIT-2", "TIME-WAIT", 5e9), move("TIME-WAIT", "CLOSED", 5e9, "time-wait")];
    expect(travelled(end, 65e9).current).toBe("CLOSED-END");
    expect(travelled([move("LAST-ACK", "CLOSED")], 0).arrows).toEqual(new Set(["LAST-ACK>CLOSED-END"]));
  });

  it("has a connection of a listener begin at LISTEN", () => {
    const way = travelled([move("CLOSED", "SYN-RECV"), move("SYN-RECV", "ESTAB")], 0);
    expect([...way.arrows]).toEqual(["LISTEN>SYN-RECV", "SYN-RECV>ESTAB"]);
  });

  it("draws what the figure does not have: a reset", () => {
    const way = travelled([move("SYN-SENT", "ESTAB"), move("ESTAB", "CLOSED")], 0);
    expect(way.current).toBe("CLOSED");
    expect(way.others.map(([from, to]) => [from.id, to.id])).toEqual([["ESTAB", "CLOSED"]]);
  });

  it("says steps as sections of the RFC", () => {
    expect(stepText("3.10.7.4-fifth")).toBe("RFC 9293 §3.10.7.4, fifth");
    expect(stepText("3.10.1 OPEN")).toBe("RFC 9293 §3.10.1 (OPEN call)");
    expect(stepText("retransmission")).toBe("retransmission");
  });
});

const SENDER: SenderRegions = {
  ...{ acknowledged: 10_000, sent: 14_000, window: 30_000, written: 20_000 },
  ...{ sacked: [{ start: 12_000, end: 13_000 }], lost: [], retransmitted: [] },
};
const lengths = (bar: ReturnType<typeof senderBar>): [string, number][] =>
  bar.regions.map(({ kind, start, end }) => [kind, end - start]);

describe("the sender's regions", () => {
  it("are the lecture's, with what cwnd holds back of the window", () => {
    const bar = senderBar(SENDER, 8000);
    expect(lengths(bar).slice(1, 4)).toEqual([
      ["sent", 4000],
      ["usable", 4000],
      ["held-back", 12_000],
    ]);
    expect(bar.regions[0]?.end).toBe(10_000);
    expect(bar.patches).toEqual([
      { kind: "sacked", start: 12_000, end: 13_000 },
      { kind: "written", start: 14_000, end: 20_000 },
    ]);
    expect(bar.from).toBeLessThan(10_000);
    expect(bar.to).toBeGreaterThan(30_000);
  });

  it("leave out what is empty: a closed window, nothing under way", () => {
    const closed = senderBar({ ...SENDER, window: 14_000, written: 14_000 }, 8000);
    expect(lengths(closed).map(([kind]) => kind)).toEqual(["acknowledged", "sent", "closed"]);
    const fresh = senderBar({ ...SENDER, acknowledged: 1, sent: 1, window: 65_000, written: 1, sacked: [] }, 14_480);
    expect(lengths(fresh).map(([kind]) => kind)).toEqual(["acknowledged", "usable", "held-back", "closed"]);
  });

  it("hold when the peer takes back some of its window", () => {
    const shrunk = senderBar({ ...SENDER, window: 12_000 }, 50_000);
    for (const { start, end } of shrunk.regions) expect(end).toBeGreaterThan(start);
    expect(lengths(shrunk).map(([kind]) => kind)).toEqual(["acknowledged", "sent", "closed"]);
  });
});

describe("the receiver's regions", () => {
  it("have what came out of order as islands in the window", () => {
    const bar = receiverBar({ read: 1, received: 5000, window: 30_000, outOfOrder: [{ start: 6000, end: 7000 }] });
    expect(bar.regions.map(({ kind }) => kind)).toEqual(["read", "unread", "window", "beyond"]);
    expect(bar.from).toBe(0);
    expect(bar.patches).toEqual([{ kind: "out-of-order", start: 6000, end: 7000 }]);
  });
});

describe("labels of marks", () => {
  it("take another line where they would lie on each other", () => {
    const bar = receiverBar({ read: 100, received: 100, window: 30_000, outOfOrder: [] });
    const marks = placed(bar, 0.2);
    expect(marks.map(({ line }) => line)).toEqual([0, 1, 0]);
    for (const { share } of marks) expect(share >= 0 && share <= 1).toBe(true);
  });
});

describe("columns of a connection", () => {
  const series = (from: number, count: number): TcpSeries => {
    const numbers = Array.from({ length: count }, (_, at) => from + at);
    return {
      ...{ time: numbers.map((at) => at * 1e6), cwnd: numbers, ssthresh: numbers.map(() => null), inFlight: numbers },
      ...{ srtt: numbers.map((at) => at * 1000), rto: numbers, sndNxt: numbers, sndUna: numbers, windowEnd: numbers },
      ...{ retransmits: [{ time: from * 1e6, seq: 1, length: 2 }], states: [], next: from + count },
    };
  };

  it("grow by what is new", () => {
    const columns = new TcpColumns();
    columns.add(series(0, 3));
    columns.add(series(3, 2));
    expect(columns.time).toEqual([0, 0.001, 0.002, 0.003, 0.004]);
    expect(columns.values.cwnd).toEqual([0, 1, 2, 3, 4]);
    expect(columns.milliseconds("srtt")).toEqual([null, 1, 2, 3, 4]);
    expect([columns.retransmits.length, columns.next]).toEqual([2, 5]);
    columns.clear();
    expect([columns.time.length, columns.next]).toEqual([0, 0]);
  });

  it("are thinned when they grow too long, the newest point kept", () => {
    const columns = new TcpColumns();
    columns.add(series(0, 40_001));
    expect(columns.time.length).toBe(columns.values.sndNxt.length);
    expect(columns.time.length).toBeLessThan(21_000);
    expect(columns.time.at(-1)).toBe(40);
  });
});
