import { describe, expect, it } from "vitest";
import { TestMachine } from "../../../../test/harness/device.ts";
import type { VirtualTime } from "../../../base/time.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import type { Qdisc } from "./qdisc.ts";
import { createQdisc, parseQdisc } from "./parse.ts";

/** A sender: its packets are a flow. */
class Sender {
  paced = false;
  freed = 0;

  uncharge(bytes: number): void {
    this.freed += bytes;
  }

  pacedBelow(): void {
    this.paced = true;
  }
}

function setUp(spec = "fq"): {
  machine: TestMachine;
  fq: Qdisc;
  send: (from: Sender | null, length: number, at?: number) => SkBuff;
} {
  const machine = new TestMachine();
  const nic = machine.nic();
  const fq = createQdisc(spec, nic);
  const send = (from: Sender | null, length: number, at = 0): SkBuff => {
    const skb = machine.packet(nic, length);
    skb.account = from;
    skb.timestamp = at;
    fq.enqueue(skb);
    return skb;
  };
  return { machine, fq, send };
}

const advance = (machine: TestMachine, until: number): void => void machine.engine.advance(until as VirtualTime);

describe("fq", () => {
  it("tells sockets that it paces, and holds packets until their time", () => {
    const { machine, fq, send } = setUp();
    const sender = new Sender();
    const first = send(sender, 100);
    const second = send(sender, 100, 5000);
    expect(sender.paced).toBe(true);
    expect(fq.dequeue()).toBe(first);
    expect(fq.dequeue()).toBe(null);
    expect(fq.watchdogAt).toBe(5000);
    advance(machine, 5000);
    expect(fq.dequeue()).toBe(second);
    expect([fq.length, fq.backlogBytes]).toEqual([0, 0]);
  });

  it("lets no flow hold up another", () => {
    const { fq, send } = setUp();
    const [slow, fast] = [new Sender(), new Sender()];
    send(slow, 100, 1_000_000);
    const other = send(fast, 100);
    expect(fq.dequeue()).toBe(other);
  });

  it("gives flows turns of equal bytes", () => {
    const { fq, send } = setUp("fq quantum 1000 initial_quantum 1000");
    const [large, small] = [new Sender(), new Sender()];
    for (let i = 0; i < 10; i++) send(large, 986);
    for (let i = 0; i < 20; i++) send(small, 486);
    const taken = Array.from({ length: 15 }, () => fq.dequeue()?.account);
    expect(taken.filter((from) => from === large)).toHaveLength(5);
    expect(taken.filter((from) => from === small)).toHaveLength(10);
  });

  it("limits a flow, and all together", () => {
    const { fq, send } = setUp("fq limit 5 flow_limit 3");
    const [first, second] = [new Sender(), new Sender()];
    for (let i = 0; i < 4; i++) send(first, 100);
    expect(fq.length).toBe(3);
    for (let i = 0; i < 3; i++) send(second, 100);
    expect([fq.length, fq.stats.dropped]).toEqual([5, 2]);
    fq.reset("NODE_DOWN");
    expect([fq.length, fq.dequeue()]).toEqual([0, null]);
  });

  it("keeps a flow to its largest rate", () => {
    const { machine, fq, send } = setUp("fq maxrate 8mbit");
    const sender = new Sender();
    send(sender, 986);
    send(sender, 986);
    expect(fq.dequeue()).not.toBe(null);
    expect(fq.dequeue()).toBe(null);
    expect(fq.watchdogAt).toBe(1_000_000);
    advance(machine, 1_000_000);
    expect(fq.dequeue()).not.toBe(null);
  });

  it("passes departure times over when told to, and says how it is set", () => {
    const { fq, send } = setUp("fq nopacing");
    expect(fq.dequeue()).toBe(null);
    const skb = send(new Sender(), 100, 1_000_000);
    expect(fq.dequeue()).toBe(skb);
    expect(fq.options()).toBe("limit 10000p flow_limit 100p quantum 3028b initial_quantum 15140b nopacing");
    expect(parseQdisc("fq limit x").ok).toBe(false);
    expect(parseQdisc("fq frobnicate").ok).toBe(false);
  });
});
