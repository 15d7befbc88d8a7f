import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { u8 } from "../../base/bytes.ts";
import { checksum } from "../../wire/checksum.ts";
import { ETHERNET_HEADER_BYTES } from "../../wire/ethernet.ts";
import { IPPROTO_ICMP, type Ipv4 } from "../../wire/ipv4.ts";
import { parseIcmp } from "../../wire/icmp.ts";
import { icmpMessage, ip, ipPacket, NetWorld, Segment, type NetHost } from "../../../test/harness/net.ts";
import { FlowKey } from "./protocol.ts";
import type { Route } from "./route.ts";
import { E } from "../syscall/errno.ts";

/** a -- left -- r -- right -- b */
function routed(): { world: NetWorld; a: NetHost; r: NetHost; b: NetHost; left: Segment; right: Segment } {
  const world = new NetWorld();
  const left = new Segment(world);
  const right = new Segment(world);
  const a = world.host("a");
  const r = world.host("r");
  const b = world.host("b");
  a.device(left, "10.0.1.2/24");
  r.device(left, "10.0.1.1/24");
  r.device(right, "10.0.2.1/24");
  b.device(right, "10.0.2.2/24");
  r.set("net.ipv4.ip_forward", 1);
  expect(a.route("0.0.0.0/0", "10.0.1.1")).toBe(0);
  expect(b.route("0.0.0.0/0", "10.0.2.1")).toBe(0);
  return { world, a, r, b, left, right };
}

const icmpOf = (packets: Ipv4[]): { type: number; code: number; rest: number; packet: Ipv4 }[] =>
  packets.flatMap((packet) => {
    if (packet.protocol !== IPPROTO_ICMP || packet.fragmentOffset > 0) return [];
    const parsed = parseIcmp(packet.payload);
    return parsed.ok ? [{ type: parsed.value.type, code: parsed.value.code, rest: parsed.value.rest, packet }] : [];
  });

describe("a packet across a router", () => {
  it("is resolved, forwarded and answered, one TTL less each way", () => {
    const { world, a, r, left, right } = routed();
    a.ping(ip("10.0.2.2"));
    world.run(100 * MILLISECOND);
    expect(icmpOf(left.packets()).map((m) => [m.type, m.packet.ttl])).toEqual([
      [8, 64],
      [0, 63],
    ]);
    expect(icmpOf(right.packets()).map((m) => [m.type, m.packet.ttl])).toEqual([
      [8, 63],
      [0, 64],
    ]);
    expect(r.core.snmp.ip.ForwDatagrams).toBe(2);
    expect(a.core.snmp.icmp.InEchoReps).toBe(1);
    expect(world.unaccounted).toBe(0);
  });

  it("has a right header checksum after every hop, whatever its TTL and checksum were", () => {
    const { world, r, right } = routed();
    const device = r.devices.byName("eth0");
    for (let ttl = 2; ttl < 256; ttl++) {
      device?.hearPacket(ipPacket({ source: ip("10.0.1.9"), target: ip("10.0.2.2"), ttl, id: ttl * 257 }));
    }
    world.run(100 * MILLISECOND);
    const frames = right.log.filter((frame) => u8(frame, 12) === 8 && u8(frame, 13) === 0);
    expect(frames.length).toBeGreaterThanOrEqual(101);
    for (const frame of frames) expect(checksum(frame, ETHERNET_HEADER_BYTES, 20)).toBe(0);
  });

  it("dies of its TTL with an error to its sender", () => {
    const { world, a, r, left } = routed();
    a.ping(ip("10.0.2.2"), { ttl: 1 });
    world.run(100 * MILLISECOND);
    const errors = icmpOf(left.packets()).filter((m) => m.type === 11);
    expect(errors.map((m) => [m.code, m.packet.source])).toEqual([[0, ip("10.0.1.1")]]);
    expect(r.core.drops.of("IP_TTL_EXPIRED")).toBe(1);
    expect(world.unaccounted).toBe(0);
  });

  it("is not forwarded by a host", () => {
    const { world, a, r } = routed();
    r.set("net.ipv4.ip_forward", 0);
    a.ping(ip("10.0.2.2"));
    world.run(100 * MILLISECOND);
    expect(r.core.drops.of("IP_NOT_FORWARDING")).toBe(1);
  });

  it("finds no network, and the sender hears of it", () => {
    const { world, a, left } = routed();
    a.ping(ip("192.0.2.1"));
    world.run(100 * MILLISECOND);
    expect(icmpOf(left.packets()).some((m) => m.type === 3 && m.code === 0)).toBe(true);
  });

  it("finds no host: unreachable after three unanswered questions", () => {
    const { world, a, left, right } = routed();
    a.ping(ip("10.0.2.77"));
    world.run(10 * SECOND);
    const questions = right.log.filter((frame) => u8(frame, 13) === 6);
    expect(questions.length).toBe(3);
    expect(icmpOf(left.packets()).some((m) => m.type === 3 && m.code === 1)).toBe(true);
    expect(world.unaccounted).toBe(0);
  });

  it("to an unreachable neighbour of one's own comes back as an error by loopback", () => {
    const { world, a } = routed();
    a.send(ip("10.0.1.77"), new Uint8Array(16));
    world.run(10 * SECOND);
    expect(a.udp.errors.map((e) => [e.type, e.code, e.errno])).toEqual([[3, 1, E.EHOSTUNREACH]]);
  });

  it("of an unknown protocol is refused", () => {
    const { world, a, left } = routed();
    a.send(ip("10.0.1.1"), new Uint8Array(16), { protocol: 99 });
    world.run(100 * MILLISECOND);
    expect(icmpOf(left.packets()).some((m) => m.type === 3 && m.code === 2)).toBe(true);
  });
});

describe("path MTU discovery", () => {
  it("learns from the router, tells the protocol, and forgets after ten minutes", () => {
    const { world, a, r } = routed();
    r.devices.byName("eth1")?.setMtu(1000);
    a.send(ip("10.0.2.2"), new Uint8Array(1400), { dontFragment: true });
    world.run(SECOND);
    expect(a.udp.errors.map((e) => [e.code, e.info, e.errno])).toEqual([[4, 1000, E.EMSGSIZE]]);
    const key = Object.assign(new FlowKey(), { target: ip("10.0.2.2") });
    const learned = a.stack.routeOutput(key) as Route;
    expect(learned.mtu).toBe(1000);
    expect(a.send(ip("10.0.2.2"), new Uint8Array(1400), { dontFragment: true })).toBe(-E.EMSGSIZE);
    expect(a.stack.isCurrent(learned)).toBe(true);
    world.run(601 * SECOND);
    expect(a.stack.isCurrent(learned)).toBe(false);
    expect((a.stack.routeOutput(key) as Route).mtu).toBe(1500);
  });

  it("does not believe less than min_pmtu, and never raises the MTU", () => {
    const { world, a } = routed();
    const device = a.devices.byName("eth0");
    const key = Object.assign(new FlowKey(), { target: ip("10.0.2.2") });
    const claim = (mtu: number): void => {
      const quoted = ipPacket({ source: ip("10.0.1.2"), target: ip("10.0.2.2") });
      const payload = icmpMessage({ type: 3, code: 4, rest: mtu, payload: quoted });
      device?.hearPacket(ipPacket({ source: ip("10.0.1.1"), target: ip("10.0.1.2"), protocol: IPPROTO_ICMP, payload }));
      world.run(MILLISECOND);
    };
    claim(1200);
    expect((a.stack.routeOutput(key) as Route).mtu).toBe(1200);
    claim(1400);
    expect((a.stack.routeOutput(key) as Route).mtu).toBe(1200);
    claim(100);
    const route = a.stack.routeOutput(key) as Route;
    expect([route.mtu, route.mtuLocked]).toEqual([552, true]);
  });

  it("ignores an error about a packet that we cannot have sent", () => {
    const { world, a } = routed();
    const quoted = ipPacket({ source: ip("10.0.1.3"), target: ip("10.0.2.2") });
    const payload = icmpMessage({ type: 3, code: 4, rest: 600, payload: quoted });
    a.devices
      .byName("eth0")
      ?.hearPacket(ipPacket({ source: ip("10.0.1.1"), target: ip("10.0.1.2"), protocol: IPPROTO_ICMP, payload }));
    world.run(MILLISECOND);
    expect((a.stack.routeOutput(Object.assign(new FlowKey(), { target: ip("10.0.2.2") })) as Route).mtu).toBe(1500);
  });

  it("fragments on the way where DF allows it, and the target puts it together", () => {
    const { world, a, r, b, right } = routed();
    r.devices.byName("eth1")?.setMtu(600);
    const payload = Uint8Array.from({ length: 4000 }, (_, i) => i * 7);
    expect(a.send(ip("10.0.2.2"), payload)).toBe(0);
    world.run(SECOND);
    expect(b.udp.received.map((d) => d.payload)).toEqual([payload]);
    expect(right.packets().every((packet) => packet.payload.length <= 580)).toBe(true);
    expect(b.core.snmp.ip.ReasmOKs).toBe(1);
    expect(r.core.snmp.ip.FragOKs).toBe(3);
    expect(world.unaccounted).toBe(0);
  });
});

describe("redirects", () => {
  it("shorten the way, and are sent less and less often", () => {
    const world = new NetWorld();
    const lan = new Segment(world);
    const far = new Segment(world);
    const a = world.host("a");
    const r1 = world.host("r1");
    const r2 = world.host("r2");
    const b = world.host("b");
    a.device(lan, "10.0.0.2/24");
    r1.device(lan, "10.0.0.1/24");
    r2.device(lan, "10.0.0.3/24");
    r2.device(far, "10.9.0.1/24");
    b.device(far, "10.9.0.2/24");
    r1.set("net.ipv4.ip_forward", 1);
    r2.set("net.ipv4.ip_forward", 1);
    a.route("0.0.0.0/0", "10.0.0.1");
    r1.route("10.9.0.0/24", "10.0.0.3");
    b.route("0.0.0.0/0", "10.9.0.1");
    a.ping(ip("10.9.0.2"));
    world.run(SECOND);
    expect(r1.core.snmp.icmp.OutRedirects).toBe(1);
    const route = a.stack.routeOutput(Object.assign(new FlowKey(), { target: ip("10.9.0.2") })) as Route;
    expect(route.gateway).toBe(ip("10.0.0.3"));
    expect(b.core.snmp.icmp.InEchos).toBe(1);
    // One that does not listen: 20 packets a millisecond apart get redirects at 0, 40 ms, ...: within 20 ms just one.
    a.set("net.ipv4.conf.all.accept_redirects", 0);
    world.run(400 * SECOND);
    for (let i = 0; i < 20; i++) {
      a.ping(ip("10.9.0.2"));
      world.run(MILLISECOND);
    }
    expect(r1.core.snmp.icmp.OutRedirects).toBe(2);
  });
});

describe("broadcast", () => {
  it("reaches everybody on the link and ourselves, and no router passes it on", () => {
    const { world, a, r, b } = routed();
    expect(a.send(ip("10.0.1.255"), new Uint8Array(9))).toBe(0);
    world.run(MILLISECOND);
    expect(r.udp.received.length).toBe(1);
    expect(a.udp.received.length).toBe(1);
    // A directed broadcast for the far side arrives at the router and goes no further.
    expect(a.send(ip("10.0.2.255"), new Uint8Array(9))).toBe(0);
    world.run(SECOND);
    expect(b.udp.received.length).toBe(0);
    expect(r.udp.received.length).toBe(2);
    expect(world.unaccounted).toBe(0);
  });

  it("to 255.255.255.255 leaves by the interface it is bound to, and is never answered by errors or echoes", () => {
    const { world, a, r, left } = routed();
    const key = Object.assign(new FlowKey(), { target: ip("255.255.255.255"), device: 2 });
    const route = a.stack.routeOutput(key) as Route;
    expect([route.type, route.device.name, route.source]).toEqual(["broadcast", "eth0", ip("10.0.1.2")]);
    a.ping(ip("255.255.255.255"));
    a.send(ip("255.255.255.255"), new Uint8Array(8), { protocol: 99 });
    world.run(SECOND);
    expect(left.packets().length).toBe(2);
    expect(r.core.drops.of("ICMP_IGNORED")).toBe(1);
    r.set("net.ipv4.icmp_echo_ignore_broadcasts", 0);
    a.ping(ip("10.0.1.255"));
    world.run(SECOND);
    expect(
      icmpOf(left.packets())
        .filter((m) => m.type === 0)
        .map((m) => m.packet.source),
    ).toEqual([ip("10.0.1.1")]);
  });
});

describe("loopback", () => {
  it("answers for 127.0.0.0/8 and for our own addresses without touching the wire", () => {
    const { world, a, left } = routed();
    a.ping(ip("127.0.0.1"));
    a.ping(ip("127.4.5.6"));
    a.ping(ip("10.0.1.2"));
    world.run(MILLISECOND);
    expect(a.core.snmp.icmp.InEchoReps).toBe(3);
    expect(left.log).toEqual([]);
    expect(world.unaccounted).toBe(0);
  });
});

describe("devices and addresses", () => {
  it("take their routes with them, and bring connected ones back", () => {
    const { world, a } = routed();
    const device = a.devices.byName("eth0");
    const target = Object.assign(new FlowKey(), { target: ip("10.0.1.1") });
    const far = Object.assign(new FlowKey(), { target: ip("10.0.2.2") });
    const kept = a.stack.routeOutput(target) as Route;
    device?.setUp(false);
    expect(a.stack.isCurrent(kept)).toBe(false);
    expect(a.stack.routeOutput(target)).toBe(-E.ENETUNREACH);
    expect(a.stack.addressType(ip("10.0.1.2"))).toBe("local");
    device?.setUp(true);
    expect((a.stack.routeOutput(target) as Route).type).toBe("unicast");
    // Static routes are gone, as in Linux.
    expect(a.stack.routeOutput(far)).toBe(-E.ENETUNREACH);
    expect(a.stack.removeAddress("eth0", ip("10.0.1.2"), 24)).toBe(0);
    expect(a.stack.fib.main.size).toBe(0);
    expect(a.stack.addressType(ip("10.0.1.2"))).toBe("unicast");
    world.run(MILLISECOND);
  });

  it("answer rtnetlink requests", () => {
    const { a } = routed();
    expect(a.stack.handleNetRequest({ kind: "link-list" })).toBe(null);
    expect(a.stack.handleNetRequest({ kind: "address-list", device: "eth0" })).toMatchObject({
      addresses: [{ device: "eth0", address: ip("10.0.1.2"), prefixLength: 24, scope: "global", secondary: false }],
    });
    expect(a.stack.handleNetRequest({ kind: "route-list" })).toMatchObject({
      routes: [
        { prefixLength: 0, via: ip("10.0.1.1"), device: "eth0", protocol: "static", scope: "global" },
        { network: ip("10.0.1.0"), via: null, protocol: "kernel", scope: "link", source: ip("10.0.1.2") },
      ],
    });
    expect(a.stack.handleNetRequest({ kind: "route-get", address: ip("10.0.2.2") })).toMatchObject({
      routes: [{ via: ip("10.0.1.1"), device: "eth0", source: ip("10.0.1.2") }],
    });
    const route = { network: ip("10.5.0.0"), prefixLength: 16, via: ip("10.0.1.1"), device: null };
    expect(a.stack.handleNetRequest({ kind: "route-add", route })).toEqual({ kind: "done" });
    expect(a.stack.handleNetRequest({ kind: "route-add", route })).toBe(-E.EEXIST);
    expect(a.stack.handleNetRequest({ kind: "route-delete", route })).toEqual({ kind: "done" });
    expect(a.stack.handleNetRequest({ kind: "route-delete", route })).toBe(-E.ESRCH);
    const bad = [
      [{ ...route, via: ip("10.77.0.1") }, 0],
      [{ ...route, network: ip("10.5.0.1") }, -E.EINVAL],
      [{ ...route, device: "eth9" }, -E.ENODEV],
      [{ ...route, via: ip("10.0.1.2") }, -E.EINVAL],
      [{ ...route, source: ip("1.2.3.4") }, -E.EINVAL],
    ] as const;
    for (const [spec, expected] of bad.slice(1)) {
      expect(a.stack.handleNetRequest({ kind: "route-add", route: spec })).toBe(expected);
    }
    // A router behind a router is no next hop.
    expect(a.stack.handleNetRequest({ kind: "route-add", route: bad[0][0] })).toBe(-E.ENETUNREACH);
    const neighbour = { device: "eth0", address: ip("10.0.1.9"), mac: 0x020000000009 as never };
    expect(a.stack.handleNetRequest({ kind: "neighbour-add", ...neighbour })).toEqual({ kind: "done" });
    expect(a.stack.handleNetRequest({ kind: "neighbour-add", ...neighbour })).toBe(-E.EEXIST);
    expect(a.stack.handleNetRequest({ kind: "neighbour-list" })).toMatchObject({
      neighbours: [{ address: ip("10.0.1.9"), state: "PERMANENT", mac: 0x020000000009 }],
    });
    expect(a.stack.handleNetRequest({ kind: "neighbour-delete", device: "eth0", address: ip("10.0.1.9") })).toEqual({
      kind: "done",
    });
    expect(a.stack.handleNetRequest({ kind: "address-flush", device: "eth0" })).toEqual({ kind: "done" });
    expect(a.stack.handleNetRequest({ kind: "route-list" })).toEqual({ kind: "routes", routes: [] });
  });

  it("blackhole, unreachable and prohibit say what they are", () => {
    const { world, a, r, left } = routed();
    const types = [
      ["blackhole", -E.EINVAL, undefined],
      ["unreachable", -E.EHOSTUNREACH, 1],
      ["prohibit", -E.EACCES, 13],
    ] as const;
    types.forEach(([type, errno, code], index) => {
      const spec = { network: ip(`10.7.${index}.0`), prefixLength: 24, via: null, device: null, type };
      expect(r.stack.addRoute(spec)).toBe(0);
      expect(r.stack.routeOutput(Object.assign(new FlowKey(), { target: ip(`10.7.${index}.1`) }))).toBe(errno);
      const before = left.packets().length;
      a.ping(ip(`10.7.${index}.1`));
      world.run(2 * SECOND);
      const answers = icmpOf(left.packets().slice(before)).filter((m) => m.type === 3);
      expect(answers.map((m) => m.code)).toEqual(code === undefined ? [] : [code]);
    });
  });
});

describe("a crash", () => {
  it("frees what waits, with a reason", () => {
    const { world, a } = routed();
    a.ping(ip("10.0.1.77"));
    expect(a.stack.queuedPackets()).toBe(1);
    a.core.alive = false;
    a.core.timers.stop();
    a.stack.shutdown();
    expect(a.core.drops.of("NODE_DOWN")).toBe(1);
    world.run(20 * SECOND);
    expect(world.skbs.outstanding).toBe(0);
  });
});
