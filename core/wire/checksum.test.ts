import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { put16, put32, u16 } from "../base/bytes.ts";
import {
  checksum,
  checksumAdjust16,
  checksumAdjust32,
  checksumFold,
  checksumOnWire,
  checksumPartial,
} from "./checksum.ts";
import { TCP } from "./tcp.ts";
import { UDP } from "./udp.ts";
import { crc32 } from "./crc32.ts";

/** RFC 1071, section 4.1, word by word. */
function naive(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i += 2) {
    const low = i + 1 < length ? (bytes[at + i + 1] ?? 0) : 0;
    sum += (bytes[at + i] ?? 0) * 256 + low;
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return ~sum & 0xffff;
}

const bytes = fc.uint8Array({ minLength: 0, maxLength: 2000, size: "max" });

describe("internet checksum", () => {
  it("has the value of RFC 1071's example", () => {
    const example = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(checksum(example, 0, 8)).toBe(~0xddf2 & 0xffff);
  });

  it("agrees with the definition at every alignment and length, in views too", () => {
    fc.assert(
      fc.property(bytes, fc.nat(33), fc.nat(33), (data, skip, at) => {
        const view = data.subarray(Math.min(skip, data.length));
        const from = Math.min(at, view.length);
        expect(checksum(view, from, view.length - from)).toBe(naive(view, from, view.length - from));
      }),
    );
  });

  it("adds up over parts of even length", () => {
    fc.assert(
      fc.property(bytes, fc.nat(1000), (data, half) => {
        const cut = Math.min(2 * half, data.length);
        const sum = checksumPartial(data, cut, data.length - cut, checksumPartial(data, 0, cut));
        expect(checksumFold(sum)).toBe(naive(data, 0, data.length));
      }),
    );
  });

  it("does not overflow on the largest packet of ones", () => {
    const ones = new Uint8Array(65_535).fill(255);
    expect(checksum(ones, 0, ones.length)).toBe(naive(ones, 0, ones.length));
  });

  it("of zero is sent as 0xffff by UDP, where zero means none, and as it is by TCP", () => {
    expect(checksumOnWire(0, UDP.checksum)).toBe(0xffff);
    expect(checksumOnWire(0, TCP.checksum)).toBe(0);
    for (const at of [UDP.checksum, TCP.checksum]) expect(checksumOnWire(0x1234, at)).toBe(0x1234);
  });

  it("follows a change of one word as a new sum would", () => {
    const header = fc.uint8Array({ minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(header, fc.nat(0xffff), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (data, word, address) => {
        // The field lies at 10, as in IPv4; a header of zeros alone has no place for RFC 1624's doubt about -0.
        data[0] = 0x45;
        put16(data, 10, 0);
        put16(data, 10, checksum(data, 0, 20));
        const ttl = u16(data, 8);
        put16(data, 10, checksumAdjust16(u16(data, 10), ttl, word));
        put16(data, 8, word);
        const before = new DataView(data.buffer).getUint32(12);
        put16(data, 10, checksumAdjust32(u16(data, 10), before, address));
        put32(data, 12, address);
        expect(checksum(data, 0, 20)).toBe(0);
      }),
    );
  });
});

describe("CRC-32", () => {
  it("has the check value of its catalogue entry", () => {
    const digits = Uint8Array.from("123456789", (digit) => digit.charCodeAt(0));
    expect(crc32(digits)).toBe(0xcbf43926);
    expect(crc32(digits, 4, 5, crc32(digits, 0, 4))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});
