import { beforeEach, describe, expect, it } from "vitest";
import { CountingHandler, TestMachine } from "../../../test/harness/device.ts";
import { put16, put8, u16, u32, u8 } from "../../base/bytes.ts";
import { ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import { IPPROTO_TCP, IPV4, IPV4_HEADER_BYTES, ipv4Source, ipv4Target, sealIpv4 } from "../../wire/ipv4.ts";
import { TCP, TCP_HEADER_BYTES, tcpChecksum, TH } from "../../wire/tcp.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import { openTcpChecksum } from "./gro.ts";
import { createQdisc } from "./qdisc/parse.ts";
import { TunDevice, type TunPacket } from "./tun-device.ts";

const HEADERS = IPV4_HEADER_BYTES + TCP_HEADER_BYTES;

let machine: TestMachine;
let tun: TunDevice;
let sent: TunPacket[];

beforeEach(() => {
  machine = new TestMachine();
  tun = new TunDevice(machine.core, machine.devices, "tun0");
  sent = [];
  tun.attach({ onPacket: (packet) => void sent.push(packet) });
  tun.setUp(true);
});

/** A TCP segment of that much payload, checksum open, as TCP hands it down. */
function segment(payload: number, gsoSize = 0): SkBuff {
  const skb = machine.skbs.alloc(HEADERS + payload);
  const at = skb.put(HEADERS + payload);
  const { bytes } = skb;
  bytes.fill(0, at, at + HEADERS);
  bytes.fill(7, at + HEADERS, at + HEADERS + payload);
  put8(bytes, at, 0x45);
  put16(bytes, at + IPV4.totalLength, HEADERS + payload);
  put8(bytes, at + IPV4.protocol, IPPROTO_TCP);
  bytes.set([10, 0, 0, 1, 10, 0, 0, 2], at + IPV4.source);
  sealIpv4(bytes, at);
  put8(bytes, at + IPV4_HEADER_BYTES + TCP.offset, 0x50);
  put8(bytes, at + IPV4_HEADER_BYTES + TCP.flags, TH.ACK | TH.PSH);
  skb.networkHeader = at;
  skb.transportHeader = at + IPV4_HEADER_BYTES;
  skb.protocol = ETHERTYPE_IPV4;
  skb.gsoSize = gsoSize;
  skb.gsoSegments = gsoSize === 0 ? 0 : Math.ceil(payload / gsoSize);
  openTcpChecksum(skb, at, skb.transportHeader, TCP_HEADER_BYTES + payload);
  return skb;
}

function isSealed({ bytes }: TunPacket): boolean {
  const between = { source: ipv4Source(bytes, 0), target: ipv4Target(bytes, 0) };
  return tcpChecksum(bytes, IPV4_HEADER_BYTES, bytes.length - IPV4_HEADER_BYTES, between) === 0;
}

describe("out of the machine", () => {
  it("packets come whole, with their checksum", () => {
    expect(tun.xmit(segment(100))).toBe(0);
    expect(sent).toMatchObject([{ gsoSize: 0, segments: 1 }]);
    expect(sent.every(isSealed)).toBe(true);
    expect(tun.stats).toMatchObject({ txPackets: 1, txBytes: HEADERS + 100 });
    expect(machine.skbs.outstanding).toBe(0);
  });

  it("large ones come as they are, or cut up when segmentation offload is off", () => {
    tun.xmit(segment(3500, 1000));
    expect(sent.map(({ bytes, gsoSize, segments }) => [bytes.length, gsoSize, segments])).toEqual([[3540, 1000, 4]]);
    sent.length = 0;
    tun.tso = tun.gso = false;
    tun.xmit(segment(3500, 1000));
    expect(sent.map(({ bytes }) => bytes.length)).toEqual([1040, 1040, 1040, 540]);
    expect(sent.map(({ bytes }) => u32(bytes, IPV4_HEADER_BYTES + TCP.seq))).toEqual([0, 1000, 2000, 3000]);
    expect(sent.map(({ bytes }) => (u8(bytes, IPV4_HEADER_BYTES + TCP.flags) & TH.PSH) !== 0)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(sent.every(isSealed)).toBe(true);
    expect(machine.skbs.outstanding).toBe(0);
  });

  it("nothing goes that is larger than the MTU, or while the device is down or nobody listens", () => {
    tun.mtu = 500;
    expect(tun.xmit(segment(1000))).toBe(-E.EMSGSIZE);
    tun.setUp(false);
    expect(tun.xmit(segment(10))).toBe(-E.ENETDOWN);
    tun.setUp(true);
    tun.attach(null);
    expect([tun.carrier, tun.xmit(segment(10))]).toEqual([false, -E.ENOBUFS]);
    expect([sent.length, tun.stats.txDropped, machine.skbs.outstanding]).toEqual([0, 3, 0]);
  });

  it("a queueing discipline may drop, or delay", () => {
    tun.replaceQdisc(createQdisc("pfifo limit 0", tun), 1);
    expect(tun.xmit(segment(10))).toBe(-E.ENOBUFS);
    tun.replaceQdisc(createQdisc("netem delay 5ms", tun), 1);
    expect(tun.xmit(segment(10))).toBe(0);
    expect([sent.length, tun.queuedPackets()]).toEqual([0, 1]);
    machine.run(5_000_000);
    expect([sent.length, tun.queuedPackets(), machine.skbs.outstanding]).toEqual([1, 0, 0]);
  });

  it("the sender's memory is free again at once", () => {
    let freed = 0;
    const skb = segment(100);
    skb.account = { uncharge: (bytes) => void (freed += bytes) };
    const { truesize } = skb;
    tun.xmit(skb);
    expect(freed).toBe(truesize);
  });
});

describe("into the machine", () => {
  it("packets come up in softirq context, with what GRO would say of them", () => {
    const handler = new CountingHandler(machine.core);
    const sizes: [number, number][] = [];
    machine.devices.addHandler(ETHERTYPE_IPV4, {
      receive(skb) {
        expect([skb.data, skb.networkHeader, u16(skb.bytes, skb.data + IPV4.totalLength)]).toEqual([
          skb.data,
          skb.data,
          HEADERS + 2000,
        ]);
        sizes.push([skb.gsoSize, skb.gsoSegments]);
        handler.receive(skb);
      },
    });
    const skb = segment(2000);
    tun.inject(skb.view().slice(), 1000, 2);
    machine.skbs.free(skb);
    machine.run(0);
    expect(sizes).toEqual([[1000, 2]]);
    expect(tun.stats).toMatchObject({ rxPackets: 1, rxBytes: HEADERS + 2000 });
    expect(machine.skbs.outstanding).toBe(0);
  });

  it("what is not IPv4, or comes while the device is down, is dropped", () => {
    tun.inject(Uint8Array.of(0x60, 0, 0, 0));
    tun.setUp(false);
    tun.inject(Uint8Array.of(0x45, 0, 0, 0));
    machine.run(0);
    expect([tun.stats.rxDropped, machine.skbs.outstanding]).toEqual([2, 0]);
  });
});

describe("taps", () => {
  it("see both ways behind an Ethernet header of zeros, as on lo", () => {
    const seen: string[] = [];
    const tap = {
      onPacket(skb: SkBuff): void {
        const at = skb.data;
        const macs = [...skb.bytes.subarray(at, at + 12)].every((byte) => byte === 0);
        seen.push(`${macs} ${u16(skb.bytes, at + 12).toString(16)} ${skb.length} ${skb.packetType}`);
      },
    };
    machine.devices.addTap(tap, tun);
    machine.devices.addHandler(ETHERTYPE_IPV4, new CountingHandler(machine.core));
    tun.xmit(segment(10));
    tun.inject((sent[0] as TunPacket).bytes);
    machine.run(0);
    expect(seen).toEqual([`true 800 ${14 + HEADERS + 10} 4`, `true 800 ${14 + HEADERS + 10} 0`]);
    expect(machine.skbs.outstanding).toBe(0);
  });
});

it("the device is what Linux calls it: point-to-point, 1,500 bytes, a name of its own", () => {
  expect(tun).toMatchObject({ isPointToPoint: true, isLoopback: false, mtu: 1500, name: "tun0", mac: 0 });
  expect(machine.devices.byName("tun0")).toBe(tun);
});
