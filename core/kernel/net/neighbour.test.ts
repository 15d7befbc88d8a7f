import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { emitArp, parseArp, type Arp } from "../../wire/arp.ts";
import { MAC_BROADCAST, MAC_ZERO, readMac, type MacAddress } from "../../wire/address.ts";
import { u8 } from "../../base/bytes.ts";
import type { FakeDevice, NetHost } from "../../../test/harness/net.ts";
import { ip, NetWorld, Segment } from "../../../test/harness/net.ts";
import type { Neighbour } from "./neighbour.ts";
import { NUD } from "./nud.ts";

const PEER = ip("10.0.0.2");
const MAC_A = 0x02aa00000001 as MacAddress;
const MAC_B = 0x02aa00000002 as MacAddress;

interface Lone {
  world: NetWorld;
  host: NetHost;
  device: FakeDevice;
  wire: Segment;
}

function lone(): Lone {
  const world = new NetWorld();
  const wire = new Segment(world);
  const host = world.host("a");
  const device = host.device(wire, "10.0.0.1/24");
  return { world, host, device, wire };
}

const arps = (wire: Segment): (Arp & { to: MacAddress })[] =>
  wire.log.flatMap((frame) => {
    const parsed = parseArp(frame.subarray(14));
    return u8(frame, 13) === 6 && parsed.ok ? [{ ...parsed.value, to: readMac(frame, 0) }] : [];
  });

const reply = (device: FakeDevice, mac: MacAddress, from = PEER): void =>
  device.hearArp(
    emitArp({ operation: 2, senderMac: mac, senderIp: from, targetMac: device.mac, targetIp: ip("10.0.0.1") }),
  );

const entryOf = ({ host, device }: Lone): Neighbour => {
  const entry = host.stack.neighbours.find(device, PEER);
  if (entry === null) throw new Error("no entry");
  return entry;
};

/** A neighbour brought into that state in the way it gets there. */
function inState(state: number): Lone {
  const lab = lone();
  const { host, world, device } = lab;
  host.send(PEER, new Uint8Array(10));
  if (state === NUD.INCOMPLETE) return lab;
  if (state === NUD.FAILED) {
    world.run(10 * SECOND);
    return lab;
  }
  reply(device, MAC_A);
  if (state === NUD.REACHABLE) return lab;
  world.run(60 * SECOND);
  if (state === NUD.STALE) return lab;
  host.send(PEER, new Uint8Array(10));
  if (state === NUD.DELAY) return lab;
  world.run(5 * SECOND + MILLISECOND);
  if (state === NUD.PROBE) return lab;
  throw new Error("no such state");
}

const NAMES = ["INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED"] as const;

/** State after one thing happened to a neighbour in each state, in the order of NAMES. */
const TABLE: Record<string, { act: (lab: Lone) => void; after: readonly (typeof NAMES)[number][] }> = {
  "a packet is sent": {
    act: (lab) => lab.host.send(PEER, new Uint8Array(10)),
    after: ["INCOMPLETE", "REACHABLE", "DELAY", "DELAY", "PROBE", "INCOMPLETE"],
  },
  "the answer comes": {
    act: (lab) => reply(lab.device, MAC_A),
    after: ["REACHABLE", "REACHABLE", "REACHABLE", "REACHABLE", "REACHABLE", "REACHABLE"],
  },
  "it asks for us": {
    act: ({ device }) =>
      device.hearArp(
        emitArp({ operation: 1, senderMac: MAC_A, senderIp: PEER, targetMac: MAC_ZERO, targetIp: ip("10.0.0.1") }),
        MAC_BROADCAST,
      ),
    // What waited is sent at once, and that makes it DELAY.
    after: ["DELAY", "REACHABLE", "STALE", "DELAY", "PROBE", "STALE"],
  },
  "it asks for us from another card": {
    act: ({ device }) =>
      device.hearArp(
        emitArp({ operation: 1, senderMac: MAC_B, senderIp: PEER, targetMac: MAC_ZERO, targetIp: ip("10.0.0.1") }),
        MAC_BROADCAST,
      ),
    after: ["DELAY", "STALE", "STALE", "STALE", "STALE", "STALE"],
  },
  "a transport confirms, and time passes": {
    act: (lab) => {
      entryOf(lab).confirm();
      lab.world.run(5 * SECOND);
    },
    after: ["FAILED", "REACHABLE", "STALE", "REACHABLE", "FAILED", "FAILED"],
  },
  "an hour passes": {
    act: (lab) => lab.world.run(3600 * SECOND),
    after: ["FAILED", "STALE", "STALE", "FAILED", "FAILED", "FAILED"],
  },
  "an administrator makes it permanent": {
    act: ({ host, device }) => host.stack.neighbours.set(device, PEER, MAC_B, true),
    after: [] as never,
  },
};

describe("a neighbour", () => {
  for (const [what, { act, after }] of Object.entries(TABLE)) {
    NAMES.forEach((name, index) => {
      const expected = after[index] ?? "PERMANENT";
      it(`in ${name}, when ${what}, is ${expected}`, () => {
        const lab = inState(NUD[name]);
        expect(entryOf(lab).stateName).toBe(name);
        act(lab);
        expect(entryOf(lab).stateName).toBe(expected);
        lab.world.run(0);
        lab.world.run(60 * SECOND);
        expect(lab.world.unaccounted).toBe(0);
      });
    });
  }

  it("asks by broadcast when unknown and directly when it was known, three times each", () => {
    const lab = inState(NUD.DELAY);
    lab.world.run(60 * SECOND);
    const sent = arps(lab.wire);
    expect(sent.map((arp) => arp.to)).toEqual([MAC_BROADCAST, MAC_A, MAC_A, MAC_A]);
    expect(sent.every((arp) => arp.operation === 1 && arp.targetIp === PEER && arp.senderIp === ip("10.0.0.1"))).toBe(
      true,
    );
  });

  it("keeps what waits up to its bound, and drops the oldest beyond", () => {
    const { host, world, device, wire } = lone();
    host.set("net.ipv4.neigh.default.unres_qlen", 3);
    for (let i = 0; i < 5; i++) host.send(PEER, Uint8Array.of(i));
    expect(host.core.drops.of("NEIGH_QUEUEFULL")).toBe(2);
    expect(host.stack.queuedPackets()).toBe(3);
    reply(device, MAC_A);
    expect(wire.packets().map((packet) => packet.payload[0])).toEqual([2, 3, 4]);
    host.set("net.ipv4.neigh.default.unres_qlen", 100);
    host.set("net.ipv4.neigh.default.unres_qlen_bytes", 2000);
    for (let i = 0; i < 5; i++) host.send(ip("10.0.0.9"), new Uint8Array(10));
    // 832 bytes of truesize each: a small block and its overhead.
    expect(host.stack.queuedPackets()).toBe(2);
    world.run(10 * SECOND);
    expect(host.core.drops.of("NEIGH_FAILED")).toBe(2);
  });

  it("is reachable for 0.5 to 1.5 times the base time, by the machine's own chance", () => {
    const times = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => {
      const world = new NetWorld();
      return world.host(`h${n}`).stack.neighbours.reachableTime();
    });
    expect(times.every((time) => time >= 15 * SECOND && time < 45 * SECOND)).toBe(true);
    expect(new Set(times).size).toBe(8);
  });

  it("is not made known by packets between others, nor by a reply nobody asked for", () => {
    const { host, device } = lone();
    reply(device, MAC_A);
    device.hearArp(
      emitArp({ operation: 1, senderMac: MAC_A, senderIp: PEER, targetMac: MAC_ZERO, targetIp: ip("10.0.0.3") }),
      MAC_BROADCAST,
    );
    expect(host.stack.neighbours.size).toBe(0);
    expect(host.core.drops.of("ARP_IGNORED")).toBe(2);
  });

  it("goes with the carrier, unless permanent", () => {
    const lab = inState(NUD.REACHABLE);
    lab.host.stack.neighbours.set(lab.device, ip("10.0.0.7"), MAC_B, true);
    lab.device.setCarrier(false);
    expect([...lab.host.stack.neighbours.entries()].map((entry) => entry.stateName)).toEqual(["PERMANENT"]);
  });

  it("makes room for others when the table is full, and says so when it cannot", () => {
    const { host, world, device } = lone();
    host.set("net.ipv4.neigh.default.gc_thresh1", 2);
    host.set("net.ipv4.neigh.default.gc_thresh2", 4);
    host.set("net.ipv4.neigh.default.gc_thresh3", 6);
    for (let i = 10; i < 20; i++) host.send(ip(`10.0.0.${i}`), new Uint8Array(1));
    expect(host.stack.neighbours.size).toBe(6);
    expect(host.core.drops.of("NEIGH_TABLE_FULL")).toBe(4);
    expect(host.core.log.filter((line) => line.includes("table overflow")).length).toBe(1);
    world.run(100 * SECOND);
    expect(host.stack.neighbours.size).toBeLessThan(2);
    host.send(PEER, new Uint8Array(1));
    reply(device, MAC_A);
    expect(host.stack.neighbours.find(device, PEER)?.stateName).toBe("REACHABLE");
  });
});

describe("ARP", () => {
  it("answers questions for our address, also from a host that has none yet", () => {
    const { device, wire, host } = lone();
    for (const senderIp of [PEER, ip("0.0.0.0")]) {
      device.hearArp(
        emitArp({ operation: 1, senderMac: MAC_A, senderIp, targetMac: MAC_ZERO, targetIp: ip("10.0.0.1") }),
        MAC_BROADCAST,
      );
    }
    expect(arps(wire).map((arp) => [arp.operation, arp.senderMac, arp.senderIp, arp.targetIp, arp.to])).toEqual([
      [2, device.mac, ip("10.0.0.1"), PEER, MAC_A],
      [2, device.mac, ip("10.0.0.1"), 0, MAC_A],
    ]);
    expect(host.stack.neighbours.size).toBe(1);
  });

  it("notes a second host with our address, once", () => {
    const { device, host } = lone();
    for (let i = 0; i < 3; i++) reply(device, MAC_A, ip("10.0.0.1"));
    expect(host.core.log.filter((line) => line.includes("duplicate address 10.0.0.1"))).toHaveLength(1);
  });

  it("drops what is malformed and never throws", () => {
    const { device, host, world } = lone();
    const good = emitArp({
      operation: 1,
      senderMac: MAC_A,
      senderIp: PEER,
      targetMac: MAC_ZERO,
      targetIp: ip("10.0.0.1"),
    });
    for (let length = 0; length < good.length; length++) device.hearArp(good.subarray(0, length));
    for (let at = 0; at < 8; at++) {
      const bad = good.slice();
      bad[at] = 77;
      device.hearArp(bad);
    }
    expect(host.core.drops.of("ARP_INHDR")).toBe(28 + 6);
    world.run(SECOND);
    expect(world.unaccounted).toBe(0);
  });

  it("announces addresses when asked to", () => {
    const { device, host, wire } = lone();
    host.set("net.ipv4.conf.all.arp_notify", 1);
    host.address(device, "10.0.0.5/24");
    expect(arps(wire).map((arp) => [arp.senderIp, arp.targetIp, arp.to])).toEqual([
      [ip("10.0.0.5"), ip("10.0.0.5"), MAC_BROADCAST],
    ]);
  });
});
