import { describe, expect, it } from "vitest";
import { toHex } from "../../../base/bytes.ts";
import type { Ipv4Address } from "../../../wire/address.ts";
import { makeCookie, parseKey } from "./fastopen.ts";

const address = (a: number, b: number, c: number, d: number): Ipv4Address =>
  (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) as Ipv4Address;

describe("fast open cookies", () => {
  it("makes the cookies that packetdrill's scripts expect of Linux", () => {
    const key = parseKey("a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4");
    if (key === null) throw new Error("the key is one");
    expect(toHex(makeCookie(key, address(192, 0, 2, 1), address(192, 168, 0, 1)))).toBe("3021b9d889017eeb");
  });

  it("takes keys of four groups of hexadecimal digits and nothing else", () => {
    expect(parseKey("1-2-3-ffffffff")).toEqual([1, 2, 3, -1]);
    for (const text of ["", "1-2-3", "1-2-3-4-5", "x-2-3-4", "123456789-1-1-1"]) expect(parseKey(text)).toBeNull();
  });
});
