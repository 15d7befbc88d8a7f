import { describe, expect, it } from "vitest";
import { E } from "../syscall/errno.ts";
import { ip, NetWorld, Segment } from "../../../test/harness/net.ts";
import { AddressTable } from "./addresses.ts";
import { FlowKey } from "./protocol.ts";
import type { Route } from "./route.ts";

describe("AddressTable", () => {
  const world = new NetWorld();
  const host = world.host("a");
  const segment = new Segment(world);
  const [first, second] = [host.device(segment), host.device(segment)];

  it("refuses what is no address of a host", () => {
    const table = new AddressTable();
    for (const bad of ["0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255"]) {
      expect(table.add(first, ip(bad), 24)).toBe(-E.EINVAL);
    }
    expect(table.add(first, ip("10.0.0.1"), 33)).toBe(-E.EINVAL);
    expect(table.add(first, ip("10.0.0.1"), 24)).toMatchObject({ secondary: false, broadcast: ip("10.0.0.255") });
    expect(table.add(first, ip("10.0.0.1"), 24)).toBe(-E.EEXIST);
  });

  it("takes secondary addresses away with their primary", () => {
    const table = new AddressTable();
    table.add(first, ip("10.0.0.1"), 24);
    expect(table.add(first, ip("10.0.0.2"), 24)).toMatchObject({ secondary: true });
    expect(table.add(first, ip("10.0.0.3"), 25)).toMatchObject({ secondary: false });
    expect(table.remove(first, ip("10.0.0.1"), 24).map((entry) => entry.address)).toEqual([
      ip("10.0.0.1"),
      ip("10.0.0.2"),
    ]);
    expect(table.isLocal(ip("10.0.0.2"))).toBe(false);
    expect(table.isLocal(ip("10.0.0.3"))).toBe(true);
    expect(table.remove(first, ip("10.0.0.1"), 24)).toEqual([]);
  });

  it("selects the source on the target's subnet, else the first, else another interface's", () => {
    const table = new AddressTable();
    table.add(first, ip("10.0.0.1"), 24);
    table.add(first, ip("10.1.0.1"), 24);
    expect(table.select(first, ip("10.1.0.9"))).toBe(ip("10.1.0.1"));
    expect(table.select(first, ip("192.0.2.1"))).toBe(ip("10.0.0.1"));
    expect(table.select(second, ip("192.0.2.1"))).toBe(ip("10.0.0.1"));
    expect(new AddressTable().select(first, ip("10.0.0.1"))).toBe(0);
  });

  it("counts memberships", () => {
    const table = new AddressTable();
    const group = ip("239.1.2.3");
    expect(table.joinGroup(ip("10.0.0.1"))).toBe(-E.EINVAL);
    expect([table.joinGroup(group), table.joinGroup(group), table.leaveGroup(group)]).toEqual([0, 0, 0]);
    expect(table.isMember(group)).toBe(true);
    expect([table.leaveGroup(group), table.leaveGroup(group)]).toEqual([0, -E.EADDRNOTAVAIL]);
    expect(table.isMember(group)).toBe(false);
  });
});

describe("one subnet on two interfaces", () => {
  it("works over either, and over the second when the first has gone", () => {
    const world = new NetWorld();
    const host = world.host("a");
    const segment = new Segment(world);
    const [eth0] = [host.device(segment, "10.0.0.1/24"), host.device(segment, "10.0.0.2/24")];
    const find = (device: number): string => {
      const route = host.stack.routeOutput(Object.assign(new FlowKey(), { target: ip("10.0.0.9"), device })) as Route;
      return `${route.device.name} ${route.source}`;
    };
    expect([find(0), find(3)]).toEqual([`eth0 ${ip("10.0.0.1")}`, `eth1 ${ip("10.0.0.2")}`]);
    eth0.setUp(false);
    expect(find(0)).toBe(`eth1 ${ip("10.0.0.2")}`);
    eth0.setUp(true);
    expect(host.stack.removeAddress("eth1", ip("10.0.0.2"), 24)).toBe(0);
    expect(find(0)).toBe(`eth0 ${ip("10.0.0.1")}`);
  });
});

describe("routeOutput", () => {
  it("minds the source it is given", () => {
    const world = new NetWorld();
    const host = world.host("a");
    host.device(new Segment(world), "10.0.0.1/24");
    host.device(new Segment(world), "10.1.0.1/24");
    const ask = (source: string, target: string, device = 0): Route | number =>
      host.stack.routeOutput(Object.assign(new FlowKey(), { source: ip(source), target: ip(target), device }));
    expect(ask("224.0.0.1", "10.0.0.2")).toBe(-E.EINVAL);
    expect(ask("10.9.9.9", "10.0.0.2")).toBe(-E.ENETUNREACH);
    expect(ask("10.0.0.1", "172.16.0.1")).toBe(-E.ENETUNREACH);
    expect(ask("0.0.0.0", "10.0.0.2", 9)).toBe(-E.ENODEV);
    expect((ask("10.1.0.1", "255.255.255.255") as Route).device.name).toBe("eth1");
    expect((ask("10.1.0.1", "239.0.0.1") as Route).type).toBe("multicast");
    // Bound to an interface, anything is on its link.
    expect((ask("0.0.0.0", "172.16.0.1", 3) as Route).nextHop).toBe(ip("172.16.0.1"));
    expect((ask("0.0.0.0", "0.0.0.0") as Route).target).toBe(ip("127.0.0.1"));
  });
});
