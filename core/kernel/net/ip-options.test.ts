import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ipv4Address } from "../../wire/address.ts";
import { IPPROTO_ICMP } from "../../wire/ipv4.ts";
import { IPOPT, type Ipv4Option } from "../../wire/ipv4-options.ts";
import { icmpMessage, ip, ipPacket, NetWorld, Segment } from "../../../test/harness/net.ts";
import { checkOptions, echoedOptions, recordHop, thinOptions, type Hop } from "./ip-options.ts";

const HOP: Hop = { address: ip("10.1.2.3"), clock: 0x01020304, isOurs: (address) => address === ip("10.9.9.9") };

function header(options: number[]): Uint8Array {
  const words = (options.length + 3) & ~3;
  const bytes = new Uint8Array(20 + words);
  bytes.set(options, 20);
  return bytes;
}
const optionsOf = (bytes: Uint8Array): number[] => [...bytes.subarray(20)];

describe("checkOptions", () => {
  it.each([
    ["record route", [7, 7, 4, 0, 0, 0, 0], -1],
    ["a full record route", [7, 7, 8, 1, 1, 1, 1], -1],
    ["a record route too short for its pointer", [7, 2], 21],
    ["a pointer before the first slot", [7, 7, 3, 0, 0, 0, 0], 22],
    ["half a slot left", [7, 9, 8, 0, 0, 0, 0, 0, 0], 22],
    ["two record routes", [7, 3, 4, 7, 3, 4], 23],
    ["a length beyond the header", [7, 40, 4, 0], 20],
    ["a length of one", [9, 1, 0, 0], 20],
    ["a timestamp", [68, 8, 5, 0, 0, 0, 0, 0], -1],
    ["a timestamp of unknown kind", [68, 8, 5, 2, 0, 0, 0, 0], 23],
    ["a full timestamp that cannot count on", [68, 4, 5, 0xf0], 23],
    ["router alert", [148, 4, 0, 0], -1],
    ["a short router alert", [148, 3, 0, 0], 21],
    ["something unknown", [30, 4, 9, 9], -1],
    ["nothing behind the end", [0, 7, 1, 1], -1],
  ])("%s", (_name, options, at) => {
    const bytes = header(options);
    expect(checkOptions(bytes, 0, bytes.length).problemAt).toBe(at);
  });

  it("sees source routes and router alerts", () => {
    const bytes = header([131, 7, 4, 1, 2, 3, 4, 148, 4, 0, 0]);
    expect(checkOptions(bytes, 0, bytes.length)).toEqual({
      problemAt: -1,
      hasSourceRoute: true,
      hasRouterAlert: true,
    });
  });
});

describe("recordHop", () => {
  it.each([
    ["the next slot", [7, 11, 8, 9, 9, 9, 9, 0, 0, 0, 0, 0], [7, 11, 12, 9, 9, 9, 9, 10, 1, 2, 3, 0]],
    ["nothing when full", [7, 7, 8, 9, 9, 9, 9, 0], [7, 7, 8, 9, 9, 9, 9, 0]],
    ["the time", [68, 8, 5, 0, 0, 0, 0, 0], [68, 8, 9, 0, 1, 2, 3, 4]],
    ["address and time", [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0], [68, 12, 13, 1, 10, 1, 2, 3, 1, 2, 3, 4]],
    ["one more without room", [68, 8, 9, 0x10, 1, 1, 1, 1], [68, 8, 9, 0x20, 1, 1, 1, 1]],
    ["time where asked for us", [68, 12, 5, 3, 10, 9, 9, 9, 0, 0, 0, 0], [68, 12, 13, 3, 10, 9, 9, 9, 1, 2, 3, 4]],
    [
      "nothing where asked for another",
      [68, 12, 5, 3, 10, 9, 9, 8, 0, 0, 0, 0],
      [68, 12, 5, 3, 10, 9, 9, 8, 0, 0, 0, 0],
    ],
  ])("enters %s", (_name, before, after) => {
    const bytes = header(before);
    const changed = recordHop(bytes, 0, bytes.length, HOP);
    expect(optionsOf(bytes)).toEqual(after);
    expect(changed).toBe(before.join() !== after.join());
  });
});

describe("all of it", () => {
  it("stays inside the header and never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), (options) => {
        const length = 20 + (options.length & ~3);
        const bytes = new Uint8Array(length + 8).fill(0xaa);
        bytes.set(options.subarray(0, length - 20), 20);
        const check = checkOptions(bytes, 0, length);
        expect(check.problemAt).toBeLessThan(length);
        recordHop(bytes, 0, length, HOP);
        echoedOptions(bytes, 0, length);
        thinOptions(bytes, 0, length);
        expect([...bytes.subarray(length)]).toEqual(new Array(8).fill(0xaa));
      }),
    );
  });

  it("refuses source routes, and reports what is malformed", () => {
    const world = new NetWorld();
    const host = world.host("a");
    const device = host.device(new Segment(world), "10.0.0.1/24");
    const send = (options: Ipv4Option[]): void => {
      const payload = icmpMessage({});
      device.hearPacket(
        ipPacket({ source: ip("10.0.0.2"), target: ip("10.0.0.1"), protocol: IPPROTO_ICMP, payload, options }),
      );
    };
    send([{ kind: "loose-source-route", pointer: 4, route: [ip("10.0.0.1")] }]);
    expect(host.core.drops.of("IP_SOURCE_ROUTE")).toBe(1);
    send([{ kind: "unknown", number: IPOPT.RR, data: Uint8Array.of(3, 0, 0, 0, 0) }]);
    expect(host.core.snmp.icmp.OutParmProbs).toBe(1);
    expect(host.core.snmp.ip.InHdrErrors).toBe(1);
  });

  it("gives back what an echo reply carries", () => {
    const bytes = header([131, 7, 4, 1, 2, 3, 4, 7, 3, 4, 1, 0]);
    expect([...(echoedOptions(bytes, 0, bytes.length) ?? [])]).toEqual([1, 1, 1, 1, 1, 1, 1, 7, 3, 4, 1, 0]);
    expect(echoedOptions(new Uint8Array(20), 0, 20)).toBe(null);
    expect((0 as Ipv4Address) === HOP.address).toBe(false);
  });
});
