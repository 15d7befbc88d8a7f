import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { COST_PROFILES } from "../cost.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { KIND } from "../../contract/trace-event.ts";
import { MAC_BROADCAST, type MacAddress } from "../../wire/address.ts";
import type { Ipv4 } from "../../wire/ipv4.ts";
import { ip, ipPacket, NetWorld, Segment, type FakeDevice, type NetHost } from "../../../test/harness/net.ts";
import { isHeaderSumRight } from "./header-checksum.ts";
import type { SkBuff } from "../skb/skbuff.ts";

function router(costs = COST_PROFILES.ideal): {
  world: NetWorld;
  host: NetHost;
  left: FakeDevice;
  right: FakeDevice;
  out: Segment;
} {
  const world = new NetWorld();
  const out = new Segment(world);
  const host = world.host("r", costs);
  const left = host.device(new Segment(world), "10.0.1.1/24");
  const right = host.device(out, "10.0.2.1/24");
  host.set("net.ipv4.ip_forward", 1);
  host.stack.neighbours.set(right, ip("10.0.2.2"), 0x020000000042 as MacAddress, true);
  return { world, host, left, right, out };
}

const packet = (fields: Partial<Ipv4> = {}): Uint8Array =>
  ipPacket({ source: ip("10.0.1.2"), target: ip("10.0.2.2"), ...fields });

const changed = (at: number, value: number): Uint8Array => {
  const bytes = packet();
  bytes[at] = value;
  return bytes;
};

describe("ip input", () => {
  const refused: readonly (readonly [string, DropReason, Uint8Array])[] = [
    ["a version other than 4", "IP_INHDR", changed(0, 0x65)],
    ["a header of 16 bytes", "IP_INHDR", changed(0, 0x44)],
    ["a header longer than the packet", "IP_INHDR", changed(0, 0x4f)],
    ["a wrong checksum", "IP_CSUM", changed(10, 0xee)],
    ["fewer bytes than announced", "PKT_TOO_SMALL", packet().slice(0, 24)],
    ["less than a header", "IP_INHDR", packet().slice(0, 19)],
    ["a loopback source", "IP_MARTIAN", packet({ source: ip("127.0.0.1") })],
    ["a loopback target", "IP_MARTIAN", packet({ target: ip("127.0.0.1") })],
    ["a multicast source", "IP_MARTIAN", packet({ source: ip("224.1.1.1") })],
    ["a broadcast source", "IP_MARTIAN", packet({ source: ip("255.255.255.255") })],
    ["a zero source", "IP_MARTIAN", packet({ source: ip("0.0.0.0") })],
    ["a zero target", "IP_MARTIAN", packet({ target: ip("0.0.0.0") })],
    ["a class E target", "IP_MARTIAN", packet({ target: ip("250.0.0.1") })],
    ["our own source", "IP_MARTIAN", packet({ source: ip("10.0.2.1") })],
    ["a group we are not in", "OTHERHOST", packet({ target: ip("239.0.0.1") })],
  ];
  it.each(refused)("refuses %s: %s", (_name, reason, bytes) => {
    const { world, host, left, out } = router();
    left.hearPacket(bytes);
    expect(host.core.drops.entries()).toEqual([[reason, 1]]);
    expect(out.log).toEqual([]);
    expect(world.skbs.outstanding).toBe(0);
  });

  it("does not forward what came in a broadcast frame, nor take what was for another card", () => {
    const { host, left, out } = router();
    left.hearPacket(packet(), MAC_BROADCAST);
    left.hearPacket(packet(), 0x02ffffffffff as MacAddress);
    expect(host.core.drops.entries()).toEqual([["OTHERHOST", 2]]);
    expect(out.log).toEqual([]);
    expect(host.core.snmp.ip.InReceives).toBe(1);
  });

  it("cuts the padding of short frames off", () => {
    const { left, host, out } = router();
    const padded = new Uint8Array(46);
    padded.set(packet({ payload: new Uint8Array(2) }));
    left.hearPacket(padded);
    expect(out.log.map((frame) => frame.length)).toEqual([14 + 22]);
    left.hearPacket(ipPacket({ source: ip("10.0.1.2"), target: ip("10.0.1.1"), payload: Uint8Array.of(1, 2) }));
    expect(host.udp.received.map((one) => one.payload)).toEqual([Uint8Array.of(1, 2)]);
  });

  it("checks the way back when rp_filter says so", () => {
    const { host, left, out } = router();
    host.route("10.8.0.0/16", "10.0.2.2");
    const detour = packet({ source: ip("10.8.0.1") });
    const stranger = packet({ source: ip("172.16.0.1") });
    left.hearPacket(detour);
    left.hearPacket(stranger);
    expect(out.packets().length).toBe(2);
    host.set("net.ipv4.conf.all.rp_filter", 1);
    for (const one of [detour, stranger, packet()]) left.hearPacket(one);
    expect(out.packets().length).toBe(3);
    expect(host.core.drops.of("IP_RPFILTER")).toBe(2);
    host.set("net.ipv4.conf.all.rp_filter", 2);
    for (const one of [detour, stranger]) left.hearPacket(one);
    expect(out.packets().length).toBe(4);
  });

  it("counts ECN marks and octets", () => {
    const { host, left } = router();
    for (let mark = 0; mark < 4; mark++) left.hearPacket(packet({ tos: mark }));
    const { InNoECTPkts, InECT0Pkts, InECT1Pkts, InCEPkts, InOctets, OutOctets } = host.core.snmp.ipExt;
    expect([InNoECTPkts, InECT0Pkts, InECT1Pkts, InCEPkts, InOctets, OutOctets]).toEqual([1, 1, 1, 1, 112, 112]);
  });

  it("shows datagrams to raw sockets first, which make a protocol known", () => {
    const { host, left } = router();
    const seen: string[] = [];
    host.stack.rawHook = {
      deliver: (skb: SkBuff, protocol: number) => {
        seen.push(`${protocol} ${skb.length} ${skb.data - skb.networkHeader}`);
        return protocol === 99;
      },
      error: () => undefined,
    };
    left.hearPacket(packet({ target: ip("10.0.1.1"), protocol: 99 }));
    left.hearPacket(packet({ target: ip("10.0.1.1") }));
    expect(seen).toEqual(["99 8 20", "17 8 20"]);
    expect(host.core.drops.total).toBe(0);
    expect(host.core.snmp.ip.InDelivers).toBe(2);
  });

  it("charges what the cost table says", () => {
    const costs = COST_PROFILES.modern;
    const { host, left } = router(costs);
    left.hearPacket(packet());
    expect(host.cpu.charged).toBe(costs.ipReceive + costs.ipForward);
    host.send(ip("10.0.2.2"), new Uint8Array(5));
    expect(host.cpu.charged).toBe(costs.ipReceive + costs.ipForward + costs.ipOutput);
  });

  it("leaves a chain of trace events, each the cause of the next", () => {
    const { world, host, left } = router();
    world.trace.want(["ip:ip_forward", "icmp:icmp_send", "fib:fib_table_lookup", "skb:kfree_skb"]);
    left.hearPacket(packet({ ttl: 9 }));
    left.hearPacket(packet({ ttl: 1 }));
    const events = world.trace.read(1, 100).events.map((event) => [event.name, event.fields]);
    expect(events).toEqual([
      ["fib:fib_table_lookup", { daddr: ip("10.0.2.2"), gateway: 0, device: 3 }],
      ["ip:ip_forward", { device: 3, ttl: 8 }],
      ["fib:fib_table_lookup", { daddr: ip("10.0.1.2"), gateway: 0, device: 2 }],
      ["icmp:icmp_send", { type: 11, code: 0, daddr: ip("10.0.1.2") }],
      ["skb:kfree_skb", expect.anything()],
    ]);
    expect(KIND["ip:ip_forward"]).toBeGreaterThan(0);
    world.run(10 * SECOND + MILLISECOND);
    expect(host.stack.queuedPackets()).toBe(0);
  });
});

describe("isHeaderSumRight", () => {
  it("agrees with the definition for every value of the field", () => {
    const bytes = packet();
    const right = ((bytes[10] ?? 0) << 8) | (bytes[11] ?? 0);
    for (let value = 0; value < 0x10000; value++) {
      bytes[10] = value >> 8;
      bytes[11] = value & 255;
      if (isHeaderSumRight(bytes, 0, 20) !== (value === right)) throw new Error(String(value));
    }
    expect(isHeaderSumRight(new Uint8Array(20).fill(255), 0, 20)).toBe(true);
  });
});
