import { describe, expect, it } from "vitest";
import type { TraceContext, TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import { dropReasonNumber } from "../contract/drop-reason.ts";
import { TraceEventExporter, type TraceNames } from "./trace-event-json.ts";

type Drawn = {
  ph: string;
  name: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  id?: number;
  args?: Record<string, unknown>;
};

const NAMES: TraceNames = {
  links: new Map([
    [
      "h1-h2",
      [
        { node: "h1", nic: "eth0" },
        { node: "h2", nic: "eth0" },
      ],
    ],
  ]),
  device: (_place, device) => (device === 1 ? "lo" : `eth${device - 2}`),
};

type Draft = {
  place?: string;
  context?: TraceContext;
  pid?: number;
  packet?: number;
  fields?: Record<string, number | string>;
};

class Script {
  readonly events: TraceEvent[] = [];

  add(time: number, name: TraceEventName, draft: Draft = {}): this {
    const event = { place: "h1", context: "none", cpu: 0, pid: 0, packet: 0, cause: 0, fields: {}, ...draft } as const;
    this.events.push({ ...event, id: this.events.length + 1, time, name });
    return this;
  }

  text(): string {
    let text = "";
    const exporter = new TraceEventExporter(NAMES, (more) => void (text += more));
    for (const event of this.events) exporter.onEvent(event);
    exporter.finish();
    return text;
  }

  drawn(): Drawn[] {
    return JSON.parse(this.text()) as Drawn[];
  }
}

/** Rows by their name, and whether begin and end nest on each of them in time. */
function slicesByTrack(drawn: readonly Drawn[]): Map<string, [name: string, from: number, to: number][]> {
  const titles = new Map<string, string>();
  for (const { ph, name, pid, tid, args } of drawn) {
    if (ph === "M" && name === "process_name") titles.set(String(pid), String(args?.["name"]));
    if (ph === "M" && name === "thread_name") titles.set(`${pid}/${tid}`, String(args?.["name"]));
  }
  const stacks = new Map<string, { name: string; from: number }[]>();
  const slices = new Map<string, [string, number, number][]>();
  let last = 0;
  for (const { ph, name, pid, tid, ts } of drawn) {
    if (ph === "M") continue;
    expect(ts).toBeGreaterThanOrEqual(last);
    last = ts;
    const title = `${titles.get(String(pid))} ${titles.get(`${pid}/${tid}`)}`;
    const stack = stacks.get(title) ?? [];
    stacks.set(title, stack);
    if (ph === "B") stack.push({ name, from: ts });
    if (ph !== "E") continue;
    const top = stack.pop();
    expect(top, `an end without a beginning on ${title}`).toBeDefined();
    slices.set(title, [...(slices.get(title) ?? []), [top?.name ?? "", top?.from ?? 0, ts]]);
  }
  for (const [title, stack] of stacks) expect(stack, `open slices on ${title}`).toEqual([]);
  return slices;
}

describe("the Trace Event JSON exporter", () => {
  it("draws interrupts, softirqs and processes on rows of their own, nested in time", () => {
    const script = new Script()
      .add(1_000, "sched:sched_process_exec", { context: "process", pid: 12, fields: { pid: 12, comm: "ping" } })
      .add(1_000, "sched:sched_switch", { fields: { prev_pid: 0, next_pid: 12 } })
      .add(2_001, "irq:irq_handler_entry", { context: "hardirq", fields: { irq: 24, device: 2 } })
      .add(2_100, "irq:irq_handler_exit", { context: "hardirq", fields: { irq: 24, device: 2 } })
      .add(2_100, "irq:softirq_entry", { context: "softirq", fields: { vec: 3 } })
      .add(2_500, "net:netif_receive_skb", { context: "softirq", packet: 5, fields: { device: 2, len: 98 } })
      .add(2_999, "irq:softirq_exit", { context: "softirq", fields: { vec: 3 } })
      .add(4_000, "sched:sched_switch", { fields: { prev_pid: 12, next_pid: 0 } });
    expect(Object.fromEntries(slicesByTrack(script.drawn()))).toEqual({
      "h1 cpu0 hard IRQ": [["irq eth0", 2.001, 2.1]],
      "h1 cpu0 softirq": [["NET_RX", 2.1, 2.999]],
      "h1 ping [12]": [["cpu0", 1, 4]],
    });
    const instant = script.drawn().find(({ name }) => name === "net:netif_receive_skb");
    expect(instant).toMatchObject({ ph: "i", s: "t", args: { packet: 5, len: 98, device: 2 } });
  });

  it("ends open slices when a machine stops and when the trace ends, and ignores ends without a beginning", () => {
    const script = new Script()
      .add(5, "irq:softirq_exit", { context: "softirq", fields: { vec: 3 } })
      .add(10, "irq:softirq_entry", { context: "softirq", fields: { vec: 3 } })
      .add(20, "node:state", { fields: { state: "crashed" } })
      .add(30, "irq:softirq_entry", { context: "softirq", fields: { vec: 1 } })
      .add(40, "ip:ip_forward", { place: "h2", fields: { device: 2, ttl: 63 } });
    expect(slicesByTrack(script.drawn()).get("h1 cpu0 softirq")).toEqual([
      ["NET_RX", 0.01, 0.02],
      ["TIMER", 0.03, 0.04],
    ]);
  });

  it("leads an arrow from port to port for each copy of a packet that arrives", () => {
    const hop = (direction: number): Draft => ({
      place: "h1-h2",
      context: "wire",
      packet: 9,
      fields: { link: 0, direction, len: 60 },
    });
    const drawn = new Script()
      .add(100, "link:transmit", hop(0))
      .add(200, "link:transmit", hop(0))
      .add(300, "link:arrive", hop(0))
      .add(400, "link:arrive", hop(0))
      .add(500, "link:transmit", hop(1))
      .add(600, "skb:kfree_skb", { ...hop(1), fields: { reason: dropReasonNumber("LINK_LOSS"), location: "h1-h2" } })
      .add(700, "link:arrive", hop(1))
      .drawn();
    const arrows = drawn.filter(({ ph }) => ph === "s" || ph === "f");
    expect(arrows.map(({ ph, ts, id }) => [ph, ts, id])).toEqual([
      ["s", 0.1, 1],
      ["s", 0.2, 2],
      ["f", 0.3, 1],
      ["f", 0.4, 2],
      ["s", 0.5, 3],
    ]);
    const marks = drawn.filter(({ ph }) => ph === "X");
    for (const arrow of arrows) {
      expect(marks.some(({ ts, pid, tid }) => ts === arrow.ts && pid === arrow.pid && tid === arrow.tid)).toBe(true);
    }
    const ports = drawn
      .filter(({ ph, name }) => ph === "M" && name === "thread_name")
      .map(({ args }) => args?.["name"]);
    expect(ports).toEqual(["eth0 tx", "eth0 rx", "eth0 tx", "events", "eth0 rx"]);
    expect(drawn.find(({ name }) => name === "drop LINK_LOSS")?.args).toMatchObject({ reason: "LINK_LOSS" });
  });

  it("counts queues", () => {
    const drawn = new Script()
      .add(1, "nic:rx_ring", { fields: { device: 3, used: 7, size: 256 } })
      .add(2, "net:net_dev_queue", { packet: 1, fields: { device: 2, len: 98, qlen: 4 } })
      .drawn();
    const counters = drawn.filter(({ ph }) => ph === "C").map(({ name, args }) => [name, args?.["value"]]);
    expect(counters).toEqual([
      ["eth1 rx_ring", 7],
      ["eth0 qdisc", 4],
    ]);
  });

  it("keeps times exact late in a run, and is an array after every object", () => {
    const late = 2 ** 52 - 1;
    const text = new Script().add(late, "ip:ip_forward").text();
    expect(text).toContain(`"ts":4503599627370.495`);
    const lines = text.trimEnd().split("\n");
    for (let count = 2; count < lines.length; count++) {
      const cut = `${lines.slice(0, count).join("\n").replace(/,$/, "")}]`;
      expect(JSON.parse(cut)).toHaveLength(count - 1);
    }
    expect(JSON.parse(new Script().text())).toEqual([]);
  });
});
