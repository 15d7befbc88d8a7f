import { describe, expect, test } from "vitest";
import fc from "fast-check";
import * as scalars from "./scalars.ts";

describe("rates", () => {
  test.each([
    ["100Mbps", 100_000_000],
    ["1Gbps", 1_000_000_000],
    ["1.5mbit", 1_500_000],
    ["64kbit", 64_000],
    ["9600", 9600],
    [9600, 9600],
    ["10 Tbps", 10_000_000_000_000],
  ])("%s", (text, rate) => expect(scalars.readRate(text)).toEqual({ ok: true, value: rate }));

  test.each(["0", "-1Mbps", "fast", "1e9", "11Tbps", "1Mb", ""])("%s is refused", (text) => {
    expect(scalars.readRate(text).ok).toBe(false);
  });

  test("what is written is read back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000_000_000 }), (rate) => {
        expect(scalars.readRate(scalars.formatRate(rate))).toEqual({ ok: true, value: rate });
      }),
    );
  });
});

test("percentages are fractions, and a bare number is ambiguous", () => {
  expect(scalars.readPercent("1%")).toEqual({ ok: true, value: 0.01 });
  expect(scalars.readPercent("0.5 %")).toEqual({ ok: true, value: 0.005 });
  expect(scalars.readPercent(0)).toEqual({ ok: true, value: 0 });
  for (const wrong of [1, 0.5, "1", "101%", "-1%", "%"]) {
    expect(scalars.readPercent(wrong).ok, String(wrong)).toBe(false);
  }
});

test("addresses", () => {
  expect(scalars.readIpv4("10.0.0.255")).toEqual({ ok: true, value: 0x0a0000ff });
  expect(scalars.readIpv4("255.255.255.255")).toEqual({ ok: true, value: 0xffffffff });
  for (const wrong of ["10.0.0", "10.0.0.256", "10.0.0.1.1", " 10.0.0.1", "::1"]) {
    expect(scalars.readIpv4(wrong).ok, wrong).toBe(false);
  }
  expect(scalars.readInterfaceAddress("10.0.0.1/24")).toEqual({
    ok: true,
    value: { address: 0x0a000001, prefixLength: 24 },
  });
  for (const wrong of ["10.0.0.1", "10.0.0.1/33", "10.0.0.1/", "x/8"]) {
    expect(scalars.readInterfaceAddress(wrong).ok, wrong).toBe(false);
  }
  expect(scalars.readNetwork("default")).toEqual({ ok: true, value: { address: 0, prefixLength: 0 } });
  expect(scalars.readNetwork("10.1.0.0/8")).toEqual({
    ok: false,
    error: "a network without host bits, such as 10.0.0.0/8",
  });
});

test("masks at both ends", () => {
  expect([0, 1, 24, 31, 32].map(scalars.maskOf)).toEqual([0, 0x80000000, 0xffffff00, 0xfffffffe, 0xffffffff]);
});

test("Ethernet addresses are unicast, and their octets are those of the text", () => {
  const mac = scalars.readMac("02:00:5E:10:00:ff");
  expect(mac).toEqual({ ok: true, value: 0x02005e1000ff });
  expect(scalars.formatMac(0x02005e1000ff)).toBe("02:00:5e:10:00:ff");
  expect([...scalars.macBytes(0x02005e1000ff)]).toEqual([2, 0, 0x5e, 0x10, 0, 0xff]);
  for (const wrong of ["01:00:5e:00:00:01", "00:00:00:00:00:00", "02:00:00:00:01", "zz:00:00:00:00:01"]) {
    expect(scalars.readMac(wrong).ok, wrong).toBe(false);
  }
});

test("a delay has a bound", () => {
  expect(scalars.readDelay("1.5ms")).toEqual({ ok: true, value: 1_500_000 });
  expect(scalars.readDelay("61min")).toEqual({ ok: false, error: "a delay of at most an hour" });
  expect(scalars.readDelay(5).ok).toBe(false);
});
