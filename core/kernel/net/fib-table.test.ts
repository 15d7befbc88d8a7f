import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskOf, networkOf, type Ipv4Address } from "../../wire/address.ts";
import { NetWorld, Segment } from "../../../test/harness/net.ts";
import { FibTable, type FibEntry } from "./fib-table.ts";
import { E } from "../syscall/errno.ts";

const world = new NetWorld();
const host = world.host("a");
const segment = new Segment(world);
const devices = [host.device(segment), host.device(segment), null];

const entry = (network: number, prefixLength: number, metric: number, device: number): FibEntry => ({
  type: devices[device] ? "unicast" : "blackhole",
  network: networkOf(network as Ipv4Address, prefixLength),
  prefixLength,
  gateway: 0 as Ipv4Address,
  device: devices[device] ?? null,
  metric,
  source: 0 as Ipv4Address,
  mtu: 0,
  protocol: "static",
  scope: "global",
});

/** Few distinct networks, so that prefixes nest and collide. */
const network = fc.oneof(
  fc.constantFrom(0, 0x0a000000, 0x0a000080, 0x0a0000ff, 0xc0a80000, 0xffffffff, 0x80000000),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const entries = fc.array(
  fc.tuple(network, fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
  { maxLength: 40 },
);

/** What the table must find, by looking at everything. */
function naive(known: readonly FibEntry[], target: number, deviceIndex: number): FibEntry | null {
  let best: FibEntry | null = null;
  for (const candidate of known) {
    if (((target ^ candidate.network) & maskOf(candidate.prefixLength)) !== 0) continue;
    if (deviceIndex !== 0 && candidate.device !== null && candidate.device.index !== deviceIndex) continue;
    const longer = best === null || candidate.prefixLength > best.prefixLength;
    if (longer || (candidate.prefixLength === best?.prefixLength && candidate.metric < best.metric)) best = candidate;
  }
  return best;
}

describe("FibTable", () => {
  it("finds the longest prefix, then the lowest metric, as a scan of all would", () => {
    fc.assert(
      fc.property(entries, fc.array(network, { minLength: 1, maxLength: 20 }), (routes, targets) => {
        const table = new FibTable();
        const known: FibEntry[] = [];
        routes.forEach(([n, length, metric, device], index) => {
          const made = entry(n, length, metric, device);
          if (table.insert(made, "new") === 0) known.push(made);
          if (index % 5 === 4) {
            const victim = known.splice(index % known.length, 1)[0];
            if (victim !== undefined) expect(table.remove(victim)).toBe(true);
          }
        });
        expect(table.size).toBe(known.length);
        expect(new Set(table.entries())).toEqual(new Set(known));
        for (const target of [...targets, ...known.map((one) => one.network)]) {
          for (const device of [0, 2, 3]) {
            expect(table.lookup(target as Ipv4Address, device)).toBe(naive(known, target, device));
          }
        }
      }),
    );
  });

  it("refuses, replaces and appends as asked", () => {
    const table = new FibTable();
    const first = entry(0x0a000000, 8, 0, 0);
    expect(table.insert(first, "new")).toBe(0);
    expect(table.insert(entry(0x0a000000, 8, 0, 1), "new")).toBe(-E.EEXIST);
    expect(table.insert(entry(0x0a000000, 8, 0, 0), "append")).toBe(-E.EEXIST);
    const other = entry(0x0a000000, 8, 0, 1);
    expect(table.insert(other, "append")).toBe(0);
    expect(table.lookup(0x0a010101 as Ipv4Address, 0)).toBe(first);
    expect(table.lookup(0x0a010101 as Ipv4Address, 3)).toBe(other);
    const instead = entry(0x0a000000, 8, 0, 1);
    expect(table.insert(instead, "replace")).toBe(0);
    expect(table.entries()).toEqual([instead, other]);
    expect(table.remove(first)).toBe(false);
  });
});
