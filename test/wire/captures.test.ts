/**
 * Real captures, many broken on purpose: frame counts as capinfos has them, headers as tshark has them. The captures
 * and Wireshark's tools are not part of the project; without them the suite is skipped and says so.
 *
 * All captures are joined by mergecap and dissected by one tshark, since starting it costs more than its work here.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { CapturedPacket } from "../../core/wire/capture.ts";
import { readCapture } from "../../core/wire/capture-reader.ts";
import { dissect } from "../../core/wire/dissect.ts";
import type { Layer, LayerProtocol } from "../../core/wire/dissect-layers.ts";

const FOLDER = join(import.meta.dirname, "../../../shared/data/captures");

function missing(): string[] {
  const tools = ["capinfos", "mergecap", "tshark"].filter((tool) => !runs(tool));
  return existsSync(FOLDER) ? tools : [...tools, `captures in ${FOLDER}`];
}

function runs(tool: string): boolean {
  try {
    execFileSync(tool, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const absent = missing();
const title =
  absent.length === 0 ? "captures nobody here made" : `captures: SKIPPED, there is no ${absent.join(", no ")}`;

/** Fields compared where both sides have them, with the layer they belong to. */
const FIELDS: readonly (readonly [LayerProtocol, string])[] = [
  ["eth", "eth.src"],
  ["eth", "eth.dst"],
  ["vlan", "vlan.id"],
  ["arp", "arp.opcode"],
  ["arp", "arp.src.hw_mac"],
  ["arp", "arp.src.proto_ipv4"],
  ["arp", "arp.dst.hw_mac"],
  ["arp", "arp.dst.proto_ipv4"],
  ["ip", "ip.src"],
  ["ip", "ip.dst"],
  ["ip", "ip.proto"],
  ["ip", "ip.hdr_len"],
  ["ip", "ip.len"],
  ["ip", "ip.id"],
  ["ip", "ip.ttl"],
  ["ip", "ip.dsfield.dscp"],
  ["ip", "ip.dsfield.ecn"],
  ["ip", "ip.frag_offset"],
  ["ip", "ip.checksum"],
  ["ip", "ip.checksum.status"],
  ["icmp", "icmp.type"],
  ["icmp", "icmp.code"],
  ["icmp", "icmp.checksum"],
  ["icmp", "icmp.ident"],
  ["icmp", "icmp.seq"],
  ["udp", "udp.srcport"],
  ["udp", "udp.dstport"],
  ["udp", "udp.length"],
  ["udp", "udp.checksum"],
  ["udp", "udp.checksum.status"],
  ["tcp", "tcp.srcport"],
  ["tcp", "tcp.dstport"],
  ["tcp", "tcp.seq_raw"],
  ["tcp", "tcp.ack_raw"],
  ["tcp", "tcp.hdr_len"],
  ["tcp", "tcp.flags"],
  ["tcp", "tcp.window_size_value"],
  ["tcp", "tcp.checksum"],
  ["tcp", "tcp.checksum.status"],
  ["tcp", "tcp.urgent_pointer"],
  ["tcp", "tcp.options.mss_val"],
  ["tcp", "tcp.options.wscale.shift"],
];

const PREFERENCES = [
  "ip.defragment:FALSE",
  "ip.check_checksum:TRUE",
  "udp.check_checksum:TRUE",
  "tcp.check_checksum:TRUE",
  "tcp.desegment_tcp_streams:FALSE",
];

type Frame = { readonly file: string; readonly number: number; readonly packet: CapturedPacket };

/** Wireshark 4.0 prints the state of a checksum as a number. */
const STATUS: Readonly<Record<string, string>> = { "0": "bad", "1": "good", "2": "unverified", "3": "not present" };

/** One row per frame: the protocols by Wireshark's names, then the fields. */
function askTshark(files: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "captures-"));
  try {
    const joined = join(folder, "all.pcapng");
    execFileSync("mergecap", ["-a", "-F", "pcapng", "-w", joined, ...files], { stdio: "ignore" });
    const fields = ["frame.protocols", ...FIELDS.map(([, name]) => name)].flatMap((name) => ["-e", name]);
    const preferences = PREFERENCES.flatMap((preference) => ["-o", preference]);
    const options = ["-n", "-r", joined, ...preferences, "-T", "fields", "-E", "occurrence=f", ...fields];
    const text = execFileSync("tshark", options, {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(absent.length > 0)(title, () => {
  const frames: Frame[] = [];
  const counts = new Map<string, number>();
  let rows: string[][] = [];
  const names = absent.length > 0 ? [] : readdirSync(FOLDER).sort((a, b) => (a < b ? -1 : 1));

  beforeAll(() => {
    for (const file of names) {
      const content = readCapture(readFileSync(join(FOLDER, file)));
      expect(content.problem, file).toBeUndefined();
      counts.set(file, content.packets.length);
      content.packets.forEach((packet, i) => frames.push({ file, number: i + 1, packet }));
    }
    rows = askTshark(names.map((name) => join(FOLDER, name)));
  }, 120_000);

  it("has as many frames in each file as capinfos counts", () => {
    const paths = names.map((name) => join(FOLDER, name));
    const text = execFileSync("capinfos", ["-T", "-r", "-m", "-c", ...paths], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const theirs = text
      .trimEnd()
      .split("\n")
      .map((line) => Number(line.split(",").at(-1)));
    expect(theirs).toEqual([...counts.values()]);
    expect(rows.length).toBe(frames.length);
  });

  it("reads every header of ARP, IPv4, ICMP, UDP and TCP that tshark reads, with equal fields", () => {
    const differences: string[] = [];
    const compared = new Map<LayerProtocol, number>();
    frames.forEach((frame, i) => {
      const [protocols = "", ...values] = rows[i] ?? [];
      for (const line of compareFrame(frame, protocols, values, compared)) differences.push(line);
    });
    expect(differences).toEqual([]);
    // The suite would also pass on nothing: these are what the captures hold.
    expect(Object.fromEntries(compared)).toMatchObject({ arp: 25, tcp: expect.any(Number), udp: expect.any(Number) });
    expect(compared.get("ip") ?? 0).toBeGreaterThan(1500);
    expect(compared.get("tcp") ?? 0).toBeGreaterThan(700);
    expect(compared.get("udp") ?? 0).toBeGreaterThan(450);
    expect(compared.get("icmp") ?? 0).toBeGreaterThan(9);
  });

  it("stops at the same frame as capinfos when a file is cut", () => {
    for (const file of ["HSRP_election.pcap", "OSPFv2_Capture_FINAL.pcapng"]) {
      const whole = new Uint8Array(readFileSync(join(FOLDER, file)));
      // Behind the first block of each: Wireshark takes less than that for a file of another kind.
      for (const length of [400, 555, 777, 1200, 2000, whole.length - 1]) {
        const content = readCapture(whole.subarray(0, length));
        const { count, complains } = askCapinfos(whole.subarray(0, length));
        expect([file, length, content.packets.length]).toEqual([file, length, count]);
        expect([file, length, content.problem !== undefined]).toEqual([file, length, complains]);
      }
    }
  });
});

function askCapinfos(bytes: Uint8Array): { count: number; complains: boolean } {
  const folder = mkdtempSync(join(tmpdir(), "captures-"));
  try {
    const path = join(folder, "cut");
    writeFileSync(path, bytes);
    const { stdout, status } = spawnSync("capinfos", ["-T", "-r", "-m", "-c", path], { encoding: "utf8" });
    // A file without one whole packet is a line without a count.
    return { count: Number(stdout.trimEnd().split(",").at(-1)), complains: status !== 0 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The outermost layers only: what an ICMP error quotes has been seen as a packet of its own. */
function compareFrame(
  frame: Frame,
  protocols: string,
  theirs: readonly string[],
  compared: Map<LayerProtocol, number>,
): string[] {
  const { layers } = dissect(frame.packet.data, frame.packet.linkType);
  const stack = protocols.split(":").filter((name) => name !== "ethertype");
  const differences: string[] = [];
  const wanted = new Set(wantedLayers(stack));
  for (const protocol of wanted) {
    const layer = layers.find((candidate) => candidate.protocol === protocol && candidate.quotes === 0);
    if (layer === undefined) differences.push(`${frame.file} ${frame.number}: no ${protocol} in ${protocols}`);
    else differences.push(...compareLayer(frame, layer, layers, theirs));
    compared.set(protocol, (compared.get(protocol) ?? 0) + 1);
  }
  return differences;
}

const KNOWN: readonly LayerProtocol[] = ["eth", "vlan", "arp", "ip", "icmp", "udp", "tcp"];

/** The layers from Ethernet up to the first that is not ours, each once. */
function wantedLayers(stack: readonly string[]): LayerProtocol[] {
  const wanted: LayerProtocol[] = [];
  for (const name of stack) {
    const known = KNOWN.find((candidate) => candidate === name);
    if (known === undefined || (known === "ip" && wanted.includes("ip"))) break;
    wanted.push(known);
    if (known === "icmp" || known === "udp" || known === "tcp") break;
  }
  return wanted;
}

function compareLayer(frame: Frame, layer: Layer, layers: readonly Layer[], theirs: readonly string[]): string[] {
  const differences: string[] = [];
  FIELDS.forEach(([protocol, name], i) => {
    const their = theirs[i] ?? "";
    if (protocol !== layer.protocol || their === "" || isExcused(layer, layers, name)) return;
    const found = layer.fields.find((field) => field.name === name);
    const expected = name.endsWith(".status") ? (STATUS[their] ?? their) : their;
    if (found === undefined || normal(found.value) !== normal(expected)) {
      differences.push(`${frame.file} ${frame.number}: ${name} is ${found?.value ?? "absent"}, tshark has ${expected}`);
    }
  });
  return differences;
}

/** Where tshark says what the header does not. */
function isExcused(layer: Layer, layers: readonly Layer[], name: string): boolean {
  const value = (field: string): number | string | undefined => layer.fields.find((one) => one.name === field)?.value;
  // Offloaded super-segments have a total length of 0, and tshark shows the length it assumes instead.
  if (name === "ip.len") return value(name) === 0;
  // An ICMP error has no identifier; the one tshark gives is of the echo request quoted in it.
  if (name === "icmp.ident" || name === "icmp.seq") return [3, 5, 11, 12].includes(Number(value("icmp.type")));
  // tshark sums what there is of a packet that is shorter than its own length; such a sum says nothing.
  return name === "tcp.checksum.status" && layers.some((one) => one.protocol === "ip" && one.error !== undefined);
}

/** Hexadecimal and decimal forms of one number compare equal. */
const normal = (value: string | number): string =>
  /^0x[0-9a-f]+$/.test(String(value)) ? String(Number(value)) : String(value);
