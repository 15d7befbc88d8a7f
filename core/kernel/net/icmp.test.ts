import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { checksum } from "../../wire/checksum.ts";
import { ICMP_TYPE, isIcmpError, parseIcmp, type Icmp } from "../../wire/icmp.ts";
import { IPPROTO_ICMP, IPPROTO_UDP, parseIpv4Packet, type Ipv4 } from "../../wire/ipv4.ts";
import { MAC_BROADCAST, type Ipv4Address } from "../../wire/address.ts";
import type { FakeDevice, NetHost } from "../../../test/harness/net.ts";
import { icmpMessage, ip, ipPacket, NetWorld, Segment } from "../../../test/harness/net.ts";
import type { IcmpError } from "./protocol.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { runs } from "../../../test/harness/long.ts";

const SOURCE = ip("10.0.0.2");
const TARGET = ip("10.0.0.1");

function lone(): { world: NetWorld; host: NetHost; device: FakeDevice; wire: Segment } {
  const world = new NetWorld();
  const wire = new Segment(world);
  const host = world.host("a");
  const device = host.device(wire, "10.0.0.1/24");
  host.stack.neighbours.set(device, SOURCE, 0x020000000042 as never, true);
  return { world, host, device, wire };
}

const messages = (wire: Segment): (Icmp & { packet: Ipv4 })[] =>
  wire.packets().flatMap((packet) => {
    const parsed = parseIcmp(packet.payload);
    if (packet.protocol !== IPPROTO_ICMP || !parsed.ok) return [];
    expect(checksum(packet.payload, 0, packet.payload.length)).toBe(0);
    return [{ ...parsed.value, packet }];
  });

/** A packet of a protocol that nobody takes: earns "protocol unreachable". */
const unwanted = (fields: Partial<Ipv4> = {}): Uint8Array =>
  ipPacket({ source: SOURCE, target: TARGET, protocol: 200, payload: new Uint8Array(32), ...fields });

describe("ICMP errors", () => {
  it("quote as much as fits into 576 bytes, with the header as it came", () => {
    const { device, wire } = lone();
    const packet = unwanted({ payload: new Uint8Array(1400).fill(7), tos: 0x10 });
    device.hearPacket(packet);
    const [error] = messages(wire);
    expect(error?.packet.payload.length).toBe(556);
    expect(error?.payload).toEqual(packet.slice(0, 548));
    expect([error?.packet.tos, error?.packet.source, error?.packet.target]).toEqual([0xd0, TARGET, SOURCE]);
  });

  it("are not sent about errors, later fragments, broadcasts, or packets without a proper sender", () => {
    const { world, device, wire, host } = lone();
    host.set("net.ipv4.icmp_ratemask", 0);
    for (let type = 0; type < 256; type++) {
      const payload = icmpMessage({ type, payload: unwanted() });
      // An expired TTL would earn an error: forwarding to ourselves is enough to ask for one.
      host.set("net.ipv4.ip_forward", 1);
      host.stack.addRoute({ network: ip("10.7.0.0"), prefixLength: 16, via: SOURCE, device: null });
      const before = messages(wire).length;
      device.hearPacket(ipPacket({ source: SOURCE, target: ip("10.7.0.1"), ttl: 1, protocol: IPPROTO_ICMP, payload }));
      const answered = messages(wire).length > before;
      expect(answered).toBe(!isIcmpError(type) && type <= 18);
    }
    const before = messages(wire).length;
    device.hearPacket(unwanted(), MAC_BROADCAST);
    device.hearPacket(unwanted({ target: ip("10.0.0.255") }), MAC_BROADCAST);
    device.hearPacket(unwanted({ target: ip("224.0.0.1") }), 0x01005e000001 as never);
    device.hearPacket(unwanted({ source: 0 as Ipv4Address, target: ip("255.255.255.255") }), MAC_BROADCAST);
    for (const source of ["224.0.0.1", "255.255.255.255", "127.0.0.1", "240.0.0.1", "0.0.0.9", "10.0.0.1"]) {
      device.hearPacket(unwanted({ source: ip(source) }));
    }
    device.hearPacket(unwanted({ fragmentOffset: 8, target: ip("10.7.0.1"), ttl: 1 }));
    expect(messages(wire).length).toBe(before);
    world.run(SECOND);
    expect(world.unaccounted).toBe(0);
  });

  it("never answer an ICMP error, whatever it quotes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(3, 4, 5, 11, 12),
        fc.nat(255),
        fc.uint8Array({ maxLength: 80 }),
        (type, code, body) => {
          const { world, device, wire } = lone();
          const payload = icmpMessage({ type, code, payload: body });
          device.hearPacket(ipPacket({ source: SOURCE, target: TARGET, protocol: IPPROTO_ICMP, payload }));
          world.run(MILLISECOND);
          expect(wire.log).toEqual([]);
          expect(world.unaccounted).toBe(0);
        },
      ),
    );
  });

  it("are limited per host: six at once, then one a second", () => {
    const { world, host, device, wire } = lone();
    for (let i = 0; i < 20; i++) device.hearPacket(unwanted());
    expect(messages(wire).length).toBe(6);
    expect(host.core.snmp.icmp.OutRateLimitHost).toBe(14);
    for (let i = 0; i < 100; i++) {
      world.run(100 * MILLISECOND);
      device.hearPacket(unwanted());
    }
    expect(messages(wire).length).toBe(6 + 10);
  });

  it("are limited over all hosts: a burst of 50, then 1000 a second", () => {
    const { world, host, device, wire } = lone();
    const flood = (from: number): void => {
      for (let i = 0; i < 200; i++) device.hearPacket(unwanted({ source: (0x0a000003 + i) as Ipv4Address, id: from }));
    };
    for (let i = 0; i < 200; i++) {
      host.stack.neighbours.set(device, (0x0a000003 + i) as Ipv4Address, 0x020000000042 as never, true);
    }
    flood(1);
    expect(messages(wire).length).toBe(50);
    expect(host.core.snmp.icmp.OutRateLimitGlobal).toBe(150);
    world.run(20 * MILLISECOND);
    flood(2);
    expect(messages(wire).length).toBe(70);
  });

  it("about fragmentation are never held back", () => {
    const { host, device, wire } = lone();
    host.set("net.ipv4.ip_forward", 1);
    const out = host.device(new Segment(host.world), "10.5.0.1/24");
    out.setMtu(600);
    const big = { source: SOURCE, target: ip("10.5.0.9"), dontFragment: true, payload: new Uint8Array(1000) };
    for (let i = 0; i < 100; i++) device.hearPacket(ipPacket(big));
    expect(messages(wire).map((message) => [message.type, message.code, message.rest])).toEqual(
      new Array(100).fill([3, 4, 600]),
    );
  });
});

describe("ICMP requests", () => {
  it("are echoed with their data, type of service and record of the route", () => {
    const { device, wire } = lone();
    const payload = icmpMessage({ rest: 0x00070009, payload: Uint8Array.from([1, 2, 3]) });
    const options = [{ kind: "record-route", pointer: 4, route: [0, 0, 0] as Ipv4Address[] } as const];
    device.hearPacket(
      ipPacket({ source: SOURCE, target: TARGET, protocol: IPPROTO_ICMP, payload, tos: 0x28, options }),
    );
    const [reply] = messages(wire);
    expect([reply?.type, reply?.rest, reply?.payload]).toEqual([0, 0x00070009, Uint8Array.from([1, 2, 3])]);
    expect([reply?.packet.tos, reply?.packet.ttl]).toEqual([0x28, 64]);
    // Where it arrived, and where the answer left.
    expect(reply?.packet.options).toEqual([{ kind: "record-route", pointer: 12, route: [TARGET, TARGET, 0] }]);
  });

  it("for the time are answered in ms since midnight", () => {
    const { world, device, wire } = lone();
    world.run(1234 * MILLISECOND);
    const payload = icmpMessage({ type: ICMP_TYPE.TIMESTAMP, rest: 5, payload: Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 0) });
    device.hearPacket(ipPacket({ source: SOURCE, target: TARGET, protocol: IPPROTO_ICMP, payload }));
    const [reply] = messages(wire);
    expect([reply?.type, reply?.rest]).toEqual([14, 5]);
    expect([...(reply?.payload ?? [])]).toEqual([0, 0, 0, 9, 0, 0, 4, 210, 0, 0, 4, 210]);
  });

  it("are ignored when so configured, or damaged", () => {
    const { host, device, wire } = lone();
    const payload = icmpMessage({});
    const request = ipPacket({ source: SOURCE, target: TARGET, protocol: IPPROTO_ICMP, payload });
    host.set("net.ipv4.icmp_echo_ignore_all", 1);
    device.hearPacket(request);
    host.set("net.ipv4.icmp_echo_ignore_all", 0);
    payload[2] = (payload[2] ?? 0) ^ 1;
    device.hearPacket(ipPacket({ source: SOURCE, target: TARGET, protocol: IPPROTO_ICMP, payload }));
    expect(wire.log).toEqual([]);
    expect(host.core.drops.of("ICMP_IGNORED")).toBe(1);
    expect(host.core.drops.of("ICMP_CSUM")).toBe(1);
    expect(host.core.snmp.icmp.InCsumErrors).toBe(1);
  });

  it("answered to us go to ping sockets, and errors about them too", () => {
    const { host, device } = lone();
    const got: string[] = [];
    host.stack.icmp.echoReplyHook = {
      deliver: (skb: SkBuff) => {
        got.push(`reply ${skb.length}`);
        return true;
      },
      error: (_skb: SkBuff, error: IcmpError) => got.push(`error ${error.type} ${error.errno}`),
    };
    const reply = icmpMessage({ type: 0, payload: new Uint8Array(4) });
    device.hearPacket(ipPacket({ source: SOURCE, target: TARGET, protocol: IPPROTO_ICMP, payload: reply }));
    const sent = ipPacket({ source: TARGET, target: SOURCE, protocol: IPPROTO_ICMP, payload: icmpMessage({}) });
    const error = icmpMessage({ type: 11, payload: sent });
    device.hearPacket(ipPacket({ source: SOURCE, target: TARGET, protocol: IPPROTO_ICMP, payload: error }));
    expect(got).toEqual(["reply 12", "error 11 113"]);
    expect(host.core.consumed).toBe(2);
  });
});

describe("hostile packets", () => {
  const good = ipPacket({
    source: SOURCE,
    target: TARGET,
    protocol: IPPROTO_ICMP,
    options: [{ kind: "timestamp", pointer: 5, overflow: 0, flag: 1, words: [0, 0, 0, 0] }],
    payload: icmpMessage({
      type: 3,
      code: 4,
      rest: 100,
      payload: ipPacket({ source: TARGET, target: SOURCE, protocol: IPPROTO_UDP }),
    }),
  });

  it("cut anywhere do no harm", () => {
    const { world, device } = lone();
    for (let length = 0; length <= good.length; length++) device.hearPacket(good.slice(0, length));
    world.run(60 * SECOND);
    expect(world.skbs.outstanding).toBe(0);
  });

  it("with any bytes changed or made up do no harm", () => {
    const change = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(change, fc.boolean(), fc.uint8Array({ maxLength: 200 }), (changes, reseal, noise) => {
        const { world, host, device } = lone();
        host.set("net.ipv4.ip_forward", 1);
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        if (reseal) {
          const header = Math.min(((bytes[0] ?? 0) & 15) * 4, bytes.length);
          bytes[10] = 0;
          bytes[11] = 0;
          const sum = checksum(bytes, 0, header);
          bytes[10] = sum >> 8;
          bytes[11] = sum & 255;
        }
        device.hearPacket(bytes);
        device.hearPacket(noise);
        // What a sender of ours would have made of it must still parse.
        const parsed = parseIpv4Packet(bytes);
        if (parsed.ok) host.send(SOURCE, parsed.value.payload.slice(0, 100));
        world.run(60 * SECOND);
        expect(world.skbs.outstanding).toBe(0);
      }),
      { numRuns: runs(500) },
    );
  });
});
