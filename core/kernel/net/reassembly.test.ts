import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SECOND } from "../../base/time.ts";
import { parseIcmp } from "../../wire/icmp.ts";
import { checksum } from "../../wire/checksum.ts";
import { IPPROTO_ICMP, parseIpv4Packet } from "../../wire/ipv4.ts";
import type { Ipv4Option } from "../../wire/ipv4-options.ts";
import type { FakeDevice, NetHost } from "../../../test/harness/net.ts";
import { ip, ipPacket, NetWorld, Segment } from "../../../test/harness/net.ts";
import { Fragmenter } from "./fragment.ts";
import { runs } from "../../../test/harness/long.ts";

const SOURCE = ip("10.0.0.2");
const TARGET = ip("10.0.0.1");

function receiver(): { world: NetWorld; host: NetHost; device: FakeDevice; wire: Segment } {
  const world = new NetWorld();
  const wire = new Segment(world);
  const host = world.host("a");
  return { world, host, device: host.device(wire, "10.0.0.1/24"), wire };
}

/** The packet's fragments, as bytes, cut by the code under test. */
function cut(host: NetHost, packet: Uint8Array, mtu: number): Uint8Array[] {
  const skb = host.core.skbs.alloc(packet.length);
  skb.bytes.set(packet, skb.put(packet.length));
  skb.networkHeader = skb.data;
  const pieces = new Fragmenter(host.core, skb, mtu);
  const all: Uint8Array[] = [];
  for (let piece = pieces.next(); piece !== null; piece = pieces.next()) {
    all.push(piece.view().slice());
    host.core.skbs.free(piece);
  }
  host.core.skbs.free(skb);
  return all;
}

const fragment = (offset: number, length: number, more: boolean, fill = 0): Uint8Array =>
  ipPacket({
    source: SOURCE,
    target: TARGET,
    id: 7,
    moreFragments: more,
    fragmentOffset: offset,
    payload: new Uint8Array(length).fill(fill),
  });

const payloadOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31) & 255);

describe("fragmentation, then reassembly", () => {
  it("gives the datagram when nothing is lost, else nothing, in any order, with any repetition", () => {
    const scenario = fc.record({
      size: fc.integer({ min: 9, max: 3000 }),
      mtu: fc.integer({ min: 68, max: 1500 }),
      order: fc.infiniteStream(fc.nat()),
      lost: fc.option(fc.nat(), { freq: 2 }),
      repeats: fc.array(fc.nat(), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(scenario, ({ size, mtu, order, lost, repeats }) => {
        const { world, host, device } = receiver();
        host.set("net.ipv4.ipfrag_max_dist", 0);
        const payload = payloadOf(size);
        const pieces = cut(host, ipPacket({ source: SOURCE, target: TARGET, payload }), mtu);
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(mtu);
          expect(checksum(piece, 0, 20)).toBe(0);
        }
        const kept = pieces.filter((_, index) => lost === null || index !== lost % pieces.length);
        const sent = [...kept];
        // Repetitions go first, while the datagram is still incomplete.
        for (const index of repeats) if (kept.length > 1) sent.unshift(kept[index % (kept.length - 1)] as Uint8Array);
        for (let i = sent.length - 1; i > 0; i--) {
          const j = (order.next().value ?? 0) % (i + 1);
          [sent[i], sent[j]] = [sent[j] as Uint8Array, sent[i] as Uint8Array];
        }
        for (const piece of sent) device.hearPacket(piece);
        host.stack.checkInvariants();
        const got = host.udp.received;
        if (lost !== null) expect(got).toEqual([]);
        else {
          expect(got.length).toBeGreaterThanOrEqual(1);
          for (const one of got) expect(one.payload).toEqual(payload);
        }
        // Time for the error about a missing fragment to find out that nobody is there.
        world.run(40 * SECOND);
        expect(world.unaccounted).toBe(0);
        expect(world.skbs.outstanding).toBe(0);
        expect(host.stack.reassembly.memory).toBe(0);
      }),
      { numRuns: runs(200) },
    );
  });

  it("works on fragments of fragments", () => {
    const { host, device } = receiver();
    const payload = payloadOf(2500);
    const pieces = cut(host, ipPacket({ source: SOURCE, target: TARGET, payload }), 1500).flatMap((piece) =>
      cut(host, piece, 700),
    );
    for (const piece of pieces.reverse()) device.hearPacket(piece);
    expect(host.udp.received.map((one) => one.payload)).toEqual([payload]);
  });

  it("carries an option into later fragments only if its copy bit says so", () => {
    const { host } = receiver();
    const options: Ipv4Option[] = [
      { kind: "record-route", pointer: 4, route: [0 as never, 0 as never] },
      { kind: "router-alert", value: 0 },
      { kind: "nop" },
    ];
    const pieces = cut(host, ipPacket({ source: SOURCE, target: TARGET, payload: payloadOf(400), options }), 200);
    const kinds = pieces.map((piece) => {
      const parsed = parseIpv4Packet(piece);
      return parsed.ok ? parsed.value.options.map((option) => option.kind).filter((kind) => kind !== "nop") : [];
    });
    expect(kinds).toEqual([["record-route", "router-alert"], ["router-alert"], ["router-alert"]]);
  });
});

describe("reassembly", () => {
  it("gives up after 30 s and tells the sender, if it has the first fragment", () => {
    for (const [offset, errors] of [
      [0, 1],
      [64, 0],
    ] as const) {
      const { world, host, device, wire } = receiver();
      host.stack.neighbours.set(device, SOURCE, 0x020000000042 as never, true);
      device.hearPacket(fragment(offset, 64, true));
      world.run(29 * SECOND);
      expect(host.stack.queuedPackets()).toBe(1);
      world.run(2 * SECOND);
      expect(host.core.drops.of("FRAG_REASM_TIMEOUT")).toBe(1);
      expect([host.core.snmp.ip.ReasmTimeout, host.core.snmp.ip.ReasmFails]).toEqual([1, 1]);
      const answers = wire.packets().filter((packet) => packet.protocol === IPPROTO_ICMP);
      expect(answers.length).toBe(errors);
      for (const answer of answers) {
        const parsed = parseIcmp(answer.payload);
        expect(parsed.ok && [parsed.value.type, parsed.value.code]).toEqual([11, 1]);
      }
    }
  });

  /** Fragments as [offset, length, more], and why the last one dies. */
  const CASES = {
    "repeated exactly": ["DUP_FRAG", [0, 64, true], [0, 64, true]],
    "inside what is there": ["DUP_FRAG", [0, 64, true], [64, 64, true], [32, 64, true]],
    "over the end of another": ["FRAG_OVERLAP", [0, 64, true], [56, 64, true]],
    "over the start of another": ["FRAG_OVERLAP", [64, 64, true], [0, 72, true]],
    "around another": ["FRAG_OVERLAP", [64, 64, true], [0, 256, true]],
    "behind the last": ["FRAG_MALFORMED", [64, 10, false], [80, 8, true]],
    "a last before the end": ["FRAG_MALFORMED", [64, 64, true], [8, 8, false]],
    "a second last elsewhere": ["FRAG_MALFORMED", [64, 10, false], [128, 10, false]],
    "without data": ["FRAG_MALFORMED", [0, 64, true], [64, 4, true]],
    "beyond 65,535": ["FRAG_TOO_FAR", [0, 64, true], [65_528, 64, false]],
  } as const;
  for (const [name, [reason, ...fragments]] of Object.entries(CASES)) {
    it(`refuses a fragment that is ${name}: ${reason}`, () => {
      const { world, host, device } = receiver();
      for (const [offset, length, more] of fragments) device.hearPacket(fragment(offset, length, more));
      const dies = reason === "DUP_FRAG" ? 1 : fragments.length;
      expect(host.core.drops.of(reason)).toBe(dies);
      expect(host.stack.queuedPackets()).toBe(fragments.length - dies);
      expect(host.core.snmp.ipExt.ReasmOverlaps).toBe(reason === "FRAG_OVERLAP" ? 1 : 0);
      world.run(31 * SECOND);
      expect(world.unaccounted).toBe(0);
    });
  }

  it("stays within its memory, oldest out first", () => {
    const { host, device } = receiver();
    host.set("net.ipv4.ipfrag_high_thresh", 20_000);
    host.set("net.ipv4.ipfrag_low_thresh", 10_000);
    for (let id = 0; id < 100; id++) {
      device.hearPacket(ipPacket({ source: SOURCE, target: TARGET, id, moreFragments: true, payload: payloadOf(64) }));
      expect(host.stack.reassembly.memory).toBeLessThanOrEqual(20_000);
    }
    expect(host.core.drops.of("FRAG_MEMORY")).toBe(100 - host.stack.queuedPackets());
    // The newest is still there.
    const rest = ipPacket({ source: SOURCE, target: TARGET, id: 99, fragmentOffset: 64, payload: payloadOf(8) });
    device.hearPacket(rest);
    expect(host.udp.received.length).toBe(1);
  });

  it("does not mix a datagram with one from long ago", () => {
    const { host, device } = receiver();
    device.hearPacket(fragment(0, 64, true, 1));
    for (let i = 0; i < 70; i++) {
      const other = { source: SOURCE, target: TARGET, id: 1000 + i, moreFragments: true, payload: payloadOf(8) };
      device.hearPacket(ipPacket(other));
    }
    device.hearPacket(fragment(64, 64, false, 2));
    expect(host.udp.received).toEqual([]);
    expect(host.core.drops.of("FRAG_STALE")).toBe(1);
  });
});
