/**
 * What test/wire cannot show by examples: no bytes make the printer throw, memory is bounded, the calendar is right.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ipv4Address } from "./address.ts";
import { PRINTER_FLOWS_MAX } from "./limits.ts";
import { PacketPrinter, type TcpdumpOptions } from "./tcpdump.ts";
import { SequenceOrigins } from "./tcpdump-flows.ts";
import { calendarDate, timeSpan } from "./tcpdump-numbers.ts";
import { runs } from "../../test/harness/long.ts";

const time = { seconds: 1_700_000_000, nanoseconds: 5 };

describe("the text printer", () => {
  it("prints any bytes", () => {
    const option = fc.constantFrom<TcpdumpOptions>({}, { verbosity: 2, linkHeader: true }, { hex: "XX", quiet: true });
    const start = fc.constantFrom(
      [],
      [0x45, 0, 0, 60],
      [0x46, 0, 0, 90, 0, 1, 0, 0, 64, 6],
      [0x45, 0, 0, 80, 0, 1, 0, 0, 64, 1],
    );
    const linkType = fc.constantFrom(0, 1, 101, 108, 113, 150);
    const junk = fc.uint8Array({ maxLength: 100, size: "max" });
    fc.assert(
      fc.property(option, fc.tuple(start, junk), linkType, fc.nat(200), (options, [head, tail], link, missing) => {
        const ethernet = link === 1 ? [...new Array<number>(12).fill(2), 8, tail.length % 2 === 0 ? 0 : 6] : [];
        const data = Uint8Array.from([...ethernet, ...head, ...tail]);
        const printer = new PacketPrinter(options);
        const text = printer.print({ time, data, originalLength: data.length + missing, linkType: link });
        expect(text).toMatch(/^22:13:20\.000000 /);
        expect(text).not.toContain("undefined");
        expect(text).not.toContain("NaN");
      }),
      { numRuns: runs(2000) },
    );
  });

  it("forgets the oldest flow at its limit", () => {
    const origins = new SequenceOrigins();
    const segment = (sourcePort: number) => ({
      ...{
        source: 1 as Ipv4Address,
        target: 2 as Ipv4Address,
        sourcePort,
        targetPort: 0,
        seq: 100,
        ack: 50,
        syn: false,
      },
    });
    for (let port = 1; port <= PRINTER_FLOWS_MAX + 1; port++) origins.relate(segment(port));
    expect(origins.size).toBe(PRINTER_FLOWS_MAX);
    expect(origins.relate(segment(2)).seq).toBe(0);
    expect(origins.relate(segment(1)).seq).toBe(100);
  });

  it.each([
    [0, "1970-01-01"],
    [86_399, "1970-01-01"],
    [951_782_400, "2000-02-29"],
    [951_868_800, "2000-03-01"],
    [1_709_251_199, "2024-02-29"],
    [4_107_542_400, "2100-03-01"],
    [-1, "1969-12-31"],
  ])("puts second %i on %s", (seconds, date) => expect(calendarDate({ seconds, nanoseconds: 0 })).toBe(date));

  it("measures spans forwards, backwards and over days", () => {
    const at = (seconds: number, nanoseconds: number) => ({ seconds, nanoseconds });
    expect(timeSpan(at(5, 900_000_000), at(7, 100_000_000), false)).toBe(" 00:00:01.200000");
    expect(timeSpan(at(7, 100_000_000), at(5, 900_000_000), true)).toBe("-00:00:01.200000000");
    expect(timeSpan(at(0, 0), at(90_000, 0), false)).toBe(" 1 days 01:00:00.000000");
  });
});
