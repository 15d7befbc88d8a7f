/** Wireshark's own tools read what the exporter writes: interfaces, names, times, directions, comments, FCS errors. */
import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { CapturedFrame, CaptureInterface } from "../../core/contract/capture.ts";
import { checksumFold, checksumPartial } from "../../core/wire/checksum.ts";
import { PcapngExporter } from "../../core/trace/pcapng-exporter.ts";
import { output, Scratch } from "../cli/command.ts";

// Wireshark's tools take seconds to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const hasTshark = process.env["LASTACK_NO_TSHARK"] === undefined && output("tshark", ["--version"]) !== null;

const INTERFACES: readonly CaptureInterface[] = ["h1", "r1"].map((node, index) => ({
  name: `${node}:eth0`,
  node,
  nic: "eth0",
  mac: 0x020000000100 + index * 256,
  addresses: [{ address: 0x0a000101 + index, prefixLength: 24 }],
  speed: 100_000_000,
}));

/** An ICMP echo request from 10.0.1.1 to 10.0.1.2, padded to the shortest Ethernet frame. */
function echoRequest(): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set([2, 0, 0, 0, 2, 0, 2, 0, 0, 0, 1, 0, 8, 0]);
  bytes.set([0x45, 0, 0, 32, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 1, 1, 10, 0, 1, 2], 14);
  bytes.set([8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4], 34);
  for (const [at, from, length] of [
    [24, 14, 20],
    [36, 34, 12],
  ] as const) {
    const sum = checksumFold(checksumPartial(bytes, from, length));
    bytes[at] = sum >> 8;
    bytes[at + 1] = sum;
  }
  return bytes;
}

describe.skipIf(!hasTshark)("a capture in tshark (needs tshark and capinfos)", () => {
  const scratch = new Scratch();
  afterAll(() => scratch.remove());
  const file = scratch.file("x.pcapng");
  const chunks: Uint8Array[] = [];
  const exporter = new PcapngExporter({
    interfaces: INTERFACES,
    selected: [0, 1],
    names: [
      { name: "h1", address: 0x0a000101 },
      { name: "r1", address: 0x0a000102 },
    ],
    sink: (chunk) => void chunks.push(chunk.slice()),
  });
  const bytes = echoRequest();
  const frame: CapturedFrame = {
    interface: 0,
    time: 1_000_000_001,
    direction: "out",
    packetId: 42,
    fcsGood: true,
    dropReason: null,
    bytes,
    start: 0,
    length: bytes.length,
  };
  exporter.onFrame(frame);
  exporter.onFrame({ ...frame, interface: 1, time: 1_000_001_234, direction: "in" });
  exporter.onFrame({ ...frame, interface: 1, time: 2_000_000_000, direction: "in", dropReason: "FULL_RING" });
  exporter.finish(3_000_000_000);
  writeFileSync(file, Buffer.concat(chunks));

  const fields = (...names: string[]): string[][] => {
    const checked = ["-o", "ip.check_checksum:TRUE", "-N", "n", "-T", "fields", "-E", "separator=;"];
    const text = output("tshark", ["-r", file, ...checked, ...names.flatMap((name) => ["-e", name])]) ?? "";
    return text
      .trimEnd()
      .split("\n")
      .map((line) => line.split(";"));
  };

  it("shows interfaces, times to the nanosecond, directions, packet ids and comments", () => {
    const rows = fields("frame.interface_name", "frame.time_epoch", "frame.packet_id", "frame.packet_flags_direction");
    // Some versions of tshark print the direction in hexadecimal.
    expect(rows.map(([name, time, id, direction]) => [name, time, id, Number(direction)])).toEqual([
      ["h1:eth0", "946684801.000000001", "42", 2],
      ["r1:eth0", "946684801.000001234", "42", 1],
      ["r1:eth0", "946684802.000000000", "42", 1],
    ]);
    expect(fields("frame.comment").at(-1)?.[0]).toBe(
      "dropped: FULL_RING: no free descriptor in the receive ring when the frame arrived",
    );
  });

  it("resolves the names of hosts", () => {
    expect(fields("ip.src_host", "ip.dst_host")[0]).toEqual(["h1", "r1"]);
  });

  it("finds nothing malformed, no bad checksum, and no frame check sequence in the padding", () => {
    expect(fields("_ws.malformed", "ip.checksum.status", "icmp.checksum.status", "eth.fcs")[0]).toEqual([
      "",
      "1",
      "1",
      "",
    ]);
  });

  it("describes the interfaces to capinfos", () => {
    const text = output("capinfos", [file]) ?? "";
    expect(text).toContain("Number of packets:   3");
    expect(text).toContain("Number of interfaces in file: 2");
    expect(text).toContain("Name = r1:eth0");
    expect(text).toContain("Speed = 100000000");
    expect(text).toContain("Time precision = nanoseconds (9)");
    expect(text).toContain("Capture application: LastAck");
  });
});
