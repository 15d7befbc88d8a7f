/**
 * The text printer against tcpdump itself. `tcpdump-4.99.txt` holds what tcpdump 4.99.3 printed for the frames of
 * sample-frames.ts; to renew it, run this file with TCPDUMP=/path/to/tcpdump ACCEPT=1. Where a tcpdump is installed,
 * all ARP and ICMP lines of the real captures must be equal too, and UDP and TCP up to what they carry.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../core/base/bytes.ts";
import { readCapture } from "../../core/wire/capture-reader.ts";
import { dissect } from "../../core/wire/dissect.ts";
import { PcapWriter } from "../../core/wire/pcap.ts";
import { PacketPrinter, type PacketToPrint, type TcpdumpOptions } from "../../core/wire/tcpdump.ts";
import { samplePackets } from "./sample-frames.ts";

const GOLDEN = join(import.meta.dirname, "tcpdump-4.99.txt");
const FOLDER = join(import.meta.dirname, "../../../shared/data/captures");
const TCPDUMP = process.env["TCPDUMP"] ?? "/usr/bin/tcpdump";

const RUNS: readonly (readonly [flags: string, options: TcpdumpOptions])[] = [
  ["-t", { time: "none" }],
  ["-t -e", { time: "none", linkHeader: true }],
  ["-tt -v", { time: "epoch", verbosity: 1 }],
  ["-ttt -vv -e", { time: "delta", verbosity: 2, linkHeader: true }],
  ["-tttt -S", { time: "date", absoluteSequence: true }],
  ["-ttttt -q", { time: "since-first", quiet: true }],
  ["-XX -c 3", { hex: "XX" }],
  ["-X -c 3", { hex: "X" }],
  ["-xx -c 3", { hex: "xx" }],
  ["-x -c 3", { hex: "x" }],
  ["--nano -q -e", { nanoseconds: true, quiet: true, linkHeader: true }],
];

function ask(flags: string, path: string): string {
  const options = ["-Z", "root", "-n", ...flags.split(" "), "-r", path];
  return spawnSync(TCPDUMP, options, { encoding: "utf8", env: { TZ: "UTC" }, maxBuffer: 2 ** 26 }).stdout;
}

function pcapOf(packets: readonly PacketToPrint[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter((chunk) => void chunks.push(chunk), 1);
  for (const packet of packets) writer.writePacket(packet.time, packet.data, packet.originalLength);
  return concatBytes(chunks);
}

const printAll = (packets: readonly PacketToPrint[], options: TcpdumpOptions): string => {
  const printer = new PacketPrinter(options);
  return packets.map((packet) => `${printer.print(packet)}\n`).join("");
};

function askAboutSamples(): string {
  const folder = mkdtempSync(join(tmpdir(), "tcpdump-"));
  try {
    const path = join(folder, "samples.pcap");
    writeFileSync(path, pcapOf(samplePackets()));
    return RUNS.map(([flags]) => `=== tcpdump -n ${flags}\n${ask(flags, path)}`).join("");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const installed = existsSync(TCPDUMP);
if (installed && process.env["ACCEPT"] === "1") writeFileSync(GOLDEN, askAboutSamples());

describe("lines as tcpdump 4.99 prints them", () => {
  const sections = new Map(
    readFileSync(GOLDEN, "utf8")
      .split(/^=== tcpdump -n /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf("\n")), section.slice(section.indexOf("\n") + 1)]),
  );
  it.each(RUNS)("%s", (flags, options) => {
    const count = Number(/-c (\d+)/.exec(flags)?.[1] ?? Infinity);
    expect(printAll(samplePackets().slice(0, count), options).split("\n")).toEqual(sections.get(flags)?.split("\n"));
  });
});

const ready = installed && existsSync(FOLDER);
const title = ready ? "real captures" : `real captures: SKIPPED, there is no ${installed ? FOLDER : TCPDUMP}`;

describe.skipIf(!ready)(title, () => {
  it("prints ARP, ICMP, and UDP and TCP without their payload, as tcpdump does", () => {
    const different: string[] = [];
    let compared = 0;
    for (const file of readdirSync(FOLDER)) {
      const path = join(FOLDER, file);
      const { packets } = readCapture(readFileSync(path));
      // Payloads that tcpdump describes on lines of their own begin with a tab or a blank.
      const theirs = ask("-tttt -q", path)
        .split("\n")
        .filter((line) => /^\d/.test(line));
      if (theirs.length !== packets.length) continue;
      const printer = new PacketPrinter({ time: "date", quiet: true });
      packets.forEach((packet, i) => {
        const line = printer.print({ ...packet, time: packet.time ?? { seconds: 0, nanoseconds: 0 } });
        if (!isPrinted(packet.data, packet.linkType)) return;
        compared++;
        if (line.split("\n")[0] !== theirs[i]) different.push(`${file} ${i + 1}\n${line}\n${theirs[i]}`);
      });
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(1000);
  }, 120_000);
});

function isPrinted(data: Uint8Array, linkType: number): boolean {
  const own = dissect(data, linkType).layers.filter((layer) => layer.quotes === 0);
  const last = own.findLast((layer) => layer.protocol !== "data" && layer.protocol !== "padding");
  return ["arp", "icmp", "udp", "tcp"].includes(last?.protocol ?? "");
}
