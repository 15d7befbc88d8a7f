import { expect, test } from "vitest";
import { TestMachine, type TestNic } from "../../../test/harness/device.ts";
import { put16, put32, u16, u32, u8 } from "../../base/bytes.ts";
import { checksum, checksumFold, checksumPartial, pseudoHeaderSum } from "../../wire/checksum.ts";
import { ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import { CHECKSUM_DONE, type Frame } from "../../wire/frame.ts";
import { IPV4, sealIpv4 } from "../../wire/ipv4.ts";
import { sealTcp, TCP, TH } from "../../wire/tcp.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { copyOut } from "../skb/skb-pool.ts";
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff } from "../skb/skbuff.ts";

const IP = 14;
const TCP_AT = IP + 20;
const SOURCE = 0x0a000001 as Ipv4Address;
const TARGET = 0x0a000002 as Ipv4Address;

interface Segment {
  readonly seq: number;
  readonly payload: number;
  readonly id: number;
  readonly port?: number;
  readonly flags?: number;
  readonly ack?: number;
  readonly tos?: number;
}

/** Payload byte i of the stream is the low byte of its sequence number. */
function segment(machine: TestMachine, nic: TestNic, of: Segment): Frame {
  const frame = machine.frame(nic.mac, Math.max(60, TCP_AT + 20 + of.payload));
  const { bytes, start } = frame;
  const ip = start + IP;
  const tcp = start + TCP_AT;
  bytes.fill(0, ip, start + frame.length);
  bytes[ip] = 0x45;
  bytes[ip + IPV4.tos] = of.tos ?? 0;
  put16(bytes, ip + IPV4.totalLength, 40 + of.payload);
  put16(bytes, ip + IPV4.id, of.id);
  bytes[ip + 8] = 64;
  bytes[ip + IPV4.protocol] = 6;
  put32(bytes, ip + IPV4.source, SOURCE);
  put32(bytes, ip + IPV4.target, TARGET);
  sealIpv4(bytes, ip);
  put16(bytes, tcp, of.port ?? 1000);
  put16(bytes, tcp + 2, 80);
  put32(bytes, tcp + TCP.seq, of.seq);
  put32(bytes, tcp + TCP.ack, of.ack ?? 1);
  bytes[tcp + TCP.offset] = 0x50;
  bytes[tcp + TCP.flags] = of.flags ?? TH.ACK;
  for (let i = 0; i < of.payload; i++) bytes[tcp + 20 + i] = (of.seq + i) & 255;
  sealTcp(bytes, tcp, 20 + of.payload, { source: SOURCE, target: TARGET });
  return frame;
}

/** What came up: taken apart before it is freed. */
interface Arrival {
  readonly seq: number;
  readonly payload: readonly number[];
  readonly gso: readonly [number, number];
  readonly flags: number;
  readonly summed: number;
}

function receiving(gro = true): { machine: TestMachine; nic: TestNic; arrivals: Arrival[] } {
  const machine = new TestMachine();
  const nic = machine.nic({ offload: { gro } });
  const arrivals: Arrival[] = [];
  machine.devices.addHandler(ETHERTYPE_IPV4, {
    receive(skb: SkBuff): void {
      const whole = new Uint8Array(skb.length);
      copyOut(skb, 0, whole, 0, skb.length);
      expect(checksum(whole, 0, 20)).toBe(0);
      const total = u16(whole, IPV4.totalLength);
      arrivals.push({
        seq: u32(whole, 20 + TCP.seq),
        payload: [...whole.subarray(40, total)],
        gso: [skb.gsoSize, skb.gsoSegments],
        flags: u8(whole, 20 + TCP.flags),
        summed: skb.ipSummed,
      });
      machine.core.consume(skb);
    },
  });
  return { machine, nic, arrivals };
}

/** Delivers them all in one poll. */
function inOnePoll(machine: TestMachine, nic: TestNic, frames: readonly Frame[]): void {
  machine.cpu.freeze();
  for (const frame of frames) nic.receiveFrame(frame);
  machine.cpu.thaw();
}

const stream = (from: number, length: number): number[] => Array.from({ length }, (_, i) => (from + i) & 255);

test("consecutive segments go up as one packet with the payload of all", () => {
  const { machine, nic, arrivals } = receiving();
  const frames = [0, 1, 2, 3].map((i) => segment(machine, nic, { seq: 100 + i * 500, payload: 500, id: 7 + i }));
  inOnePoll(machine, nic, frames);
  expect(arrivals).toEqual([
    { seq: 100, payload: stream(100, 2000), gso: [500, 4], flags: TH.ACK, summed: CHECKSUM_PARTIAL },
  ]);
  expect(nic.receive.gro.merged).toBe(3);
  expect([machine.skbs.outstanding, machine.blocks.outstanding]).toEqual([0, 0]);
});

test("a short segment and a push end the burst, and the push is kept", () => {
  const { machine, nic, arrivals } = receiving();
  inOnePoll(machine, nic, [
    segment(machine, nic, { seq: 0, payload: 300, id: 1 }),
    segment(machine, nic, { seq: 300, payload: 100, id: 2, flags: TH.ACK | TH.PSH }),
    segment(machine, nic, { seq: 400, payload: 300, id: 3 }),
  ]);
  expect(arrivals.map((a) => [a.seq, a.payload.length, a.flags, a.gso])).toEqual([
    [0, 400, TH.ACK | TH.PSH, [300, 2]],
    [400, 300, TH.ACK, [0, 0]],
  ]);
});

test.each([
  ["a gap in the sequence", { seq: 600, payload: 500, id: 2 }],
  ["a jump of the identifier", { seq: 500, payload: 500, id: 9 }],
  ["another acknowledgement", { seq: 500, payload: 500, id: 2, ack: 5 }],
  ["another type of service", { seq: 500, payload: 500, id: 2, tos: 4 }],
  ["a FIN", { seq: 500, payload: 500, id: 2, flags: TH.ACK | TH.FIN }],
  ["a bare acknowledgement", { seq: 500, payload: 0, id: 2 }],
  ["a larger segment", { seq: 500, payload: 501, id: 2 }],
])("%s keeps segments apart and in order", (_why, second: Segment) => {
  const { machine, nic, arrivals } = receiving();
  inOnePoll(machine, nic, [segment(machine, nic, { seq: 0, payload: 500, id: 1 }), segment(machine, nic, second)]);
  expect(arrivals.map((a) => [a.seq, a.gso])).toEqual([
    [0, [0, 0]],
    [second.seq, [0, 0]],
  ]);
});

test("streams are held apart, at most eight, and a wrong checksum is never merged", () => {
  const { machine, nic, arrivals } = receiving();
  const frames: Frame[] = [];
  for (let round = 0; round < 2; round++) {
    for (let port = 1; port <= 9; port++) {
      frames.push(segment(machine, nic, { seq: round * 100, payload: 100, id: round, port }));
    }
  }
  inOnePoll(machine, nic, frames);
  expect(arrivals.reduce((sum, a) => sum + a.payload.length, 0)).toBe(1800);
  const bad = segment(machine, nic, { seq: 100, payload: 100, id: 2 });
  bad.bytes[bad.start + 60] = 0xff;
  arrivals.length = 0;
  inOnePoll(machine, nic, [segment(machine, nic, { seq: 0, payload: 100, id: 1 }), bad]);
  expect(arrivals.map((a) => a.summed)).toEqual([CHECKSUM_UNNECESSARY, CHECKSUM_NONE]);
});

test("switched off, and from poll to poll, nothing is merged", () => {
  const off = receiving(false);
  const frames = [0, 1].map((i) => segment(off.machine, off.nic, { seq: i * 500, payload: 500, id: i }));
  inOnePoll(off.machine, off.nic, frames);
  expect(off.arrivals).toHaveLength(2);
  const on = receiving();
  for (let i = 0; i < 2; i++) on.nic.receiveFrame(segment(on.machine, on.nic, { seq: i * 500, payload: 500, id: i }));
  expect(on.arrivals).toHaveLength(2);
});

test("a merged packet that is forwarded leaves as the segments that came, checksums right", () => {
  const machine = new TestMachine();
  const nic = machine.nic();
  const out = machine.nic();
  machine.devices.addHandler(ETHERTYPE_IPV4, {
    receive(skb: SkBuff): void {
      expect(skb.gsoSegments).toBe(5);
      out.header(skb, nic.mac, ETHERTYPE_IPV4);
      out.xmit(skb);
    },
  });
  const sent: { bytes: Uint8Array; open: boolean }[] = [];
  out.frameTap = {
    onFrame: (_nic, frame) => sent.push({ bytes: frame.view().slice(), open: frame.checksumStart !== CHECKSUM_DONE }),
  };
  const sizes = [700, 700, 700, 700, 123];
  const frames = sizes.map((payload, i) => {
    const flags = i === 4 ? TH.ACK | TH.PSH : TH.ACK;
    return segment(machine, nic, { seq: 0xffffff00 + i * 700, payload, id: 0xfffe + i, flags });
  });
  const expected = frames.map((frame) => [...frame.view().subarray(IP)]);
  inOnePoll(machine, nic, frames);
  expect(sent.map(({ bytes }) => [...bytes.subarray(IP)])).toEqual(expected);
  for (const { bytes, open } of sent) {
    const length = u16(bytes, IP + IPV4.totalLength) - 20;
    const sum = checksumPartial(bytes, TCP_AT, length, pseudoHeaderSum(SOURCE, TARGET, 6, length));
    expect([open, checksumFold(sum)]).toEqual([false, 0]);
  }
  expect([machine.skbs.outstanding, machine.blocks.outstanding]).toEqual([0, 0]);
});
