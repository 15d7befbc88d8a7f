import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../base/bytes.ts";
import type { Ipv4Address, MacAddress } from "./address.ts";
import { captureTimeOf, LINKTYPE } from "./capture.ts";
import { CaptureReader, readCapture } from "./capture-reader.ts";
import { CAPTURE_PACKET_BYTES_MAX } from "./limits.ts";
import { PcapWriter } from "./pcap.ts";
import { PcapngWriter } from "./pcapng-writer.ts";

const EPOCH = 1_700_000_000;

function writePcapng(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => void chunks.push(chunk), { application: "test", comment: "Grüße" });
  const addresses = [{ address: 0x0a000001 as Ipv4Address, mask: 0xffffff00 }];
  const details = { name: "h1-eth0", description: "of h1", mac: 0x020000000001 as MacAddress };
  const first = writer.addInterface({
    linkType: LINKTYPE.ETHERNET,
    ...details,
    addresses,
    speedBitsPerSecond: 1e10,
    fcsBytes: 4,
  });
  const second = writer.addInterface({ linkType: LINKTYPE.RAW, snapLength: 0 });
  writer.writeNames([{ address: 0x0a000001 as Ipv4Address, names: ["h1", "host.one"] }]);
  writer.writePacket({
    interfaceId: first,
    time: captureTimeOf(EPOCH, 1_234_567_891),
    data: Uint8Array.of(1, 2, 3, 4, 5),
    originalLength: 60,
    direction: "out",
    crcError: true,
    packetId: 2 ** 40 + 1,
    dropCount: 3,
    queue: 2,
    comments: ["dropped: queue full", "again"],
  });
  writer.writePacket({
    interfaceId: second,
    time: captureTimeOf(EPOCH, 2 ** 52),
    data: new Uint8Array(0),
    direction: "in",
  });
  writer.writeStatistics({
    interfaceId: first,
    time: captureTimeOf(EPOCH, 5),
    received: 7,
    dropped: 1,
    osDropped: 2,
    delivered: 4,
  });
  return concatBytes(chunks);
}

function writePcap(lengths: readonly number[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter((chunk) => void chunks.push(chunk), LINKTYPE.ETHERNET);
  lengths.forEach((length, i) =>
    writer.writePacket({ seconds: EPOCH + i, nanoseconds: 999_999_999 }, new Uint8Array(length).fill(i), length + 5),
  );
  return concatBytes(chunks);
}

/** Builds files no writer of ours makes. */
class Bytes {
  readonly #little: boolean;
  readonly #parts: Uint8Array[] = [];
  constructor(little: boolean) {
    this.#little = little;
  }
  u16(...values: number[]): this {
    return this.#add(2, values);
  }
  u32(...values: number[]): this {
    return this.#add(4, values);
  }
  raw(...values: number[]): this {
    this.#parts.push(Uint8Array.from(values));
    return this;
  }
  /** A pcapng block around a body. */
  block(type: number, body: (bytes: Bytes) => Bytes): this {
    const inner = body(new Bytes(this.#little)).done();
    this.u32(type, inner.length + 12);
    this.#parts.push(inner);
    return this.u32(inner.length + 12);
  }
  done(): Uint8Array {
    return concatBytes(this.#parts);
  }
  #add(size: 2 | 4, values: number[]): this {
    for (const value of values) {
      const view = new DataView(new ArrayBuffer(size));
      if (size === 2) view.setUint16(0, value, this.#little);
      else view.setUint32(0, value, this.#little);
      this.#parts.push(new Uint8Array(view.buffer));
    }
    return this;
  }
}

const section = (bytes: Bytes): Bytes =>
  bytes.block(0x0a0d0d0a, (b) => b.u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff));
const ethernet = (bytes: Bytes): Bytes => bytes.block(1, (b) => b.u16(1, 0).u32(4));

describe("pcapng", () => {
  it("reads back everything that was written", () => {
    const content = readCapture(writePcapng());
    expect(content.problem).toBeUndefined();
    expect(content.interfaces).toEqual([
      {
        linkType: 1,
        snapLength: CAPTURE_PACKET_BYTES_MAX,
        name: "h1-eth0",
        description: "of h1",
        addresses: [{ address: 0x0a000001, mask: 0xffffff00 }],
        mac: 0x020000000001,
        speedBitsPerSecond: 1e10,
        fcsBytes: 4,
        resolution: { base: 10, exponent: 9 },
        offsetSeconds: 0,
      },
      { linkType: 101, snapLength: 0, addresses: [], resolution: { base: 10, exponent: 9 }, offsetSeconds: 0 },
    ]);
    expect(content.names).toEqual([{ address: 0x0a000001, names: ["h1", "host.one"] }]);
    expect(content.packets[0]).toMatchObject({
      interfaceId: 0,
      time: { seconds: EPOCH + 1, nanoseconds: 234_567_891 },
      data: Uint8Array.of(1, 2, 3, 4, 5),
      originalLength: 60,
      direction: "out",
      flags: 0x01000002,
      packetId: 2 ** 40 + 1,
      dropCount: 3,
      queue: 2,
      comments: ["dropped: queue full", "again"],
    });
    const late = captureTimeOf(EPOCH, 2 ** 52);
    expect(content.packets[1]).toMatchObject({
      interfaceId: 1,
      linkType: 101,
      time: late,
      direction: "in",
      comments: [],
    });
    expect(content.statistics).toEqual([
      { interfaceId: 0, time: { seconds: EPOCH, nanoseconds: 5 }, received: 7, dropped: 1, osDropped: 2, delivered: 4 },
    ]);
  });

  it.each([true, false])("reads every packet block in both byte orders, little-endian %s", (little) => {
    const bytes = ethernet(section(new Bytes(little)))
      .block(3, (b) => b.u32(9).raw(1, 2, 3, 4))
      .block(2, (b) => b.u16(0, 7).u32(0, 1_500_000, 2, 2).raw(5, 6, 0, 0))
      .block(0x0bad, (b) => b.u32(1, 2, 3))
      .block(6, (b) => b.u32(0, 0, 2_000_001, 3, 3).raw(7, 8, 9, 0).u16(2, 4).u32(1))
      .done();
    const { packets, problem } = readCapture(bytes);
    expect(problem).toBeUndefined();
    // The simple block was cut at the interface's snapshot length of 4, and has no time.
    expect(packets.map(({ data, originalLength, time }) => ({ data: [...data], originalLength, time }))).toEqual([
      { data: [1, 2, 3, 4], originalLength: 9, time: undefined },
      { data: [5, 6], originalLength: 2, time: { seconds: 1, nanoseconds: 500_000_000 } },
      { data: [7, 8, 9], originalLength: 3, time: { seconds: 2, nanoseconds: 1000 } },
    ]);
    expect(packets[2]?.direction).toBe("in");
  });

  it.each([
    [0, 3, { seconds: 3, nanoseconds: 0 }],
    [3, 1234, { seconds: 1, nanoseconds: 234_000_000 }],
    [12, 1234, { seconds: 0, nanoseconds: 1 }],
    [0x80 | 10, 1536, { seconds: 1, nanoseconds: 500_000_000 }],
    [0x80 | 20, 1, { seconds: 0, nanoseconds: 953 }],
    [127, 1234, { seconds: 0, nanoseconds: 0 }],
  ])("knows a resolution byte of %i", (resolution, ticks, time) => {
    const bytes = section(new Bytes(true))
      .block(1, (b) => b.u16(1, 0).u32(0).u16(9, 1).raw(resolution, 0, 0, 0).u16(14, 8).u32(10, 0))
      .block(6, (b) => b.u32(0, 0, ticks, 0, 0))
      .done();
    // The interface also shifts its clock by 10 s.
    expect(readCapture(bytes).packets[0]?.time).toEqual({ ...time, seconds: time.seconds + 10 });
  });

  it("numbers interfaces over several sections of different byte order", () => {
    const little = ethernet(section(new Bytes(true)))
      .block(3, (b) => b.u32(0))
      .done();
    const big = ethernet(section(new Bytes(false)))
      .block(3, (b) => b.u32(0))
      .done();
    const { packets, interfaces } = readCapture(concatBytes([little, big]));
    expect(packets.map((packet) => packet.interfaceId)).toEqual([0, 1]);
    expect(interfaces.length).toBe(2);
  });

  it.each([
    ["a packet before any interface", (b: Bytes) => b.block(6, (body) => body.u32(0, 0, 0, 0, 0)), "interface 0"],
    [
      "a packet longer than its block",
      (b: Bytes) => ethernet(b).block(6, (body) => body.u32(0, 0, 0, 5, 5).u32(0)),
      "longer",
    ],
    ["a hostile block length", (b: Bytes) => b.u32(6, 0xfffffff0, 0, 0), "4294967280 bytes"],
    ["a block of no length", (b: Bytes) => b.u32(6, 0, 0, 0), "0 bytes"],
    ["lengths that differ", (b: Bytes) => b.u32(9, 16, 0, 12), "differ"],
    ["an option over the end", (b: Bytes) => b.block(1, (body) => body.u16(1, 0).u32(0).u16(2, 200)), "option"],
    [
      "another version",
      () => new Bytes(true).block(0x0a0d0d0a, (b) => b.u32(0x1a2b3c4d).u16(2, 0).u32(0, 0)),
      "version",
    ],
  ])("stops at %s and says where", (_, damage, message) => {
    const whole = section(new Bytes(true)).done();
    const content = readCapture(concatBytes([whole, damage(section(new Bytes(true))).done()]));
    expect(content.problem?.message).toContain(message);
    expect(content.problem?.at).toBeLessThan(whole.length * 2 + 200);
  });
});

describe("pcap", () => {
  it("reads back what was written", () => {
    const { packets, problem, interfaces } = readCapture(writePcap([0, 1, 60]));
    expect(problem).toBeUndefined();
    expect(interfaces[0]).toMatchObject({ linkType: 1, resolution: { base: 10, exponent: 9 } });
    expect(packets.map((packet) => [packet.data.length, packet.originalLength, packet.time?.nanoseconds])).toEqual([
      [0, 5, 999_999_999],
      [1, 6, 999_999_999],
      [60, 65, 999_999_999],
    ]);
  });

  it.each([true, false])("reads each magic number in both byte orders, little-endian %s", (little) => {
    const file = (magic: number, extra: number): Uint8Array =>
      new Bytes(little)
        .u32(magic)
        .u16(2, 4)
        .u32(0, 0, 65535, 0x54000001)
        .u32(7, 8, 2, 3)
        .raw(...new Array<number>(extra).fill(9), 1, 2)
        .done();
    const nanoseconds = [
      [0xa1b2c3d4, 0],
      [0xa1b23c4d, 0],
      [0xa1b2cd34, 8],
    ].map(([magic = 0, extra = 0]) => {
      const { packets, interfaces } = readCapture(file(magic, extra));
      expect(interfaces[0]).toMatchObject({ linkType: 1, fcsBytes: 10 });
      expect(packets.map((packet) => [[...packet.data], packet.originalLength])).toEqual([[[1, 2], 3]]);
      return packets[0]?.time?.nanoseconds;
    });
    expect(nanoseconds).toEqual([8000, 8, 8000]);
  });

  it("refuses a packet longer than any capture has", () => {
    const file = concatBytes([writePcap([4]), new Bytes(true).u32(0, 0, CAPTURE_PACKET_BYTES_MAX + 1, 9).done()]);
    const { packets, problem } = readCapture(file);
    expect(packets.length).toBe(1);
    expect(problem).toMatchObject({ at: 24 + 16 + 4 + 8 });
  });
});

describe("any file", () => {
  it("gives the complete packets of every prefix, and says where it ends", () => {
    for (const file of [writePcapng(), writePcap([0, 3, 10])]) {
      const whole = readCapture(file);
      for (let length = 0; length < file.length; length++) {
        const { packets, problem } = readCapture(file.subarray(0, length));
        expect(packets).toEqual(
          whole.packets.filter((packet) => packetEnd(packet, whole.packets, file) <= length).slice(0, packets.length),
        );
        if (problem !== undefined) expect(problem.at).toBeLessThanOrEqual(length);
      }
    }
  });

  it("reads the same in pieces as at once", () => {
    const file = fc.constantFrom(writePcapng(), writePcap([5, 0, 77, 1]));
    fc.assert(
      fc.property(file, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (bytes, sizes) => {
        const reader = new CaptureReader();
        let delivered = 0;
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          delivered += reader.push(bytes.slice(at, at + size)).length;
          at += size;
        }
        const content = reader.end();
        expect(content).toEqual(readCapture(bytes));
        expect(delivered).toBe(content.packets.length);
      }),
    );
  });

  it("never throws, whatever the bytes", () => {
    const starts = [
      [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a],
      [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4],
      [0xd4, 0xc3, 0xb2, 0xa1],
      [],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200, size: "max" }), (start, junk) => {
        const content = readCapture(Uint8Array.from([...start, ...junk]));
        expect(content.packets.length).toBeLessThan(20);
      }),
      { numRuns: 500 },
    );
    const good = writePcapng();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const damaged = good.slice();
        damaged[at] = value;
        readCapture(damaged);
      }),
      { numRuns: 500 },
    );
  });
});

/** Where the record behind this packet begins. */
function packetEnd(packet: { at: number }, packets: readonly { at: number }[], file: Uint8Array): number {
  const next = packets[packets.indexOf(packet) + 1];
  if (next !== undefined) return next.at;
  const view = new DataView(file.buffer, file.byteOffset);
  const isPcapng = view.getUint32(0) === 0x0a0d0d0a;
  return packet.at + (isPcapng ? view.getUint32(packet.at + 4, true) : 16 + view.getUint32(packet.at + 8, true));
}
