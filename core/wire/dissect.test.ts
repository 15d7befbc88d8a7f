import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ipv4Address, MacAddress } from "./address.ts";
import { emitArp } from "./arp.ts";
import { dissect } from "./dissect.ts";
import type { Layer } from "./dissect-layers.ts";
import { emitEthernet } from "./ethernet.ts";
import { emitIcmp, sealIcmp } from "./icmp.ts";
import { emitIpv4Packet, sealIpv4, type Ipv4 } from "./ipv4.ts";
import { DISSECT_LAYERS_MAX } from "./limits.ts";
import { emitTcp, sealTcp } from "./tcp.ts";
import { emitUdp, sealUdp } from "./udp.ts";
import { runs } from "../../test/harness/long.ts";

const between = { source: 0x0a000001 as Ipv4Address, target: 0x0a000002 as Ipv4Address };

function packet(payload: Uint8Array, fields: Partial<Ipv4> = {}): Uint8Array {
  const bytes = emitIpv4Packet({
    ...{ tos: 0, id: 7, dontFragment: false, moreFragments: false, reservedFlag: false, fragmentOffset: 0, ttl: 64 },
    ...{ protocol: 17, checksum: 0, ...between, options: [], ...fields, payload },
  });
  sealIpv4(bytes, 0);
  return bytes;
}

const frame = (payload: Uint8Array, type = 0x0800): Uint8Array =>
  emitEthernet({ target: 0x020000000002 as MacAddress, source: 0x020000000001 as MacAddress, type, payload });

function udp(text = "hello"): Uint8Array {
  const payload = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const bytes = emitUdp({ sourcePort: 4000, targetPort: 53, checksum: 0, payload });
  sealUdp(bytes, 0, bytes.length, between);
  return bytes;
}

function tcp(): Uint8Array {
  const bytes = emitTcp({
    ...{ sourcePort: 40000, targetPort: 80, seq: 1, ack: 0, flags: 2, window: 64240, checksum: 0, urgent: 0 },
    options: [{ kind: "mss", mss: 1460 }, { kind: "nop" }, { kind: "window-scale", shift: 7 }],
    payload: Uint8Array.of(1, 2, 3),
  });
  sealTcp(bytes, 0, bytes.length, between);
  return bytes;
}

function icmp(type: number, payload: Uint8Array): Uint8Array {
  const bytes = emitIcmp({ type, code: 0, checksum: 0, rest: 0, payload });
  sealIcmp(bytes, 0, bytes.length);
  return bytes;
}

const layersOf = (bytes: Uint8Array): readonly Layer[] => dissect(bytes, 1).layers;
const names = (bytes: Uint8Array): string[] => layersOf(bytes).map((layer) => layer.protocol);
const value = (bytes: Uint8Array, name: string): unknown =>
  layersOf(bytes)
    .flatMap((layer) => layer.fields)
    .find((field) => field.name === name)?.value;

describe("dissect", () => {
  it("shows the layers of a UDP datagram, its trailer and its checksums", () => {
    const padded = new Uint8Array(60);
    padded.set(frame(packet(udp())));
    expect(names(padded)).toEqual(["eth", "ip", "udp", "data", "padding"]);
    expect(value(padded, "ip.checksum.status")).toBe("good");
    expect(value(padded, "udp.checksum.status")).toBe("good");
    expect(value(padded, "udp.dstport")).toBe(53);
    expect(dissect(padded, 1).summary).toBe("UDP, 4000 > 53, 5 bytes");
    padded[46] = 1;
    expect(value(padded, "udp.checksum.status")).toBe("bad");
  });

  it("lists TCP options with their places", () => {
    const bytes = frame(packet(tcp(), { protocol: 6 }));
    const options = layersOf(bytes)[2]?.fields.filter((field) => field.name.startsWith("tcp.options"));
    expect(options?.map((field) => [field.name, field.value, field.range])).toEqual([
      ["tcp.options.mss_val", 1460, [54, 58]],
      ["tcp.options.nop", "", [58, 59]],
      ["tcp.options.wscale.shift", 7, [59, 62]],
    ]);
  });

  it("does not look for a header in a later fragment, nor trust a first one's checksum", () => {
    expect(names(frame(packet(udp().subarray(0, 8), { fragmentOffset: 8 })))).toEqual(["eth", "ip", "data"]);
    const first = frame(packet(udp().subarray(0, 8), { moreFragments: true }));
    expect(names(first)).toEqual(["eth", "ip", "udp"]);
    expect(value(first, "udp.checksum.status")).toBe("unverified");
  });

  it("reads the packet an ICMP error quotes, cut after 8 bytes of TCP without calling it damaged", () => {
    const quoted = packet(tcp(), { protocol: 6 }).subarray(0, 28);
    const layers = layersOf(frame(packet(icmp(3, quoted), { protocol: 1 })));
    expect(layers.map((layer) => [layer.protocol, layer.quotes])).toEqual([
      ["eth", 0],
      ["ip", 0],
      ["icmp", 0],
      ["ip", 1],
      ["tcp", 1],
    ]);
    expect(layers.map((layer) => layer.error)).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(layers[4]?.fields.map((field) => field.name)).toEqual(["tcp.srcport", "tcp.dstport", "tcp.seq_raw"]);
  });

  it("ends quotations within quotations", () => {
    let message = packet(udp());
    for (let i = 0; i < 40; i++) message = packet(icmp(11, message), { protocol: 1 });
    expect(layersOf(frame(message)).length).toBeLessThanOrEqual(DISSECT_LAYERS_MAX + 2);
  });

  it("names ARP requests and 802.1Q tags", () => {
    const arp = emitArp({
      operation: 1,
      senderMac: 1 as MacAddress,
      senderIp: between.source,
      targetMac: 0 as MacAddress,
      targetIp: between.target,
    });
    expect(dissect(frame(arp, 0x0806), 1).summary).toBe("Who has 10.0.0.2? Tell 10.0.0.1");
    const tagged = frame(Uint8Array.of(0x60, 5, 8, 0, ...packet(udp())), 0x8100);
    expect(names(tagged)).toEqual(["eth", "vlan", "ip", "udp", "data"]);
    expect([value(tagged, "vlan.id"), value(tagged, "vlan.priority")]).toEqual([5, 3]);
  });

  it.each([
    ["a version other than 4", 14, 0x65, "the version is not 4"],
    ["a header of 16 bytes", 14, 0x44, "the header length is below its minimum"],
    ["a total length past the end", 17, 200, "cut short"],
    ["a total length inside the header", 17, 10, "the total length is below the header's"],
  ])("reports %s as the layer's error", (_, at, byte, error) => {
    const bytes = frame(packet(udp()));
    bytes[at] = byte;
    expect(layersOf(bytes)[1]?.error).toContain(error);
  });

  it("knows the other link types", () => {
    const bytes = packet(udp());
    expect(dissect(bytes, 101).layers.map((layer) => layer.protocol)).toEqual(["ip", "udp", "data"]);
    expect(dissect(Uint8Array.of(2, 0, 0, 0, ...bytes), 0).layers.map((layer) => layer.protocol)).toEqual([
      "null",
      "ip",
      "udp",
      "data",
    ]);
    const cooked = Uint8Array.of(0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0, ...bytes);
    expect(dissect(cooked, 113).layers.map((layer) => layer.protocol)).toEqual(["sll", "ip", "udp", "data"]);
  });

  it("never throws, covers every byte, and keeps fields inside the frame", () => {
    const valid = [
      frame(packet(udp())),
      frame(packet(tcp(), { protocol: 6 })),
      frame(packet(icmp(3, packet(tcp(), { protocol: 6 })), { protocol: 1 })),
      frame(packet(packet(udp()), { protocol: 4 })),
    ];
    const check = (bytes: Uint8Array, linkType: number): void => {
      const covered = new Uint8Array(bytes.length);
      for (const layer of dissect(bytes, linkType).layers) {
        covered.fill(1, layer.range[0], layer.range[1]);
        for (const [from, to] of [layer.range, ...layer.fields.map((field) => field.range)]) {
          expect(from >= 0 && from <= to && to <= bytes.length).toBe(true);
        }
      }
      expect(covered.every((mark) => mark === 1)).toBe(true);
    };
    for (const bytes of valid) {
      for (let length = 0; length <= bytes.length; length++) check(bytes.subarray(0, length), 1);
    }
    const linkType = fc.constantFrom(0, 1, 101, 108, 113, 147);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120, size: "max" }), linkType, check), { numRuns: runs(500) });
    fc.assert(
      fc.property(fc.constantFrom(...valid), fc.nat(60), fc.nat(255), (bytes, at, byte) => {
        const damaged = bytes.slice();
        damaged[Math.min(at, damaged.length - 1)] = byte;
        check(damaged, 1);
      }),
      { numRuns: runs(1000) },
    );
  });
});
