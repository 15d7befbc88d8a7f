import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TestMachine, type TestNic } from "../../../../test/harness/device.ts";
import { put16, put32, u16, u8 } from "../../../base/bytes.ts";
import { MILLISECOND, SECOND } from "../../../base/time.ts";
import { checksum } from "../../../wire/checksum.ts";
import { IPV4, sealIpv4 } from "../../../wire/ipv4.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { createQdisc, parseQdisc } from "./parse.ts";
import type { Qdisc } from "./qdisc.ts";

const IP = 14;

/** A UDP packet of `length` bytes, Ethernet header included, from the given port. */
function udp(machine: TestMachine, nic: TestNic, port: number, length = 1000): SkBuff {
  const skb = machine.packet(nic, length - IP);
  const ip = skb.data + IP;
  const { bytes } = skb;
  bytes.fill(0, ip, ip + 28);
  bytes[ip] = 0x45;
  put16(bytes, ip + IPV4.totalLength, length - IP);
  bytes[ip + IPV4.protocol] = 17;
  put32(bytes, ip + IPV4.source, 0x0a000001);
  put32(bytes, ip + IPV4.target, 0x0a000002);
  put16(bytes, ip + 20, port);
  put16(bytes, ip + 22, 9);
  sealIpv4(bytes, ip);
  return skb;
}

/** The same with an ECN codepoint. */
function ecnCapable(skb: SkBuff, codepoint: number): SkBuff {
  skb.bytes[skb.data + IP + IPV4.tos] = codepoint;
  sealIpv4(skb.bytes, skb.data + IP);
  return skb;
}

function withQdisc(spec: string): { machine: TestMachine; nic: TestNic; qdisc: Qdisc } {
  const machine = new TestMachine();
  const nic = machine.nic();
  return { machine, nic, qdisc: createQdisc(spec, nic) };
}

/** Takes out everything that may leave, as time goes by; with when. */
function drain(machine: TestMachine, qdisc: Qdisc, until: number): { skb: SkBuff; at: number }[] {
  const out: { skb: SkBuff; at: number }[] = [];
  for (;;) {
    for (let skb = qdisc.dequeue(); skb !== null; skb = qdisc.dequeue()) out.push({ skb, at: machine.engine.now });
    if (qdisc.watchdogAt > until) return out;
    machine.engine.advance(qdisc.watchdogAt as never);
  }
}

describe("specs", () => {
  test.each([
    ["pfifo_fast", "bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1"],
    ["pfifo limit 10", "limit 10p"],
    ["pfifo", "limit 1000p"],
    ["bfifo limit 15k", "limit 15360b"],
    ["tbf rate 1mbit burst 5kb latency 70ms", "rate 1Mbit burst 5Kb lat 70ms"],
    ["tbf rate 256kbit burst 1600 limit 3000", "rate 256Kbit burst 1600b lat 43.75ms"],
    ["fq_codel", "limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64"],
    [
      "fq_codel limit 100 target 1ms noecn quantum 300",
      "limit 100p flows 1024 quantum 300 target 1ms interval 100ms memory_limit 32Mb drop_batch 64",
    ],
    ["netem delay 10ms", "limit 1000 delay 10ms"],
    [
      "netem limit 5 delay 100ms 10ms 25% distribution normal loss 0.3% 25% duplicate 1% corrupt 0.1% rate 1mbit",
      "limit 5 delay 100ms  10ms 25% loss 0.3% 25% duplicate 1% corrupt 0.1% rate 1Mbit",
    ],
    ["netem delay 10ms reorder 25% 50% gap 5", "limit 1000 delay 10ms reorder 25% 50% gap 5"],
    ["netem loss gemodel 1% 10% 70% 0.1%", "limit 1000 loss gemodel p 1% r 10% 1-h 70% 1-k 0.1%"],
    ["noqueue", ""],
  ])("%s", (spec, printed) => {
    const { qdisc } = withQdisc(spec);
    expect(qdisc.options()).toBe(printed);
    expect(qdisc.kind).toBe(spec.split(" ")[0]);
  });

  test.each([
    ["", "Unknown qdisc"],
    ["sfq", "Unknown qdisc"],
    ["pfifo limit", "a value is missing"],
    ["tbf rate 1mbit", '"burst" is required'],
    ["tbf rate 1mbit burst 5kb", "latency"],
    ["tbf rate 1mbit burst 100mb limit 1", "at most"],
    ["netem delay fast", 'Illegal "delay": "fast"'],
    ["netem wobble 3", 'What is "wobble"?'],
    ["netem loss 101%", 'Illegal "loss"'],
    ["netem reorder 5%", "without specifying some delay"],
    ["netem gap 3 delay 1ms", "reorder"],
    ["fq_codel flows 100000", "at most 65536"],
  ])("%s is refused", (spec, message) => {
    const result = parseQdisc(spec);
    expect(result.ok ? "accepted" : result.error).toContain(message);
  });

  test("property: no text makes the parser throw", () => {
    const word = fc.constantFrom(
      "netem",
      "tbf",
      "fq_codel",
      "delay",
      "loss",
      "1%",
      "gemodel",
      "10ms",
      "rate",
      "limit",
      "-1",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 8 }), (words) => {
        const result = parseQdisc(words.join(" "));
        if (!result.ok) expect(result.error.length).toBeGreaterThan(5);
      }),
    );
  });
});

test("pfifo_fast sends by priority and in order within a band, and bounds each band", () => {
  const { machine, nic, qdisc } = withQdisc("pfifo_fast limit 2");
  const order = [2, 0, 6, 0, 2, 2].map((priority) => {
    const skb = machine.packet(nic);
    skb.priority = priority;
    return [skb.packetId, qdisc.enqueue(skb)] as const;
  });
  expect(order.map(([, accepted]) => accepted)).toEqual([true, true, true, true, true, false]);
  expect(drain(machine, qdisc, 0).map(({ skb }) => skb.packetId)).toEqual([3, 2, 4, 1, 5]);
  expect(machine.core.drops.of("QDISC_DROP")).toBe(1);
});

test("tbf is exact: after the burst, n packets take n times their bits at the rate", () => {
  const rate = 7_777_777;
  const { machine, nic, qdisc } = withQdisc(`tbf rate ${rate} burst 3000 limit 1000000`);
  for (let i = 0; i < 500; i++) qdisc.enqueue(udp(machine, nic, 1, 1000 + (i % 100)));
  const sent = drain(machine, qdisc, 10 * SECOND);
  expect(sent).toHaveLength(500);
  let bits = -3000 * 8;
  for (const { skb, at } of sent) {
    bits += skb.length * 8;
    expect(at).toBe(Math.max(0, Math.ceil((bits * SECOND) / rate)));
  }
  expect(qdisc.stats.overlimits).toBeGreaterThan(490);
});

test("tbf drops what is over its limit or never fits its bucket", () => {
  const { machine, nic, qdisc } = withQdisc("tbf rate 1mbit burst 1000 limit 2500");
  expect([600, 1001, 900, 1000, 10].map((length) => qdisc.enqueue(udp(machine, nic, 1, Math.max(60, length))))).toEqual(
    [true, false, true, true, false],
  );
  expect(machine.core.drops.of("PKT_TOO_BIG")).toBe(1);
});

test("netem delays each packet by exactly its delay, and a rate spaces them", () => {
  const plain = withQdisc("netem delay 10ms");
  for (const at of [0, 1000, 5000]) {
    plain.machine.at(at, () => plain.qdisc.enqueue(udp(plain.machine, plain.nic, 1)));
  }
  plain.machine.run(6000);
  const sent = drain(plain.machine, plain.qdisc, SECOND);
  expect(sent.map(({ at }) => at)).toEqual([10_000_000, 10_001_000, 10_005_000]);
  const paced = withQdisc("netem rate 8mbit delay 2ms");
  for (let i = 0; i < 3; i++) paced.qdisc.enqueue(udp(paced.machine, paced.nic, 1));
  // 1000 bytes at 1 byte/us; the delay is counted once, as the later packets wait longer than it anyway.
  expect(drain(paced.machine, paced.qdisc, SECOND).map(({ at }) => at)).toEqual([3e6, 4e6, 5e6]);
});

test("netem with gap 5 and certain reordering sends every fifth packet at once", () => {
  const { machine, nic, qdisc } = withQdisc("netem delay 10ms reorder 100% gap 5");
  const ids: number[] = [];
  for (let i = 0; i < 20; i++) {
    const skb = udp(machine, nic, 1);
    ids.push(skb.packetId);
    qdisc.enqueue(skb);
  }
  const sent = drain(machine, qdisc, SECOND);
  const early = sent.filter(({ at }) => at === 0).map(({ skb }) => ids.indexOf(skb.packetId));
  expect(early).toEqual([4, 9, 14, 19]);
  expect(sent).toHaveLength(20);
});

test("netem loses, duplicates and corrupts about as often as it was told", () => {
  const { machine, nic, qdisc } = withQdisc("netem loss 10% duplicate 5% corrupt 20% limit 100000");
  const original = udp(machine, nic, 1, 60);
  const before = original.view().slice();
  const total = 5000;
  for (let i = 0; i < total; i++) qdisc.enqueue(machine.skbs.copy(original));
  const sent = drain(machine, qdisc, 1);
  const damaged = sent.filter(({ skb }) => skb.view().some((byte, i) => byte !== before[i]));
  expect(Math.abs(machine.core.drops.of("QDISC_LOSS") - total * 0.1 * 0.95)).toBeLessThan(80);
  expect(Math.abs(sent.length - total * 0.95)).toBeLessThan(120);
  expect(Math.abs(damaged.length - sent.length * 0.2)).toBeLessThan(120);
});

test("netem's Gilbert-Elliott model loses in bursts, at the stationary rate", () => {
  const { machine, nic, qdisc } = withQdisc("netem loss gemodel 1% 10% limit 100000");
  const original = udp(machine, nic, 1, 60);
  const lost: boolean[] = [];
  for (let i = 0; i < 50_000; i++) lost.push(!qdisc.enqueue(machine.skbs.copy(original)));
  const count = lost.filter(Boolean).length;
  const bursts = lost.filter((isLost, i) => isLost && lost[i - 1] !== true).length;
  // p / (p + r) = 1 / 11 of all, in bursts of 1 / r = 10.
  expect(Math.abs(count / 50_000 - 1 / 11)).toBeLessThan(0.015);
  expect(Math.abs(count / bursts - 10)).toBeLessThan(1.5);
});

test("jitter by any distribution stays around the delay and never goes below zero", () => {
  for (const distribution of ["uniform", "normal", "pareto", "paretonormal"]) {
    const { machine, nic, qdisc } = withQdisc(`netem delay 10ms 4ms distribution ${distribution} limit 100000`);
    const original = udp(machine, nic, 1, 60);
    for (let i = 0; i < 3000; i++) qdisc.enqueue(machine.skbs.copy(original));
    const delays = drain(machine, qdisc, SECOND).map(({ at }) => at);
    const mean = delays.reduce((a, b) => a + b, 0) / delays.length;
    expect(Math.abs(mean - 10 * MILLISECOND)).toBeLessThan(0.6 * MILLISECOND);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(26 * MILLISECOND);
  }
});

test("fq_codel gives a sparse flow its turn ahead of a bulk one, and shares bytes evenly among bulk ones", () => {
  const { machine, nic, qdisc } = withQdisc("fq_codel quantum 1000");
  for (let i = 0; i < 40; i++) qdisc.enqueue(udp(machine, nic, 1000, 1000));
  for (let i = 0; i < 80; i++) qdisc.enqueue(udp(machine, nic, 2000, 500));
  const portOf = (skb: SkBuff | null): number => (skb === null ? 0 : u16(skb.bytes, skb.data + IP + 20));
  const bytes = new Map<number, number>();
  for (let i = 0; i < 30; i++) {
    const skb = qdisc.dequeue();
    bytes.set(portOf(skb), (bytes.get(portOf(skb)) ?? 0) + (skb?.length ?? 0));
  }
  expect(Math.abs((bytes.get(1000) ?? 0) - (bytes.get(2000) ?? 0))).toBeLessThanOrEqual(1000);
  qdisc.enqueue(udp(machine, nic, 3000, 100));
  const next = [portOf(qdisc.dequeue()), portOf(qdisc.dequeue())];
  expect(next).toContain(3000);
});

test("fq_codel holds a standing queue near its target by dropping, or marks what can be marked", () => {
  for (const tos of [0, 2]) {
    const { machine, nic, qdisc } = withQdisc("fq_codel");
    let sent = 0;
    let marked = 0;
    // 1000 bytes every 0.9 ms into a line that takes one every 1 ms, for 8 s.
    for (let at = 0; at < 8 * SECOND; at += 0.9 * MILLISECOND) {
      machine.at(at, () => qdisc.enqueue(ecnCapable(udp(machine, nic, 1, 1000), tos)));
    }
    for (let at = 0; at < 8 * SECOND; at += MILLISECOND) {
      machine.at(at, () => {
        const skb = qdisc.dequeue();
        if (skb === null) return;
        sent++;
        expect(checksum(skb.bytes, skb.data + IP, 20)).toBe(0);
        if ((u8(skb.bytes, skb.data + IP + IPV4.tos) & 3) === 3) marked++;
        machine.skbs.free(skb);
      });
    }
    machine.engine.advance((8 * SECOND) as never);
    expect(sent).toBeGreaterThan(7900);
    if (tos === 0) {
      expect(machine.core.drops.of("QDISC_CONGESTED")).toBeGreaterThan(300);
      expect(qdisc.length).toBeLessThan(300);
    } else {
      expect(marked).toBeGreaterThan(300);
      expect(machine.core.drops.of("QDISC_CONGESTED")).toBe(0);
    }
  }
});

test("fq_codel over its limit drops from the fattest flow", () => {
  const { machine, nic, qdisc } = withQdisc("fq_codel limit 100");
  for (let i = 0; i < 90; i++) qdisc.enqueue(udp(machine, nic, 1));
  for (let i = 0; i < 20; i++) expect(qdisc.enqueue(udp(machine, nic, 2))).toBe(true);
  expect(qdisc.length).toBeLessThanOrEqual(100);
  const left = drain(machine, qdisc, 0).filter(({ skb }) => u16(skb.bytes, skb.data + IP + 20) === 2);
  expect(left).toHaveLength(20);
  expect(machine.core.drops.of("QDISC_OVERLIMIT")).toBe(45);
});

test("property: what goes in comes out or was dropped by name, for every discipline", () => {
  const spec = fc.constantFrom(
    "pfifo_fast limit 4",
    "pfifo limit 5",
    "bfifo limit 3000",
    "tbf rate 10mbit burst 2000 limit 5000",
    "fq_codel limit 6 target 1us interval 10us",
    "netem delay 10us 9us 50% loss 20% duplicate 20% corrupt 20% reorder 30% gap 2 limit 6",
    "netem rate 10mbit loss gemodel 20% 20%",
  );
  const step = fc.record({ wait: fc.nat(20_000), port: fc.nat(3), take: fc.boolean() });
  fc.assert(
    fc.property(spec, fc.array(step, { maxLength: 60 }), (chosen, steps) => {
      const { machine, nic, qdisc } = withQdisc(chosen);
      let at = 0;
      for (const { wait, port, take } of steps) {
        machine.engine.advance((at += wait) as never);
        if (!take) qdisc.enqueue(udp(machine, nic, port, 60 + port * 300));
        else {
          const skb = qdisc.dequeue();
          if (skb !== null) machine.skbs.free(skb);
        }
        expect(machine.skbs.outstanding).toBe(qdisc.length);
        expect(qdisc.length > 0 || qdisc.backlogBytes === 0).toBe(true);
      }
      qdisc.reset("NODE_DOWN");
      expect([qdisc.length, qdisc.backlogBytes, machine.blocks.outstanding]).toEqual([0, 0, 0]);
    }),
  );
});
