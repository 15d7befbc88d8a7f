import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { put16, put32, put8 } from "../../base/bytes.ts";
import { Hosts } from "../lib/hosts.ts";
import { compileFilter } from "./filter.ts";
import { runs } from "../../../test/harness/long.ts";

const hosts = new Hosts("10.0.0.1 h1\n10.0.0.2 h2\n");

/** 10.0.0.1:1000 to 10.0.0.2:53 over UDP unless told otherwise. */
function frame(
  how: { protocol?: number; vlan?: number; fragment?: number; sourcePort?: number; targetPort?: number } = {},
): Uint8Array {
  const tag = how.vlan === undefined ? 0 : 4;
  const bytes = new Uint8Array(14 + tag + 20 + 20);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
  put16(bytes, 12, how.vlan === undefined ? 0x0800 : 0x8100);
  if (how.vlan !== undefined) {
    put16(bytes, 14, how.vlan);
    put16(bytes, 16, 0x0800);
  }
  const at = 14 + tag;
  put8(bytes, at, 0x45);
  put16(bytes, at + 6, how.fragment ?? 0);
  put8(bytes, at + 8, 64);
  put8(bytes, at + 9, how.protocol ?? 17);
  put32(bytes, at + 12, 0x0a000001);
  put32(bytes, at + 16, 0x0a000002);
  put16(bytes, at + 20, how.sourcePort ?? 1000);
  put16(bytes, at + 22, how.targetPort ?? 53);
  return bytes;
}

function arpFrame(): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6]);
  put32(bytes, 14 + 14, 0x0a000001);
  put32(bytes, 14 + 24, 0x0a000009);
  return bytes;
}

function matches(text: string, bytes: Uint8Array): boolean {
  const filter = compileFilter(text, hosts);
  if (!filter.ok) throw new Error(filter.error);
  return filter.value(bytes, bytes.length, 1);
}

describe("compileFilter", () => {
  const udp = frame();
  it.each([
    ["", true],
    ["udp", true],
    ["tcp", false],
    ["icmp or udp", true],
    ["host 10.0.0.1", true],
    ["host h2", true],
    ["10.0.0.1", true],
    ["src 10.0.0.1", true],
    ["dst 10.0.0.1", false],
    ["src or dst host 10.0.0.2", true],
    ["src and dst host 10.0.0.2", false],
    ["net 10.0.0.0/24", true],
    ["net 10", true],
    ["dst net 10.0.1.0/24", false],
    ["net 10.0.0.0 mask 255.0.0.0", true],
    ["port 53", true],
    ["src port 53", false],
    ["udp dst port 53", true],
    ["tcp port 53", false],
    ["port 80 or 53", true],
    ["portrange 50-60", true],
    ["not port 53", false],
    ["! arp && (udp || tcp)", true],
    ["not udp or udp", true],
    ["ip proto 17", true],
    ["ip proto \\udp", true],
    ["ether host 02:00:00:00:00:01", true],
    ["ether dst 02:00:00:00:00:01", false],
    ["ether proto 0x0800", true],
    ["ether broadcast", false],
    ["ip host 10.0.0.1", true],
    ["arp host 10.0.0.1", false],
    ["less 60", true],
    ["greater 60", false],
    ["len > 50", true],
    ["ip[8] = 64", true],
    ["ip[8] < 64", false],
    ["udp[2:2] == 53", true],
    ["ip[12:4] == 0x0a000001", true],
    ["(ip[8] + 1) * 2 == 130", true],
    ["ip[0] & 0xf == 5", true],
    ["tcp[tcpflags] & tcp-syn != 0", false],
    ["(len > 5 and udp)", true],
    ["vlan", false],
  ])("%s", (text, expected) => {
    expect(matches(text, udp)).toBe(expected);
  });

  it("looks behind VLAN tags only after `vlan`", () => {
    const tagged = frame({ vlan: 0x2005 });
    expect(matches("udp", tagged)).toBe(false);
    expect(matches("vlan and udp port 53", tagged)).toBe(true);
    expect(matches("vlan 5", tagged)).toBe(true);
    expect(matches("vlan 6", tagged)).toBe(false);
  });

  it("finds no ports in later fragments", () => {
    expect(matches("port 53", frame({ fragment: 0x0010 }))).toBe(false);
    expect(matches("udp", frame({ fragment: 0x0010 }))).toBe(true);
  });

  it("reads ARP and ICMP", () => {
    expect(matches("host 10.0.0.9", arpFrame())).toBe(true);
    expect(matches("arp and broadcast", arpFrame())).toBe(true);
    expect(matches("ip", arpFrame())).toBe(false);
    const echo = frame({ protocol: 1, sourcePort: 0x0800 });
    expect(matches("icmp[icmptype] == icmp-echo", echo)).toBe(true);
    expect(matches("icmp[icmptype] == icmp-echoreply", echo)).toBe(false);
  });

  it.each([
    ["port", "syntax error at the end"],
    ["udp and", "syntax error at the end"],
    ["(udp", "syntax error at the end"],
    ["udp)", "syntax error at ')'"],
    ["host nowhere", "unknown host 'nowhere'"],
    ["port 70000", "illegal port '70000'"],
    ["net 10.0.0.1/24", 'non-network bits set in "10.0.0.1/24"'],
    ["icmp port 5", "'icmp' has no ports"],
    ["ip[0:3] = 1", "data size must be 1, 2, or 4"],
    ["udp ;", "illegal token: ;"],
  ])("refuses %s", (text, message) => {
    const filter = compileFilter(text, hosts);
    expect(filter.ok ? "" : filter.error).toContain(message);
  });

  const words = fc.constantFrom(
    ...(
      "and or not ( ) [ ] host port net vlan udp tcp icmp ip arp ether src dst 10.0.0.1 10.0.0.0/8 53 1-2 " +
      "len less greater = < & + : proto mask 0x10 ! icmptype"
    ).split(" "),
  );
  it("never throws, whatever the text and the frame", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 15 }).map((each) => each.join(" ")),
        ),
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(1, 101),
        (text, bytes, linkType) => {
          const filter = compileFilter(text, hosts);
          if (filter.ok) expect(typeof filter.value(bytes, bytes.length, linkType)).toBe("boolean");
          else expect(filter.error).not.toBe("");
        },
      ),
      { numRuns: runs(5000) },
    );
  });

  it("takes deep nesting and long expressions without a stack overflow", () => {
    expect(compileFilter("(".repeat(10_000), hosts).ok).toBe(false);
    expect(compileFilter("not ".repeat(10_000) + "udp", hosts).ok).toBe(false);
    expect(compileFilter("not ".repeat(400) + "udp", hosts).ok).toBe(false);
  });
});
