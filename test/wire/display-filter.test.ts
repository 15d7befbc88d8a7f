/** Display filters against Wireshark's own: the same captures, the same filters, the same frames. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { readCapture } from "../../core/wire/capture-reader.ts";
import { dissect } from "../../core/wire/dissect.ts";
import { matchesFilter } from "../../core/wire/display-filter/evaluate.ts";
import { FILTER_FIELDS, FILTER_PROTOCOLS } from "../../core/wire/display-filter/fields.ts";
import { parseDisplayFilter } from "../../core/wire/display-filter/parse.ts";
import { LONG } from "../harness/long.ts";
import { hasTool, runTool } from "../harness/tools.ts";

const FOLDER = join(import.meta.dirname, "../../../shared/data/captures");
const CAPTURES = ["dns_tcp.pcap", "HSRP_election.pcap", "RADIUS.pcap", "EIGRP_adjacency.pcap", "icmp-rfc8335.pcap"];
/** Fields whose values Wireshark prints as ours do. */
const FILTERS = [
  "tcp",
  "udp && !icmp",
  "ip.addr == 10.0.0.0/8",
  "ip.src != 127.0.0.1",
  "ip.addr != 10.0.0.1",
  "ip.addr ~= 10.0.0.1",
  "tcp.flags.syn == 1 && tcp.flags.ack == 0",
  "tcp.flags & 0x12",
  "tcp.port in {53, 80, 8000..9000}",
  "udp.dstport eq 1985 or udp.port == 1812",
  "not (tcp or udp)",
  "ip.ttl > 1 and ip.ttl <= 64",
  "ip.proto == 88",
  "frame.len >= 100",
  "frame.number <= 10",
  "icmp.type",
  "arp",
  "ip.dst == 224.0.0.0/4 && udp",
  "eth.dst == 01:00:5e:00:00:02",
  'tcp.options.mss_val == 1460 || data.data contains "zz"',
];

const present = CAPTURES.filter((name) => existsSync(join(FOLDER, name)));
const why = !hasTool("tshark") ? "there is no tshark" : present.length === 0 ? `there is no ${FOLDER}` : "";

/** Starting tshark costs more than its work here: in the everyday loop a few filters have to do. */
const filters = LONG ? FILTERS : FILTERS.filter((_, index) => index % 6 === 0);

describe.skipIf(why !== "")(`display filters and tshark${why === "" ? "" : `: SKIPPED, ${why}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "filters-"));
  const joined = join(folder, "all.pcapng");
  const files = present.map((name) => join(FOLDER, name));
  const packets = files.flatMap((file) => readCapture(readFileSync(file)).packets);

  beforeAll(() => void runTool("mergecap", ["-a", "-F", "pcapng", "-w", joined, ...files]));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(filters)("choose the same frames by %s", (text) => {
    const filter = parseDisplayFilter(text);
    if (!filter.ok) throw new Error(`${text}: ${filter.error.message}`);
    const ours = packets.flatMap((packet, index) => {
      const facts = new Map([
        ["frame.number", index + 1],
        ["frame.len", packet.originalLength],
      ]);
      return matchesFilter(filter.value, dissect(packet.data, packet.linkType), facts) ? [index + 1] : [];
    });
    const asked = ["-n", "-r", joined, "-o", "ip.defragment:FALSE", "-Y", text, "-T", "fields", "-e", "frame.number"];
    const theirs = runTool("tshark", asked).split("\n").filter(Boolean).map(Number);
    expect(ours).toEqual(theirs);
  });

  it("know every field that the dissector shows", () => {
    const unknown = new Set<string>();
    for (const { data, linkType } of packets) {
      const fields = dissect(data, linkType).layers.flatMap((layer) => layer.fields);
      for (const field of fields) if (!FILTER_FIELDS.has(field.name)) unknown.add(field.name);
    }
    expect([...unknown]).toEqual([]);
  });
});

test.each([
  ["tcp.prot == 80", 0, 8, 'no field is called "tcp.prot"; did you mean tcp.port?'],
  ["tcp &&", 6, 7, "expected a field or protocol, found the end"],
  ["(tcp", 4, 5, 'expected ")", found the end'],
  ["tcp udp", 4, 7, 'expected "and", "or" or the end, found "udp"'],
  ["ip.src == ", 10, 11, "expected a value, found the end"],
  ["tcp.port in {}", 13, 14, "expected a value"],
  ["tcp.port in {1 2}", 15, 16, 'expected "," or "}"'],
  ["tcp.flags & x", 12, 13, "expected a number of at most 32 bits"],
  ['data.data contains "a', 19, 21, "the closing quotation mark is missing"],
  ["tcp # 3", 4, 5, '"#" has no meaning here'],
])("%s is refused with its place", (text, from, to, message) => {
  expect(parseDisplayFilter(text)).toEqual({ ok: false, error: { from, to, message } });
});

test("any text is a filter or a problem that lies inside it", () => {
  const piece = fc.oneof(
    fc.constantFrom("(", ")", "{", "}", "!", "&&", "||", "==", "..", ",", "in", "contains", "1", '"', "10.0.0.0/8"),
    fc.constantFrom(...FILTER_PROTOCOLS, ...FILTER_FIELDS),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join(" ");
      const parsed = parseDisplayFilter(text);
      if (parsed.ok) matchesFilter(parsed.value, dissect(new Uint8Array(60), 1), new Map());
      else expect(parsed.error.from).toBeLessThanOrEqual(text.length);
    }),
  );
  expect(parseDisplayFilter("!".repeat(5000)).ok).toBe(false);
});
