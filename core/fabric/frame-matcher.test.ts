import fc from "fast-check";
import { expect, test } from "vitest";
import { BlockPool } from "../wire/block.ts";
import { FramePool, type Frame } from "../wire/frame.ts";
import { FrameMatcher, type FrameMatch } from "./frame-matcher.ts";

const frames = new FramePool(new BlockPool());

/** At an offset, since nothing may assume that a frame starts its block. */
function frameOf(bytes: readonly number[]): Frame {
  const block = frames.blocks.acquire(bytes.length + 10);
  block.bytes.set(bytes, block.start + 10);
  return frames.acquire(block, block.start + 10, bytes.length);
}

const addresses = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
/** 10.0.1.2:1000 to 10.0.2.3:53. */
const ipv4 = (protocol: number, fragment = 0) => [
  ...[0x45, 0, 0, 28, 0, 0, fragment >> 8, fragment & 255, 64, protocol, 0, 0, 10, 0, 1, 2, 10, 0, 2, 3],
  ...[3, 232, 0, 53, 0, 8, 0, 0],
];
const udp = [...addresses, 8, 0, ...ipv4(17)];
const tagged = [...addresses, 0x81, 0, 0, 5, 8, 0, ...ipv4(17)];
const fragment = [...addresses, 8, 0, ...ipv4(17, 100)];
const tcp = [...addresses, 8, 0, ...ipv4(6)];
const icmp = [...addresses, 8, 0, ...ipv4(1)];
const arp = [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, ...new Array<number>(46).fill(0)];
const KINDS = { udp, tagged, fragment, tcp, icmp, arp };

const CASES: [FrameMatch, (keyof typeof KINDS)[]][] = [
  [{}, ["udp", "tagged", "fragment", "tcp", "icmp", "arp"]],
  [{ protocol: "arp" }, ["arp"]],
  [{ protocol: "ipv4" }, ["udp", "tagged", "fragment", "tcp", "icmp"]],
  [{ protocol: "udp" }, ["udp", "tagged", "fragment"]],
  [{ protocol: "tcp" }, ["tcp"]],
  [{ protocol: "icmp" }, ["icmp"]],
  [{ ipProtocol: 6 }, ["tcp"]],
  [{ etherType: 0x0806 }, ["arp"]],
  [{ destinationPort: 53 }, ["udp", "tagged", "tcp"]],
  [{ protocol: "udp", sourcePort: 1000, destinationPort: 53 }, ["udp", "tagged"]],
  [{ sourcePort: 53 }, []],
  [{ source: { address: 0x0a000100, prefixLength: 24 } }, ["udp", "tagged", "fragment", "tcp", "icmp"]],
  [{ destination: { address: 0x0a000203, prefixLength: 32 }, protocol: "icmp" }, ["icmp"]],
  [{ destination: { address: 0x0a000204, prefixLength: 32 } }, []],
  [{ source: { address: 0, prefixLength: 0 } }, ["udp", "tagged", "fragment", "tcp", "icmp"]],
  [{ broadcast: true }, ["arp"]],
  [{ broadcast: false, protocol: "tcp" }, ["tcp"]],
  [{ destinationMac: 0x020000000002, bytesMin: 43 }, ["tagged"]],
  [{ sourceMac: 0x020000000001, bytesMax: 42 }, ["udp", "fragment", "tcp", "icmp"]],
];

test.each(CASES)("%j matches %j", (match, expected) => {
  const matcher = new FrameMatcher(match);
  const found = Object.entries(KINDS).filter(([, bytes]) => matcher.matches(frameOf(bytes)));
  expect(found.map(([name]) => name)).toEqual(expected);
});

test("a frame cut anywhere, or junk, never throws and never matches a field it does not have", () => {
  const ports = new FrameMatcher({ protocol: "udp", destinationPort: 53 });
  for (let length = 0; length < udp.length; length++) {
    expect(ports.matches(frameOf(udp.slice(0, length)))).toBe(length >= 38);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (junk) => {
      for (const [match] of CASES) expect(new FrameMatcher(match).matches(frameOf([...junk]))).toBeTypeOf("boolean");
    }),
  );
});
