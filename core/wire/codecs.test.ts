/** The laws every codec obeys: parse never throws, emit undoes it, and a cut header is never read as whole. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Result } from "../base/result.ts";
import { emitArp, parseArp } from "./arp.ts";
import { checksum } from "./checksum.ts";
import { emitEthernet, parseEthernet } from "./ethernet.ts";
import { emitIcmp, parseIcmp, sealIcmp } from "./icmp.ts";
import { emitIpv4Packet, parseIpv4Packet, sealIpv4 } from "./ipv4.ts";
import { emitTcp, parseTcp, sealTcp, tcpChecksum } from "./tcp.ts";
import { emitUdp, parseUdp, sealUdp, udpChecksum } from "./udp.ts";
import { emitVlan, parseVlan } from "./vlan.ts";
import type { Ipv4Address } from "./address.ts";

type Codec<T> = {
  readonly name: string;
  readonly parse: (bytes: Uint8Array) => Result<T, string>;
  readonly emit: (record: T) => Uint8Array;
  readonly headerBytes: number;
  /** Sets the few bytes without which junk is refused at once. */
  readonly plausible: (bytes: Uint8Array) => void;
};

const set = (bytes: Uint8Array, at: number, ...values: number[]): void => {
  values.forEach((value, i) => {
    if (at + i < bytes.length) bytes[at + i] = value;
  });
};

function laws<T>({ name, parse, emit, headerBytes, plausible }: Codec<T>): void {
  describe(name, () => {
    const junk = fc.uint8Array({ minLength: 0, maxLength: 120, size: "max" });
    it("reads back what it writes of all it could read", () => {
      let read = 0;
      fc.assert(
        fc.property(junk, (bytes) => {
          plausible(bytes);
          const first = parse(bytes);
          if (!first.ok) return;
          read++;
          expect(parse(emit(first.value))).toEqual(first);
        }),
        { numRuns: 500 },
      );
      expect(read).toBeGreaterThan(20);
    });

    it("never throws on junk, and refuses what is shorter than the header", () => {
      fc.assert(
        fc.property(junk, (bytes) => {
          const result = parse(bytes);
          if (bytes.length < headerBytes) expect(result.ok).toBe(false);
        }),
      );
    });

    it("never throws on valid bytes cut anywhere", () => {
      fc.assert(
        fc.property(junk, (bytes) => {
          plausible(bytes);
          for (let length = 0; length <= bytes.length; length++) parse(bytes.subarray(0, length));
        }),
        { numRuns: 30 },
      );
    });
  });
}

const nothing = (): void => undefined;
laws({ name: "Ethernet", parse: parseEthernet, emit: emitEthernet, headerBytes: 14, plausible: nothing });
laws({ name: "802.1Q", parse: parseVlan, emit: emitVlan, headerBytes: 4, plausible: nothing });
laws({ name: "ICMP", parse: parseIcmp, emit: emitIcmp, headerBytes: 8, plausible: nothing });
laws({
  name: "ARP",
  parse: parseArp,
  emit: emitArp,
  headerBytes: 28,
  plausible: (bytes) => set(bytes, 0, 0, 1, 8, 0, 6, 4),
});
laws({
  name: "UDP",
  parse: parseUdp,
  emit: emitUdp,
  headerBytes: 8,
  plausible: (bytes) => set(bytes, 4, 0, Math.max(8, bytes.length - ((bytes[3] ?? 0) % 4))),
});
laws({
  name: "IPv4",
  parse: parseIpv4Packet,
  emit: emitIpv4Packet,
  headerBytes: 20,
  plausible: (bytes) => {
    set(bytes, 0, 0x45 + ((bytes[1] ?? 0) % 6));
    set(bytes, 2, 0, bytes.length);
    set(bytes, 20, [7, 68, 131, 137, 148, 1, 0, 99][(bytes[4] ?? 0) % 8] ?? 0, 3 + ((bytes[5] ?? 0) % 9));
  },
});
laws({
  name: "TCP",
  parse: parseTcp,
  emit: emitTcp,
  headerBytes: 20,
  plausible: (bytes) => {
    set(bytes, 12, 0x50 + 16 * ((bytes[1] ?? 0) % 6));
    const kinds = [
      [2, 4],
      [3, 3],
      [4, 2],
      [5, 10],
      [8, 10],
      [34, 6],
      [77, 5],
      [1, 1],
    ];
    set(bytes, 20, ...(kinds[(bytes[4] ?? 0) % 8] ?? []));
  },
});

describe("sealing", () => {
  const data = fc.uint8Array({ minLength: 0, maxLength: 64 });
  const between = { source: 0x0a000001 as Ipv4Address, target: 0xc0a80001 as Ipv4Address };

  it("leaves a sum of zero over header and data", () => {
    fc.assert(
      fc.property(data, (payload) => {
        const udp = emitUdp({ sourcePort: 1, targetPort: 2, checksum: 0xbeef, payload });
        sealUdp(udp, 0, udp.length, between);
        expect(udpChecksum(udp, 0, udp.length, between)).toBe(0);
        const tcp = emitTcp({
          sourcePort: 1,
          targetPort: 2,
          seq: 3,
          ack: 4,
          flags: 16,
          window: 5,
          checksum: 6,
          urgent: 0,
          options: [],
          payload,
        });
        sealTcp(tcp, 0, tcp.length, between);
        expect(tcpChecksum(tcp, 0, tcp.length, between)).toBe(0);
        const icmp = emitIcmp({ type: 8, code: 0, checksum: 7, rest: 1, payload });
        sealIcmp(icmp, 0, icmp.length);
        expect(checksum(icmp, 0, icmp.length)).toBe(0);
      }),
    );
  });

  it("sends a UDP checksum that came to zero as ones", () => {
    // The source port makes up for all other words: addresses, protocol, both lengths of 8 and the target port.
    const bytes = emitUdp({ sourcePort: 0, targetPort: 0, checksum: 0, payload: new Uint8Array(0) });
    const missing = udpChecksum(bytes, 0, 8, between);
    const datagram = emitUdp({ sourcePort: missing, targetPort: 0, checksum: 0, payload: new Uint8Array(0) });
    sealUdp(datagram, 0, 8, between);
    expect([datagram[6], datagram[7]]).toEqual([255, 255]);
  });

  it("covers IPv4 options", () => {
    const packet = emitIpv4Packet({
      ...{ tos: 0, id: 1, dontFragment: false, moreFragments: false, reservedFlag: false, fragmentOffset: 0 },
      ...{ ttl: 1, protocol: 1, checksum: 0, ...between, payload: new Uint8Array(3) },
      options: [{ kind: "record-route", pointer: 4, route: [between.source, between.target] }],
    });
    sealIpv4(packet, 0);
    expect(packet.length).toBe(20 + 12 + 3);
    expect(checksum(packet, 0, 32)).toBe(0);
  });
});
