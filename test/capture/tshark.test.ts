/**
 * Wireshark's opinion of our captures: every sample lab is captured at all interfaces, and tshark finds no malformed
 * packet and no wrong checksum, knows the hosts by name, and sees every interface with its name, address and speed.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { PcapngExporter } from "../../core/trace/pcapng-exporter.ts";
import { hasTool, runTool } from "../harness/tools.ts";
import { LONG, sample } from "../harness/long.ts";
import { guestsFor } from "../harness/sandbox.ts";

const folder = join(import.meta.dirname, "../../resources/labs");
const labs = readdirSync(folder).filter((name) => name.endsWith(".lab.yaml"));
const temporary = mkdtempSync(join(tmpdir(), "lastack-capture-"));
afterAll(() => rmSync(temporary, { recursive: true }));

/** Long enough for every kind of packet a lab has; the rest of a long sweep is more of the same. */
const CAPTURED_NS = 6 * SECOND;
const FRAMES_MAX = LONG ? 200_000 : 5_000;

const CHECKS = ["ip", "udp", "tcp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);

function capture(
  file: string,
  commands: readonly { host: string; run: string }[] = [],
): { path: string; session: Session } {
  const lab = parseLab(readFileSync(join(folder, file), "utf8"), file);
  if (!lab.ok) throw new Error("the sample lab is right");
  const session = new Session(lab.value, guestsFor(lab.value, folder));
  const chunks: Uint8Array[] = [];
  const all = session.captureInterfaces.map((_, index) => index);
  const exporter = new PcapngExporter({
    interfaces: session.captureInterfaces,
    selected: all,
    names: session.names,
    sink: (chunk) => void chunks.push(chunk.slice()),
  });
  const stop = session.capture(all, exporter);
  commands.forEach(({ host, run }, index) =>
    expect(session.inject({ kind: "exec", node: host, command: run, console: index + 1 }).ok).toBe(true),
  );
  const step = SECOND / 10;
  for (let at = step; at <= Math.min(CAPTURED_NS, lab.value.durationNs) && exporter.frames < FRAMES_MAX; at += step) {
    session.advance(at as VirtualTime);
  }
  stop();
  exporter.finish(session.now);
  const path = join(temporary, `${file}.pcapng`);
  writeFileSync(path, Buffer.concat(chunks));
  return { path, session };
}

const missing = ["tshark", "capinfos"].filter((tool) => !hasTool(tool));
const why = missing.length === 0 ? "" : ` (SKIPPED: ${missing.join(" and ")} not installed)`;

describe.skipIf(missing.length > 0)(`captures as Wireshark reads them${why}`, () => {
  describe.each(sample(labs, 4))("%s", (file) => {
    const { path, session } = capture(file);

    test("no malformed packet, no wrong checksum", () => {
      const wrong =
        "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 || " +
        "tcp.checksum.status == 0 || icmp.checksum.status == 0";
      expect(runTool("tshark", ["-n", "-r", path, ...CHECKS, "-Y", wrong])).toBe("");
    });

    test("the checksums were really looked at", () => {
      const fields = ["-e", "ip.checksum.status", "-e", "udp.checksum.status", "-e", "icmp.checksum.status"];
      const statuses = runTool("tshark", [
        "-n",
        "-r",
        path,
        ...CHECKS,
        "-c",
        "2000",
        "-Y",
        "ip",
        "-T",
        "fields",
        ...fields,
      ]);
      expect(statuses).toContain("1");
    });

    test("hosts are known by name", () => {
      const hosts = runTool("tshark", [
        "-N",
        "n",
        "-r",
        path,
        "-c",
        "500",
        "-Y",
        "ip && ip.src != 0.0.0.0",
        "-T",
        "fields",
        "-e",
        "ip.src_host",
      ]);
      const names = new Set(session.names.map(({ name }) => name));
      const seen = [...new Set(hosts.trim().split("\n"))]
        .map((line) => line.split(",")[0] ?? "")
        .filter((name) => name !== "");
      expect(seen.length).toBeGreaterThan(0);
      // Invented addresses belong to nobody.
      const invents = readFileSync(join(folder, file), "utf8").includes("--rand-source");
      expect(seen.filter((name) => !names.has(name) && !invents)).toEqual([]);
    });

    test("every interface is there", () => {
      const text = runTool("capinfos", [path]);
      for (const one of session.captureInterfaces) expect(text).toContain(`Name = ${one.name}\n`);
      expect(text.match(/Time precision = nanoseconds/g)?.length).toBe(session.captureInterfaces.length);
    });
  });
});

describe.skipIf(missing.length > 0)(`tcpdump in the shell against tshark${why}`, () => {
  const commands = [
    { host: "h1", run: "tcpdump -n -tt -i eth0" },
    { host: "h1", run: "ping -c 3 -s 100 h2" },
    { host: "h1", run: "traceroute -n h2" },
    { host: "h2", run: "ping -c 1 -s 3000 h1" },
  ];
  const { path, session } = capture("ping-across-a-router.lab.yaml", commands);

  test("the same packets, times, addresses and contents, line by line", () => {
    session.inject({ kind: "input", console: 1, text: "\u0003" });
    session.advance((session.now + SECOND) as VirtualTime);
    const output = session.report().consoles.find((console) => console.console === 1)?.output ?? "";
    const lines = output.split("\n").filter((line) => /^\d+\.\d+ (IP|ARP)/.test(line));
    const expected = tsharkLines(path, "h1:eth0");
    expect(lines.length).toBeGreaterThan(20);
    expect(lines).toEqual(expected.slice(0, lines.length));
    // What tcpdump had not seen when it was stopped came in the last instant of the capture.
    expect(expected.length - lines.length).toBeLessThan(2);
  });
});

const FIELDS = [
  "frame.time_epoch frame.len frame.packet_flags_direction",
  "arp.opcode arp.src.proto_ipv4 arp.dst.proto_ipv4 arp.src.hw_mac",
  "ip.src ip.dst ip.len ip.frag_offset ip.flags.mf ip.proto icmp.type icmp.code icmp.ident icmp.seq",
  "udp.srcport udp.dstport udp.length",
].flatMap((line) => line.split(" "));

/** What tcpdump -n -tt would print, put together from tshark's fields. */
function tsharkLines(path: string, name: string): string[] {
  const args = [
    "-n",
    "-r",
    path,
    "-o",
    "ip.defragment:FALSE",
    "-Y",
    `frame.interface_name == "${name}"`,
    "-T",
    "fields",
    "-E",
    "separator=|",
    "-E",
    "occurrence=a",
    "-E",
    "aggregator=,",
  ];
  return runTool("tshark", [...args, ...FIELDS.flatMap((field) => ["-e", field])])
    .trim()
    .split("\n")
    .map((line) => {
      const values = line.split("|");
      return lineOf((field, occurrence = 0) => (values[FIELDS.indexOf(field)] ?? "").split(",")[occurrence] ?? "");
    });
}

/** Value of a field; of one that stands in a packet quoted by an ICMP error as well, the outermost. */
type Field = (name: string, occurrence?: number) => string;

function lineOf(field: Field): string {
  const [seconds = "", fraction = ""] = field("frame.time_epoch").split(".");
  const time = `${seconds}.${fraction.slice(0, 6)}`;
  if (field("arp.opcode") !== "") return `${time} ${arpLine(field)}`;
  const from = field("ip.src");
  const to = field("ip.dst");
  if (Number(field("ip.frag_offset")) > 0) return `${time} IP ${from} > ${to}: ip-proto-${field("ip.proto")}`;
  if (field("icmp.type") !== "") return `${time} IP ${from} > ${to}: ${icmpLine(field)}`;
  const length = Number(field("udp.length")) - 8;
  return `${time} IP ${from}.${field("udp.srcport")} > ${to}.${field("udp.dstport")}: UDP, length ${length}`;
}

function arpLine(field: Field): string {
  const [sender, target] = [field("arp.src.proto_ipv4"), field("arp.dst.proto_ipv4")];
  // A packet that leaves is seen before the NIC pads it to 60 bytes.
  const length = field("frame.packet_flags_direction") === "0x00000002" ? 28 : Number(field("frame.len")) - 14;
  return field("arp.opcode") === "1"
    ? `ARP, Request who-has ${target} tell ${sender}, length ${length}`
    : `ARP, Reply ${sender} is-at ${field("arp.src.hw_mac")}, length ${length}`;
}

function icmpLine(field: Field): string {
  const length = Number(field("ip.len")) - 20;
  const echo = `id ${field("icmp.ident")}, seq ${field("icmp.seq")}, length ${length}`;
  switch (field("icmp.type")) {
    case "0":
      return `ICMP echo reply, ${echo}`;
    case "8":
      return `ICMP echo request, ${echo}`;
    case "11":
      return `ICMP time exceeded in-transit, length ${length}`;
    default:
      return `ICMP ${field("ip.dst", 1)} udp port ${field("udp.dstport")} unreachable, length ${length}`;
  }
}
