import fc from "fast-check";
import { expect, test } from "vitest";
import { costsOf, CountingHandler, ForwardingHandler, IDEAL } from "../../../test/harness/device.ts";
import { testMac, TestMachine, TestPort, type TestNic } from "../../../test/harness/device.ts";
import { MICROSECOND, MILLISECOND } from "../../base/time.ts";
import { MAC_BROADCAST } from "../../wire/address.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { Nic } from "./nic.ts";
import { VlanDevice } from "./vlan-device.ts";

function receiver(
  machine: TestMachine,
  options = {},
  cost = 0,
): { readonly nic: TestNic; readonly handler: CountingHandler } {
  const nic = machine.nic(options);
  const handler = new CountingHandler(machine.core, cost);
  machine.devices.addHandler(ETHERTYPE_IPV4, handler);
  return { nic, handler };
}

test("a packet goes up inside the event of its arrival when nothing costs anything, without a copy", () => {
  const machine = new TestMachine();
  const { nic, handler } = receiver(machine);
  const frame = machine.frame(nic.mac, 100);
  machine.at(5, () => nic.receiveFrame(frame));
  machine.run(5);
  expect(handler.received).toBe(1);
  expect(machine.engine.eventCount).toBe(1);
  expect(machine.core.consumed).toBe(1);
  expect([machine.skbs.outstanding, machine.frames.outstanding, machine.blocks.outstanding]).toEqual([0, 0, 0]);
});

test("damaged, foreign, short and long frames do not reach a descriptor", () => {
  const machine = new TestMachine();
  const { nic, handler } = receiver(machine);
  const damaged = machine.frame(nic.mac);
  damaged.fcsGood = false;
  nic.receiveFrame(damaged);
  nic.receiveFrame(machine.frame(testMac(77)));
  nic.receiveFrame(machine.frame(nic.mac, 1515));
  const short = machine.frame(nic.mac, 20);
  short.length = 13;
  nic.receiveFrame(short);
  nic.receiveFrame(machine.frame(MAC_BROADCAST));
  nic.receiveFrame(machine.frame(nic.mac, 1514));
  expect(handler.received).toBe(2);
  expect(machine.core.drops.entries()).toEqual([
    ["FCS_ERROR", 1],
    ["PKT_TOO_SMALL", 1],
    ["PKT_TOO_BIG", 1],
  ]);
  expect(nic.filtered).toBe(1);
  expect(nic.stats.rxCrcErrors).toBe(1);
  nic.promiscuity = 1;
  nic.receiveFrame(machine.frame(testMac(77)));
  expect(machine.core.drops.of("OTHERHOST")).toBe(1);
  expect(machine.blocks.outstanding).toBe(0);
});

test("NAPI masks the interrupt while it polls, and unmasks it when the ring is empty", () => {
  const machine = new TestMachine(costsOf({ irq: 1000, pollPacket: 500 }));
  const { nic, handler } = receiver(machine);
  for (const at of [0, 100, 1200, 1800, 2400]) machine.at(at, () => nic.receiveFrame(machine.frame(nic.mac)));
  machine.run(1_000_000);
  // 1000 for the interrupt, then one every 500 without another interrupt; the last one came before the ring ran dry.
  expect(handler.received).toBe(5);
  expect(nic.driver.interrupts).toBe(1);
  machine.at(1_000_001, () => nic.receiveFrame(machine.frame(nic.mac)));
  machine.run(2_000_000);
  expect(nic.driver.interrupts).toBe(2);
  expect(machine.cpu.times.irq).toBe(2000);
});

test("a poll takes at most 64 packets, net_rx_action 2 ms, and the rest goes to ksoftirqd", () => {
  const machine = new TestMachine(costsOf({ pollPacket: 10_000 }));
  machine.trace.want(["napi:napi_poll", "softnet:ksoftirqd"]);
  const { nic, handler } = receiver(machine);
  for (let i = 0; i < 250; i++) nic.receiveFrame(machine.frame(nic.mac));
  machine.run(10 * MILLISECOND);
  expect(handler.received).toBe(250);
  const events = machine.trace.read(1, 100).events;
  const polls = events.filter((event) => event.name === "napi:napi_poll");
  expect(polls.map((event) => event.fields["work"])).toEqual([64, 64, 64, 58]);
  // 192 packets are 1.92 ms, so the invocation ends after the fourth poll; nothing is left for ksoftirqd then.
  expect(events.filter((event) => event.name === "softnet:ksoftirqd")).toEqual([]);
  for (let i = 0; i < 256; i++) nic.receiveFrame(machine.frame(nic.mac));
  machine.at(11 * MILLISECOND, () => nic.receiveFrame(machine.frame(nic.mac)));
  machine.run(20 * MILLISECOND);
  expect(machine.trace.read(1, 100).events.some((event) => event.name === "softnet:ksoftirqd")).toBe(true);
});

test("two busy devices share a net_rx_action, and using its budget up counts a time squeeze", () => {
  const machine = new TestMachine();
  const handler = new CountingHandler(machine.core);
  machine.devices.addHandler(ETHERTYPE_IPV4, handler);
  const nics = Array.from({ length: 6 }, () => machine.nic());
  machine.cpu.freeze();
  for (const nic of nics) for (let i = 0; i < 100; i++) nic.receiveFrame(machine.frame(nic.mac));
  machine.cpu.thaw();
  machine.run(1);
  expect(handler.received).toBe(600);
  // 5 polls of 64 use up the budget of 300.
  expect(machine.cpu.softnet.timeSqueeze).toBe(1);
  expect(machine.cpu.softnet.processed).toBe(600);
});

test("frames beyond the ring are missed, and a paused machine says so", () => {
  const machine = new TestMachine();
  const { nic } = receiver(machine, { rxRing: 8 });
  machine.cpu.freeze();
  for (let i = 0; i < 10; i++) nic.receiveFrame(machine.frame(nic.mac));
  expect(machine.core.drops.of("NODE_PAUSED")).toBe(2);
  expect(machine.devices.queuedPackets()).toBe(8);
  machine.cpu.thaw();
  const busy = new TestMachine(costsOf({ pollPacket: 1000 }));
  const slow = receiver(busy, { rxRing: 8 });
  for (let i = 0; i < 10; i++) slow.nic.receiveFrame(busy.frame(slow.nic.mac));
  expect(busy.core.drops.of("FULL_RING")).toBe(2);
  expect(slow.nic.stats.rxFifoErrors).toBe(2);
});

test("receive coalescing waits for time or for frames, whichever is sooner", () => {
  const machine = new TestMachine();
  const { nic, handler } = receiver(machine, { coalesce: { rxNs: 1000, rxFrames: 3 } });
  const seen: [number, number][] = [];
  for (const at of [0, 10, 500, 600, 700]) machine.at(at, () => nic.receiveFrame(machine.frame(nic.mac)));
  for (const at of [499, 500, 1499, 1500, 5000]) {
    machine.run(at);
    seen.push([at, handler.received]);
  }
  expect(seen).toEqual([
    [499, 0],
    [500, 3],
    [1499, 3],
    [1500, 3],
    [5000, 5],
  ]);
  expect(nic.driver.interrupts).toBe(2);
});

test("a full transmit ring stops the queue, which goes on at a quarter free and loses nothing", () => {
  const machine = new TestMachine();
  const nic = machine.nic({ txRing: 8 });
  for (let i = 0; i < 30; i++) expect(nic.xmit(machine.packet(nic))).toBe(0);
  expect(nic.transmit.stopped).toBe(true);
  expect(machine.devices.queuedPackets()).toBe(22);
  machine.run(MILLISECOND);
  expect(nic.transmit.stopped).toBe(false);
  expect(nic.testPort.sent.map((frame) => frame.packetId)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  // The wire was never idle: 84 byte times each.
  expect(nic.testPort.sent.map((frame) => frame.at)).toEqual(Array.from({ length: 30 }, (_, i) => i * 672));
  expect(machine.skbs.outstanding).toBe(0);
});

test("a sender's memory is held until its frame has left, and given back by one interrupt", () => {
  const machine = new TestMachine();
  const nic = machine.nic({ coalesce: { txNs: 50 * MICROSECOND, txFrames: 32 } });
  const freed: number[] = [];
  for (let i = 0; i < 5; i++) {
    const skb = machine.packet(nic);
    skb.account = { uncharge: () => freed.push(machine.engine.now) };
    nic.xmit(skb);
  }
  machine.run(MILLISECOND);
  expect(freed).toEqual(Array.from({ length: 5 }, () => 50 * MICROSECOND + 672));
  expect(nic.driver.interrupts).toBe(1);
});

test("on a shared medium descriptors are freed when the port says so", () => {
  const machine = new TestMachine();
  const port = new TestPort(machine);
  port.sendsLater = true;
  const nic = machine.nic({ txRing: 2, coalesce: { txNs: 0 } }, port);
  for (let i = 0; i < 3; i++) nic.xmit(machine.packet(nic));
  machine.run(MILLISECOND);
  expect(port.sent).toHaveLength(2);
  nic.frameSent(false);
  machine.run(2 * MILLISECOND);
  expect(port.sent).toHaveLength(3);
  expect(nic.stats.txAbortedErrors).toBe(1);
  expect(nic.isHalfDuplex).toBe(true);
});

test("short packets are padded with zeros, and shared memory is copied rather than written", () => {
  const machine = new TestMachine();
  const nic = machine.nic();
  const skb = machine.packet(nic, 10);
  const clone: SkBuff = machine.skbs.clone(skb);
  nic.xmit(skb);
  const sent = nic.testPort.sent[0]?.bytes ?? new Uint8Array();
  expect(sent).toHaveLength(60);
  expect([...sent.subarray(14, 26)]).toEqual([...new Array<number>(10).fill(7), 0, 0]);
  expect(clone.length).toBe(24);
  machine.core.consume(clone);
  expect(machine.blocks.outstanding).toBe(0);
});

test("down, unplugged or too long: the packet dies by name", () => {
  const machine = new TestMachine();
  machine.engine.advance(0 as never);
  const nic = machine.nic();
  const events: string[] = [];
  machine.devices.observe({ deviceChanged: (device, what) => events.push(`${device.name} ${what}`) });
  nic.xmit(machine.packet(nic, 1501));
  nic.testPort.setCarrier(false);
  nic.xmit(machine.packet(nic));
  nic.setUp(false);
  nic.xmit(machine.packet(nic));
  nic.receiveFrame(machine.frame(nic.mac));
  expect(machine.core.drops.entries()).toEqual([
    ["DEV_READY", 2],
    ["PKT_TOO_BIG", 1],
    ["LINK_DOWN", 1],
  ]);
  expect(events).toEqual(["eth0 no-carrier", "eth0 down"]);
  expect(machine.core.log.map((line) => line.slice(line.indexOf("]") + 2))).toEqual([
    "eth0: NIC Link is Up 1 Gbps Full Duplex",
    "eth0: NIC Link is Down",
  ]);
});

test("VLAN interfaces tag what they send and get what is tagged for them", () => {
  const machine = new TestMachine();
  const { nic, handler } = receiver(machine);
  const vlan = new VlanDevice(nic, 10);
  vlan.setUp(true);
  vlan.xmit(machine.packet(vlan, 100));
  const sent = nic.testPort.sent[0]?.bytes ?? new Uint8Array();
  expect([...sent.subarray(12, 18)]).toEqual([0x81, 0, 0, 10, 8, 0]);
  expect(sent).toHaveLength(118);
  for (const id of [10, 11]) {
    const frame = machine.frame(nic.mac, 118);
    frame.bytes.set(sent.subarray(12), frame.start + 12);
    frame.bytes[frame.start + 15] = id;
    nic.receiveFrame(frame);
  }
  expect(handler.received).toBe(1);
  expect(vlan.stats.rxPackets).toBe(1);
  expect(machine.core.drops.of("VLAN_FILTER")).toBe(1);
});

test("a port of one VLAN tags everything and takes nothing else", () => {
  const machine = new TestMachine();
  const { nic, handler } = receiver(machine, { vlan: 7 });
  nic.xmit(machine.packet(nic, 100));
  const sent = nic.testPort.sent[0]?.bytes ?? new Uint8Array();
  expect([...sent.subarray(12, 18)]).toEqual([0x81, 0, 0, 7, 8, 0]);
  const tagged = machine.frame(nic.mac, 118);
  tagged.bytes.set(sent.subarray(12), tagged.start + 12);
  nic.receiveFrame(tagged);
  nic.receiveFrame(machine.frame(nic.mac));
  expect(handler.received).toBe(1);
  expect(machine.core.drops.of("VLAN_FILTER")).toBe(1);
});

test("taps see packets both ways with their Ethernet header, loopback included", () => {
  const machine = new TestMachine();
  const { nic, handler } = receiver(machine);
  machine.devices.loopback.setUp(true);
  const seen: string[] = [];
  const tap = {
    onPacket: (skb: SkBuff, device: { readonly name: string }) => {
      seen.push(`${device.name} ${skb.packetType} ${skb.length} ${skb.bytes[skb.data + 12]}`);
    },
  };
  machine.devices.addTap(tap, null);
  nic.receiveFrame(machine.frame(nic.mac, 80));
  nic.xmit(machine.packet(nic, 80));
  const local = machine.skbs.alloc(50);
  local.put(50);
  machine.devices.loopback.xmit(local);
  machine.run(1);
  expect(seen).toEqual(["eth0 0 80 8", "eth0 4 94 8", "lo 4 64 8", "lo 0 64 8"]);
  expect(handler.received).toBe(2);
  machine.devices.removeTap(tap, null);
  nic.receiveFrame(machine.frame(nic.mac, 80, ETHERTYPE_ARP));
  expect(seen).toHaveLength(4);
  expect(machine.core.drops.of("UNHANDLED_PROTO")).toBe(1);
});

test("while input is inhibited packets stay in the ring, and come up afterwards", () => {
  for (const driver of ["napi", "irq", "poll"] as const) {
    const machine = new TestMachine();
    const { nic, handler } = receiver(machine, { driver, rxRing: 4 });
    machine.devices.inhibitInput("test");
    for (let i = 0; i < 6; i++) machine.at(i, () => nic.receiveFrame(machine.frame(nic.mac)));
    machine.run(10);
    expect(handler.received).toBe(0);
    expect(machine.core.drops.of("FULL_RING")).toBe(2);
    expect(nic.driver.interrupts).toBe(0);
    machine.devices.allowInput("test");
    machine.run(20);
    expect(handler.received).toBe(4);
  }
});

/** Packets per second that a router delivers when `offered` per second arrive for 100 ms. */
function forwarded(driver: "napi" | "irq" | "poll", offered: number): number {
  const machine = new TestMachine(
    costsOf({ irq: 5000, irqPacket: 20_000, softirq: 2000, poll: 2000, pollPacket: 20_000, transmitDone: 2000 }),
  );
  const nic = machine.nic({ driver });
  const out = machine.nic({ driver, txRing: 32 }, new TestPort(machine, 100e6));
  machine.devices.addHandler(ETHERTYPE_IPV4, new ForwardingHandler(machine.core, out, 100_000));
  const gap = Math.floor(1e9 / offered);
  for (let at = 0; at < 200 * MILLISECOND; at += gap) machine.at(at, () => nic.receiveFrame(machine.frame(nic.mac)));
  machine.run(100 * MILLISECOND);
  const before = out.testPort.count;
  machine.run(200 * MILLISECOND);
  return (out.testPort.count - before) * 10;
}

test("livelock: interrupts per packet starve forwarding, polling without quota sending, NAPI holds its rate", () => {
  const peak = { napi: forwarded("napi", 7000), irq: forwarded("irq", 6000), poll: forwarded("poll", 6000) };
  expect(peak.napi).toBeGreaterThan(6500);
  expect(peak.irq).toBeGreaterThan(5500);
  expect(peak.poll).toBeGreaterThan(5500);
  expect(forwarded("napi", 40_000)).toBeGreaterThan(peak.napi * 0.9);
  expect(forwarded("irq", 60_000)).toBe(0);
  expect(forwarded("poll", 40_000)).toBe(0);
});

test("property: every packet is delivered, dropped by name, sent, or still queued", () => {
  const step = fc.record({
    at: fc.nat(200_000),
    action: fc.constantFrom("receive", "bad", "send", "long", "down", "up", "cut", "plug", "clone"),
  });
  const setup = fc.record({
    driver: fc.constantFrom("napi" as const, "irq" as const, "poll" as const),
    rxRing: fc.integer({ min: 1, max: 8 }),
    txRing: fc.integer({ min: 1, max: 8 }),
    qdisc: fc.constantFrom(
      "pfifo_fast",
      "fq_codel",
      "tbf rate 100mbit burst 2000 limit 4000",
      "netem delay 5us loss 20%",
    ),
    pollPacket: fc.constantFrom(0, 3000),
  });
  fc.assert(
    fc.property(setup, fc.array(step, { maxLength: 60 }), ({ pollPacket, ...options }, steps) => {
      const machine = new TestMachine(pollPacket === 0 ? IDEAL : costsOf({ pollPacket, irq: 500, transmitDone: 100 }));
      const { nic } = receiver(machine, options, 100);
      let made = 0;
      for (const { at, action } of steps) machine.at(at, () => act(action));
      const act = (action: string): void => {
        if (action === "receive" || action === "bad") {
          made++;
          const frame = machine.frame(nic.mac);
          frame.fcsGood = action === "receive";
          nic.receiveFrame(frame);
        } else if (action === "send" || action === "long" || action === "clone") {
          made++;
          const skb = machine.packet(nic, action === "long" ? 1600 : 46);
          const clone = action === "clone" ? machine.skbs.clone(skb) : null;
          nic.xmit(skb);
          if (clone !== null) machine.skbs.free(clone);
        } else if (action === "cut" || action === "plug") nic.testPort.setCarrier(action === "plug");
        else nic.setUp(action === "up");
      };
      const balance = (): number =>
        machine.core.consumed + machine.core.drops.total + nic.testPort.count + machine.devices.queuedPackets();
      for (let until = 0; until <= 220_000; until += 7000) {
        machine.run(until);
        expect(balance()).toBeGreaterThanOrEqual(made - 1);
      }
      machine.run(MILLISECOND);
      expect(balance()).toBe(made);
      machine.core.alive = false;
      machine.core.timers.stop();
      machine.cpu.halt();
      machine.devices.shutdown();
      expect(balance()).toBe(made);
      expect([machine.skbs.outstanding, machine.frames.outstanding, machine.blocks.outstanding]).toEqual([0, 0, 0]);
    }),
  );
});

test("a card of another name can be added later", () => {
  const machine = new TestMachine();
  const { core, devices, cpu } = machine;
  const nic = new Nic({ core, devices, cpu, irq: 5 }, { name: "wan", mac: testMac(1) });
  expect(nic.carrier).toBe(false);
  expect(devices.byName("wan")).toBe(nic);
  expect(devices.byIndex(2)).toBe(nic);
});
