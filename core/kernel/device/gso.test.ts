import { expect, test } from "vitest";
import { TestMachine, testMac, type TestNic } from "../../../test/harness/device.ts";
import { put16, put32, u16, u32, u8 } from "../../base/bytes.ts";
import { checksum } from "../../wire/checksum.ts";
import { ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import { IPV4, sealIpv4 } from "../../wire/ipv4.ts";
import { TCP, tcpChecksum, TH } from "../../wire/tcp.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { openTcpChecksum } from "./gro.ts";
import { VlanDevice } from "./vlan-device.ts";
import type { NetDevice } from "./net-device.ts";

const SOURCE = 0x0a000001 as Ipv4Address;
const TARGET = 0x0a000002 as Ipv4Address;
const MSS = 500;

/** A packet as TCP hands it down: headers in the linear part, payload shared, with its Ethernet header. */
function large(machine: TestMachine, device: NetDevice, payload: number): SkBuff {
  const skb = machine.skbs.alloc(40);
  const ip = skb.put(40);
  const { bytes } = skb;
  bytes.fill(0, ip, ip + 40);
  bytes[ip] = 0x45;
  put16(bytes, ip + IPV4.totalLength, 40 + payload);
  put16(bytes, ip + IPV4.id, 0xffff);
  bytes[ip + IPV4.protocol] = 6;
  put32(bytes, ip + IPV4.source, SOURCE);
  put32(bytes, ip + IPV4.target, TARGET);
  sealIpv4(bytes, ip);
  const tcp = ip + 20;
  put32(bytes, tcp + TCP.seq, 0xffff_ff00);
  bytes[tcp + TCP.offset] = 0x50;
  bytes[tcp + TCP.flags] = TH.ACK | TH.PSH | TH.FIN | TH.CWR;
  skb.networkHeader = ip;
  skb.transportHeader = tcp;
  openTcpChecksum(skb, ip, tcp, 20 + payload);
  for (let done = 0; done < payload; done += 700) {
    const length = Math.min(700, payload - done);
    const block = machine.blocks.acquire(2048);
    for (let i = 0; i < length; i++) block.bytes[block.start + 9 + i] = (done + i) & 255;
    machine.skbs.addFragment(skb, { block, start: block.start + 9, length });
  }
  skb.gsoSize = MSS;
  skb.gsoSegments = Math.ceil(payload / MSS);
  device.header(skb, testMac(99), ETHERTYPE_IPV4);
  return skb;
}

interface Seen {
  readonly seq: number;
  readonly id: number;
  readonly flags: number;
  readonly payload: number;
}

/** Takes a frame apart, and checks what must be right in any. `sum` is whether the checksum was left to the card. */
function look(bytes: Uint8Array, stream: number[], ip = 14): Seen {
  const total = u16(bytes, ip + IPV4.totalLength);
  const tcp = ip + 20;
  expect(checksum(bytes, ip, 20)).toBe(0);
  stream.push(...bytes.subarray(tcp + 20, ip + total));
  const seq = u32(bytes, tcp + TCP.seq);
  return { seq, id: u16(bytes, ip + IPV4.id), flags: u8(bytes, tcp + TCP.flags), payload: total - 40 };
}

const EXPECTED: readonly Seen[] = [
  { seq: 0xffff_ff00, id: 0xffff, flags: TH.ACK | TH.CWR, payload: 500 },
  { seq: 0x0000_00f4, id: 0, flags: TH.ACK, payload: 500 },
  { seq: 0x0000_02e8, id: 1, flags: TH.ACK, payload: 500 },
  { seq: 0x0000_04dc, id: 2, flags: TH.ACK | TH.PSH | TH.FIN, payload: 100 },
];
const STREAM = Array.from({ length: 1600 }, (_, i) => i & 255);

const frames = (nic: TestNic): Uint8Array[] => nic.testPort.sent.map((frame) => frame.bytes);

test.each(["pfifo_fast", "noqueue", "pfifo", "fq_codel"])(
  "%s: a large packet goes on the wire as segments",
  (qdisc) => {
    const machine = new TestMachine();
    const nic = machine.nic({ qdisc });
    const freed: number[] = [];
    const skb = large(machine, nic, 1600);
    skb.account = { uncharge: (bytes) => void freed.push(bytes) };
    skb.truesize = 2496;
    expect(nic.xmit(skb)).toBe(0);
    const stream: number[] = [];
    expect(frames(nic).map((bytes) => look(bytes, stream))).toEqual(EXPECTED);
    expect(stream).toEqual(STREAM);
    expect([nic.stats.txPackets, nic.stats.txBytes]).toEqual([4, 4 * 54 + 1600]);
    expect(nic.transmit.qdisc.stats.sentPackets).toBe(4);
    machine.run(1_000_000);
    // The sender's memory is free when the last segment has left.
    expect(freed).toEqual([2496]);
    expect([machine.skbs.outstanding, machine.blocks.outstanding]).toEqual([0, 0]);
  },
);

test("without checksum offload every segment is summed before it leaves", () => {
  const machine = new TestMachine();
  const nic = machine.nic({ offload: { txChecksum: false } });
  nic.xmit(large(machine, nic, 1600));
  for (const bytes of frames(nic)) {
    expect(tcpChecksum(bytes, 34, bytes.length - 34, { source: SOURCE, target: TARGET })).toBe(0);
  }
});

test("a ring of two takes the segments as it has room, and before what comes later", () => {
  const machine = new TestMachine();
  const nic = machine.nic({ txRing: 2 });
  nic.xmit(large(machine, nic, 1600));
  expect(frames(nic)).toHaveLength(2);
  expect(nic.queuedPackets()).toBe(2);
  nic.xmit(machine.packet(nic, 60));
  machine.run(1_000_000);
  const stream: number[] = [];
  expect(
    frames(nic)
      .slice(0, 4)
      .map((bytes) => look(bytes, stream)),
  ).toEqual(EXPECTED);
  expect(frames(nic)).toHaveLength(5);
  expect(nic.queuedPackets()).toBe(0);
});

test("what waits for the ring dies with the link", () => {
  const machine = new TestMachine();
  const nic = machine.nic({ txRing: 1 });
  nic.xmit(large(machine, nic, 1600));
  nic.testPort.setCarrier(false);
  expect(machine.core.drops.of("LINK_DOWN")).toBe(3);
  machine.run(1_000_000);
  expect([machine.skbs.outstanding, machine.blocks.outstanding]).toEqual([0, 0]);
});

test("over a VLAN each segment has the tag", () => {
  const machine = new TestMachine();
  const nic = machine.nic();
  const vlan = new VlanDevice(nic, 10);
  vlan.setUp(true);
  vlan.xmit(large(machine, vlan, 1600));
  const stream: number[] = [];
  for (const bytes of frames(nic)) expect([u16(bytes, 12), u16(bytes, 14)]).toEqual([0x8100, 10]);
  expect(frames(nic).map((bytes) => look(bytes, stream, 18))).toEqual(EXPECTED);
  expect(stream).toEqual(STREAM);
});
