import { describe, expect, it } from "vitest";
import type { CapturedFrame, CaptureInterface } from "../contract/capture.ts";
import { EPOCH_SECONDS } from "../contract/epoch.ts";
import { readCapture } from "../wire/capture-reader.ts";
import { PcapngExporter } from "./pcapng-exporter.ts";

const INTERFACES: readonly CaptureInterface[] = [
  { name: "h1:eth0", node: "h1", nic: "eth0", mac: 0x020000000100, addresses: [], speed: 1_000_000_000 },
  {
    name: "r1:eth1",
    node: "r1",
    nic: "eth1",
    mac: 0x020000000201,
    addresses: [
      { address: 0x0a000101, prefixLength: 24 },
      { address: 0x0a000901, prefixLength: 30 },
    ],
    speed: 0,
  },
];
const NAMES = [
  { name: "h1", address: 0x0a000001 },
  { name: "r1", address: 0x0a000101 },
  { name: "gateway", address: 0x0a000101 },
];

function frame(over: Partial<CapturedFrame> = {}): CapturedFrame {
  const bytes = Uint8Array.from({ length: 61 }, (_, index) => index);
  return {
    interface: 0,
    time: 0,
    direction: "out",
    packetId: 7,
    fcsGood: true,
    dropReason: null,
    start: 0,
    length: (over.bytes ?? bytes).length,
    ...over,
    bytes: over.bytes ?? bytes,
  };
}

function capture(frames: readonly CapturedFrame[], selected = [0, 1]): { file: Uint8Array; chunks: number[] } {
  const parts: Uint8Array[] = [];
  const sink = (chunk: Uint8Array): void => void parts.push(chunk.slice());
  const exporter = new PcapngExporter({ interfaces: INTERFACES, selected, names: NAMES, sink });
  for (const one of frames) exporter.onFrame(one);
  exporter.finish(5_000_000_000);
  return { file: Buffer.concat(parts), chunks: parts.map((part) => part.length) };
}

describe("the pcapng exporter", () => {
  it("declares interfaces with names, addresses, masks, MAC and speed", () => {
    const { interfaces, names, problem } = readCapture(capture([]).file);
    expect(problem).toBeUndefined();
    expect(interfaces).toMatchObject([
      { name: "h1:eth0", description: "eth0 of h1", mac: 0x020000000100, speedBitsPerSecond: 1e9, fcsBytes: 0 },
      { name: "r1:eth1", addresses: [{ address: 0x0a000101, mask: 0xffffff00 }, { mask: 0xfffffffc }] },
    ]);
    expect(interfaces[1]).not.toHaveProperty("speedBitsPerSecond");
    expect(interfaces[0]?.resolution).toEqual({ base: 10, exponent: 9 });
    expect(names).toEqual([
      { address: 0x0a000001, names: ["h1"] },
      { address: 0x0a000101, names: ["r1", "gateway"] },
    ]);
  });

  it("writes frames with exact times, directions, packet ids, FCS errors and drop reasons", () => {
    const late = 2 ** 51 + 123_456_789;
    const { packets, problem } = readCapture(
      capture([
        frame({ time: 1 }),
        frame({ interface: 1, time: late, direction: "in", packetId: 2 ** 40 + 3, fcsGood: false }),
        frame({ interface: 1, dropReason: "FULL_RING", direction: "in", bytes: Uint8Array.of(1, 2, 3, 4) }),
      ]).file,
    );
    expect(problem).toBeUndefined();
    expect(packets[0]).toMatchObject({ direction: "out", packetId: 7, flags: 2, comments: [] });
    expect(packets[0]?.time).toEqual({ seconds: EPOCH_SECONDS, nanoseconds: 1 });
    expect(packets[0]?.data).toEqual(frame().bytes);
    expect(packets[1]).toMatchObject({ interfaceId: 1, direction: "in", packetId: 2 ** 40 + 3, flags: 0x01000001 });
    const seconds = Number(BigInt(late) / 1_000_000_000n) + EPOCH_SECONDS;
    expect(packets[1]?.time).toEqual({ seconds, nanoseconds: Number(BigInt(late) % 1_000_000_000n) });
    expect(packets[2]?.comments).toEqual([
      "dropped: FULL_RING: no free descriptor in the receive ring when the frame arrived",
    ]);
  });

  it("carries times across the 32-bit boundary of the low word", () => {
    const low = Number((BigInt(EPOCH_SECONDS) * 1_000_000_000n) & 0xffffffffn);
    for (const time of [2 ** 32 - low - 1, 2 ** 32 - low, 2 ** 32 - 1, 2 ** 32]) {
      const [packet] = readCapture(capture([frame({ time })]).file).packets;
      const at = packet?.time ?? { seconds: 0, nanoseconds: 0 };
      expect((at.seconds - EPOCH_SECONDS) * 1e9 + at.nanoseconds).toBe(time);
    }
  });

  it("numbers interfaces in the file by what was selected", () => {
    const { interfaces, packets } = readCapture(capture([frame({ interface: 1 })], [1]).file);
    expect(interfaces.map(({ name }) => name)).toEqual(["r1:eth1"]);
    expect(packets.map(({ interfaceId }) => interfaceId)).toEqual([0]);
    expect(() => capture([frame({ interface: 0 })], [1])).toThrow("declared interface");
  });

  it("hands on whole blocks only, also of frames larger than a chunk", () => {
    const frames = Array.from({ length: 600 }, (_, index) => frame({ bytes: new Uint8Array(index * 7 + 14) }));
    frames.push(frame({ bytes: new Uint8Array(100_000) }), frame());
    const { file, chunks } = capture(frames);
    expect(chunks.length).toBeGreaterThan(3);
    let end = 0;
    for (const length of chunks) {
      end += length;
      expect(readCapture(file.subarray(0, end)).problem).toBeUndefined();
    }
    expect(readCapture(file).packets.map(({ data }) => data.length)).toEqual(frames.map(({ bytes }) => bytes.length));
  });

  it("ends with the counters of each interface", () => {
    const { statistics } = readCapture(
      capture([frame(), frame({ direction: "in" }), frame({ direction: "in", dropReason: "FCS_ERROR" })]).file,
    );
    expect(statistics).toMatchObject([
      { interfaceId: 0, received: 2, dropped: 1, time: { seconds: EPOCH_SECONDS + 5, nanoseconds: 0 } },
      { interfaceId: 1, received: 0, dropped: 0 },
    ]);
  });
});
