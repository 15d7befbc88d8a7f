import { expect, test } from "vitest";
import { testMac, TestMachine } from "../../../test/harness/device.ts";
import { MAC_BROADCAST } from "../../wire/address.ts";
import { E } from "../syscall/errno.ts";
import type { NetlinkRequest } from "../syscall/netlink.ts";
import { handleDeviceRequest } from "./netlink-device.ts";
import { TunDevice } from "./tun-device.ts";
import { VlanDevice } from "./vlan-device.ts";

const DONE = { kind: "done" };

function machineWithCard() {
  const machine = new TestMachine();
  const nic = machine.nic();
  const ask = (request: NetlinkRequest) => handleDeviceRequest(machine.devices, request);
  return { machine, nic, ask };
}

test("ip link lists what there is, and changes it", () => {
  const { nic, ask } = machineWithCard();
  const list = ask({ kind: "link-list" });
  expect(list).toMatchObject({
    kind: "links",
    links: [
      { index: 1, name: "lo", kind: "loopback", mtu: 65536, isUp: false, qdisc: "noqueue" },
      { index: 2, name: "eth0", kind: "ether", mtu: 1500, isUp: true, carrier: true, qdisc: "pfifo_fast" },
    ],
  });
  expect(ask({ kind: "link-set", device: "eth0", mtu: 9000, txqueuelen: 5, promisc: true })).toEqual(DONE);
  expect([nic.mtu, nic.txQueueLength, nic.promiscuity]).toEqual([9000, 5, 1]);
  ask({ kind: "link-set", device: "eth0", promisc: true });
  ask({ kind: "link-set", device: "eth0", promisc: false });
  expect(nic.promiscuity).toBe(0);
  expect(ask({ kind: "link-set", device: "eth0", up: false, mac: testMac(5) })).toEqual(DONE);
  expect([nic.isUp, nic.mac]).toEqual([false, testMac(5)]);
});

test.each<[NetlinkRequest, number]>([
  [{ kind: "link-set", device: "eth9", up: true }, E.ENODEV],
  [{ kind: "link-set", device: "eth0", mtu: 67 }, E.EINVAL],
  [{ kind: "link-set", device: "eth0", mtu: 1e9 }, E.EINVAL],
  [{ kind: "link-set", device: "eth0", mac: testMac(7) }, E.EBUSY],
  [{ kind: "link-set", device: "eth0", up: false, mac: MAC_BROADCAST }, E.EADDRNOTAVAIL],
  [{ kind: "qdisc-set", device: "eth0", spec: "netem delay soon" }, E.EINVAL],
  [{ kind: "qdisc-set", device: "lo", spec: "pfifo" }, E.EOPNOTSUPP],
  [{ kind: "qdisc-list", device: "eth9" }, E.ENODEV],
  [{ kind: "qdisc-delete", device: "eth0" }, E.ENOENT],
  [{ kind: "ethtool-get", device: "lo" }, E.EOPNOTSUPP],
  [{ kind: "ethtool-set", device: "eth0", rx: 0 }, E.EINVAL],
  [{ kind: "ethtool-set", device: "eth0", rxUsecs: -1 }, E.EINVAL],
  [{ kind: "ethtool-set", device: "eth0", feature: { name: "wol", on: true } }, E.EOPNOTSUPP],
])("%j is refused with the right errno", (request, errno) => {
  expect(machineWithCard().ask(request)).toBe(-errno);
});

test("tc replaces the discipline, numbers it, and goes back to the default", () => {
  const { machine, nic, ask } = machineWithCard();
  for (let i = 0; i < 300; i++) nic.xmit(machine.packet(nic));
  expect(machine.devices.queuedPackets()).toBe(44);
  expect(ask({ kind: "qdisc-set", device: "eth0", spec: "netem delay 10ms" })).toEqual(DONE);
  expect(machine.core.drops.of("QDISC_DROP")).toBe(44);
  expect(ask({ kind: "qdisc-list", device: "eth0" })).toMatchObject({
    qdiscs: [{ kind: "netem", handle: "8001:", isRoot: true, options: "limit 1000 delay 10ms", backlogPackets: 0 }],
  });
  expect(ask({ kind: "qdisc-delete", device: "eth0" })).toEqual(DONE);
  expect(ask({ kind: "qdisc-list" })).toMatchObject({
    qdiscs: [
      { kind: "noqueue", handle: "0:" },
      { kind: "pfifo_fast", handle: "0:" },
    ],
  });
});

test("ethtool shows and sets rings, coalescing and offloads", () => {
  const { ask } = machineWithCard();
  expect(ask({ kind: "ethtool-set", device: "eth0", rx: 16, tx: 32, rxUsecs: 10, rxFrames: 4 })).toEqual(DONE);
  expect(ask({ kind: "ethtool-set", device: "eth0", feature: { name: "gro", on: false } })).toEqual(DONE);
  const reply = ask({ kind: "ethtool-get", device: "eth0" });
  expect(reply).toMatchObject({
    ethtool: {
      driver: "napi",
      speedMbps: 1000,
      duplex: "full",
      linkDetected: true,
      rings: { rx: 16, tx: 32, rxMax: 4096, txMax: 4096 },
      coalesce: { rxUsecs: 10, rxFrames: 4, txUsecs: 50, txFrames: 32 },
    },
  });
  if (reply === null || typeof reply === "number" || reply.kind !== "ethtool") throw new Error("no answer");
  expect(reply.ethtool.features.get("generic-receive-offload")).toBe(false);
  expect(reply.ethtool.statistics.get("rx_missed_errors")).toBe(0);
});

test("other requests are not for devices", () => {
  expect(machineWithCard().ask({ kind: "route-list" })).toBeNull();
});

test("a VLAN interface follows its parent", () => {
  const { machine, nic } = machineWithCard();
  const vlan = new VlanDevice(nic, 3);
  const events: string[] = [];
  machine.devices.observe({ deviceChanged: (device, what) => events.push(`${device.name} ${what}`) });
  vlan.setUp(true);
  nic.setUp(false);
  nic.mtu = 1000;
  nic.setUp(true);
  expect(events.filter((event) => event.startsWith("eth0.3"))).toEqual([
    "eth0.3 up",
    "eth0.3 down",
    "eth0.3 mtu",
    "eth0.3 up",
  ]);
  expect(vlan.mtu).toBe(1000);
});

test("a tun has a queue and switches like a card, but no address", () => {
  const { machine, ask } = machineWithCard();
  const tun = new TunDevice(machine.core, machine.devices, "tun0");
  const device = "tun0";
  expect(ask({ kind: "link-set", device, mtu: 65_535, txqueuelen: 9, up: true })).toEqual(DONE);
  expect(ask({ kind: "link-set", device, mtu: 65_536 })).toBe(-E.EINVAL);
  expect(ask({ kind: "link-set", device, mac: testMac(5) })).toBe(-E.EOPNOTSUPP);
  expect(ask({ kind: "link-list" })).toMatchObject({
    links: [{}, {}, { name: "tun0", mtu: 65_535, isUp: true, txqueuelen: 9, qdisc: "pfifo_fast" }],
  });
  expect(ask({ kind: "qdisc-set", device, spec: "fq" })).toEqual(DONE);
  expect(ask({ kind: "qdisc-list", device })).toMatchObject({ qdiscs: [{ device, kind: "fq", handle: "8001:" }] });
  expect(ask({ kind: "qdisc-delete", device })).toEqual(DONE);
  expect(ask({ kind: "qdisc-delete", device })).toBe(-E.ENOENT);
  expect(ask({ kind: "ethtool-set", device, feature: { name: "tso", on: false } })).toEqual(DONE);
  expect(tun.txSegmentationOffload).toBe(true);
  ask({ kind: "ethtool-set", device, feature: { name: "gso", on: false } });
  ask({ kind: "ethtool-set", device, feature: { name: "tx", on: false } });
  expect([tun.txSegmentationOffload, tun.txChecksumOffload]).toEqual([false, false]);
  expect(ask({ kind: "ethtool-set", device, rx: 9 })).toBe(-E.EOPNOTSUPP);
  expect(ask({ kind: "ethtool-get", device })).toBe(-E.EOPNOTSUPP);
});
