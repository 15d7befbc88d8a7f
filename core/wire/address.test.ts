import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  broadcastOf,
  formatCidr,
  formatIpv4,
  formatMac,
  inNetwork,
  isGroupMac,
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isReserved,
  MAC_BROADCAST,
  maskOf,
  multicastMac,
  networkOf,
  parseCidr,
  parseIpv4,
  parseMac,
  prefixLengthOf,
  putMac,
  readMac,
  type Ipv4Address,
  type MacAddress,
} from "./address.ts";

const address = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((value) => value as Ipv4Address);
const macAddress = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((value) => value as MacAddress);
const known = (text: string): Ipv4Address => {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

describe("addresses", () => {
  it("reads back what it writes", () => {
    fc.assert(
      fc.property(address, macAddress, (value, hardware) => {
        expect(parseIpv4(formatIpv4(value))).toEqual({ ok: true, value });
        expect(parseMac(formatMac(hardware))).toEqual({ ok: true, value: hardware });
      }),
    );
  });

  it("keeps all 48 bits in memory", () => {
    fc.assert(
      fc.property(macAddress, (value) => {
        const bytes = new Uint8Array(8);
        putMac(bytes, 1, value);
        expect(readMac(bytes, 1)).toBe(value);
        expect([bytes[0], bytes[7]]).toEqual([0, 0]);
      }),
    );
  });

  it.each(["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "a.b.c.d", "1..2.3", "0x1.2.3.4"])(
    "refuses %j as an address",
    (text) => expect(parseIpv4(text).ok).toBe(false),
  );

  it.each(["10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0/8", "10.0.0.1/-1", "10.0.0.1/8/8", "/8"])(
    "refuses %j as address and prefix length",
    (text) => expect(parseCidr(text).ok).toBe(false),
  );

  it.each(["", "02:00:00:00:00", "02:00:00:00:00:01:02", "02:00:00:00:00:zz", "02:00-00:00:00:01", "020000000001"])(
    "refuses %j as a MAC address",
    (text) => expect(parseMac(text).ok).toBe(false),
  );

  it("knows networks, masks and broadcast addresses of every prefix length", () => {
    for (let length = 0; length <= 32; length++) expect(prefixLengthOf(maskOf(length))).toBe(length);
    expect(prefixLengthOf(0xff00ff00)).toBeUndefined();
    const cidr = parseCidr("192.168.7.77/26");
    if (!cidr.ok) throw new Error(cidr.error);
    expect(formatCidr(cidr.value)).toBe("192.168.7.77/26");
    expect(formatIpv4(networkOf(cidr.value.address, 26))).toBe("192.168.7.64");
    expect(formatIpv4(broadcastOf(cidr.value.address, 26))).toBe("192.168.7.127");
    expect(inNetwork(known("192.168.7.127"), cidr.value)).toBe(true);
    expect(inNetwork(known("192.168.7.128"), cidr.value)).toBe(false);
    expect(formatIpv4(networkOf(known("200.1.2.3"), 0))).toBe("0.0.0.0");
    expect(inNetwork(known("200.1.2.3"), { address: known("0.0.0.0"), prefixLength: 0 })).toBe(true);
  });

  it("knows the special ranges at their edges", () => {
    expect(["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"].map(known).map(isLoopback)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(["223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0"].map(known).map(isMulticast)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(["169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"].map(known).map(isLinkLocal)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(["239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255"].map(known).map(isReserved)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(isLimitedBroadcast(known("255.255.255.255"))).toBe(true);
  });

  it("derives the group MAC of a multicast group", () => {
    expect(formatMac(multicastMac(known("224.128.0.251")))).toBe("01:00:5e:00:00:fb");
    expect(isGroupMac(multicastMac(known("239.255.255.255")))).toBe(true);
    expect([isGroupMac(MAC_BROADCAST), isGroupMac(0x020000000001 as MacAddress)]).toEqual([true, false]);
  });
});
