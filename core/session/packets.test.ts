import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import type { PacketRow } from "../contract/api/packet-view.ts";
import { HostBench } from "../../test/harness/session-host.ts";
import { hasTool, runTool } from "../../test/harness/tools.ts";
import { CaptureStore } from "./capture-store.ts";
import { PacketList } from "./packet-list.ts";

const labs = join(import.meta.dirname, "../../resources/labs");
const read = (name: string): string => readFileSync(join(labs, `${name}.lab.yaml`), "utf8");
const temporary = mkdtempSync(join(tmpdir(), "lastack-packets-"));
afterAll(() => rmSync(temporary, { recursive: true }));

function at(lab: string, time: number): HostBench {
  const bench = new HostBench();
  bench.open(read(lab));
  bench.ask("run.seek", { time });
  return bench;
}

/** All rows that a filter lets through: asked for again until all packets have been looked at. */
function rows(bench: HostBench, filter: string): readonly PacketRow[] {
  for (;;) {
    const page = bench.ask("packets.page", { filter, from: 0, count: 1000 });
    if (page.complete) return page.rows;
    bench.push();
  }
}

describe("the packet list", () => {
  const bench = at("ping-across-a-router", 8 * SECOND);

  test("shows what passed every interface, in order, as Wireshark would", () => {
    const all = rows(bench, "");
    expect(all.map(({ number }) => number)).toEqual(all.map((_, index) => index + 1));
    expect(all[0]).toMatchObject({
      interface: "h1:eth0",
      direction: "out",
      protocol: "ARP",
      target: "ff:ff:ff:ff:ff:ff",
      drop: "",
    });
    const echo = all.find(({ protocol }) => protocol === "ICMP");
    expect(echo).toMatchObject({ source: "10.0.1.1", target: "10.0.2.1" });
  });

  test("filters in Wireshark's language; a wrong filter says where", () => {
    const all = rows(bench, "");
    const arp = rows(bench, "arp");
    expect(arp.length).toBeGreaterThan(0);
    expect(arp).toEqual(all.filter(({ protocol }) => protocol === "ARP"));
    expect(rows(bench, "not arp")).toHaveLength(all.length - arp.length);
    expect(rows(bench, "frame.number == 3").map(({ number }) => number)).toEqual([3]);
    const problem = bench.refused("packets.page", { filter: "arp and", from: 0, count: 1 });
    expect(problem).toMatchObject({ code: "filter/syntax", line: 1, column: 8 });
  });

  test("a page is a part of the whole", () => {
    const all = rows(bench, "icmp");
    const page = bench.ask("packets.page", { filter: "icmp", from: 3, count: 4 });
    expect(page.rows).toEqual(all.slice(3, 7));
    expect(page.total).toBe(all.length);
    expect(bench.ask("packets.page", { filter: "icmp", from: all.length, count: 10 }).rows).toEqual([]);
    const last = bench.ask("packets.page", { filter: "icmp", from: "end", count: 3 });
    expect(last).toMatchObject({ from: all.length - 3, rows: all.slice(-3) });
    const more = bench.ask("packets.page", { filter: "icmp", from: "end", count: all.length + 1 });
    expect(more).toMatchObject({ from: 0, rows: all });
  });

  test("layers and bytes belong together, and a packet is followed over all hops", () => {
    const echo = rows(bench, "icmp.type == 8")[0];
    const { layers, bytes, row } = bench.ask("packets.detail", { number: echo?.number ?? 0 });
    expect(row).toEqual(echo);
    expect(layers.map(({ protocol }) => protocol).slice(0, 3)).toEqual(["eth", "ip", "icmp"]);
    for (const { from, to, fields } of layers) {
      for (const field of fields) {
        expect(field.from).toBeGreaterThanOrEqual(0);
        expect(field.to).toBeLessThanOrEqual(bytes.length);
      }
      expect(to).toBeGreaterThan(from);
    }
    const path = bench.ask("packets.follow", { packet: echo?.packet ?? 0 }).rows;
    expect(path.map((hop) => `${hop.interface} ${hop.direction}`)).toEqual([
      "h1:eth0 out",
      "r1:eth0 in",
      "r1:eth1 out",
      "h2:eth0 in",
    ]);
    expect(bench.refused("packets.detail", { number: 1e6 }).code).toBe("packets/forgotten");
  });
});

describe("a filter over many packets", () => {
  test("is worked through in portions, while others are answered, and tells when there is more", () => {
    const bench = at("receive-livelock", 1.05 * SECOND);
    const total = bench.ask("packets.page", { filter: "", from: 0, count: 1 }).total;
    expect(total).toBeGreaterThan(500);
    const page = bench.ask("packets.page", { filter: "udp", from: 0, count: 10 });
    expect(page.complete).toBe(false);
    const push = bench.send("frame.next", {});
    bench.settle();
    expect(bench.responseTo(push)).toBeDefined();
    expect(bench.ask("packets.page", { filter: "udp", from: 0, count: 10 }).complete).toBe(true);
    expect(bench.isIdle).toBe(true);
  });
});

const missing = ["tshark", "capinfos"].filter((tool) => !hasTool(tool));
const why = missing.length === 0 ? "" : ` (SKIPPED: ${missing.join(" and ")} not installed)`;

describe.skipIf(missing.length > 0)(`a capture out of the window${why}`, () => {
  test("is clean in tshark, and complete", () => {
    const bench = at("tcp-handshake", 5 * SECOND);
    const file = join(temporary, "all.pcapng");
    const { bytes, frames } = bench.ask("capture.export", { interfaces: null });
    expect(frames).toBe(bench.ask("packets.page", { filter: "", from: 0, count: 0 }).total);
    writeFileSync(file, bytes);
    const count = runTool("tshark", ["-r", file, "-T", "fields", "-e", "frame.number"]).trim().split("\n").length;
    expect(count).toBe(frames);
    const checks = ["ip", "tcp", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
    const bad = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0";
    expect(runTool("tshark", ["-r", file, ...checks, "-Y", bad])).toBe("");
  });

  test("of one interface has that interface only", () => {
    const bench = at("ping-across-a-router", SECOND);
    const [first] = rows(bench, "");
    const { bytes, frames } = bench.ask("capture.export", { interfaces: [first?.interface ?? ""] });
    const file = join(temporary, "one.pcapng");
    writeFileSync(file, bytes);
    expect(runTool("capinfos", ["-I", file])).toMatch(/Number of interfaces in file:\s*1/);
    expect(frames).toBe(rows(bench, "").filter((row) => row.interface === first?.interface).length);
    expect(bench.refused("capture.export", { interfaces: ["h9:eth0"] }).code).toBe("capture/unknown-interface");
  });
});

describe("the store of frames", () => {
  const frame = (number: number, bytes: Uint8Array) => ({
    interface: number % 7,
    time: number * 10,
    direction: number % 2 === 0 ? ("in" as const) : ("out" as const),
    packetId: number * 3,
    fcsGood: number % 5 !== 0,
    dropReason: number % 4 === 0 ? ("NO_SOCKET" as const) : null,
    bytes,
    start: 1,
    length: bytes.length - 1,
  });

  test("keeps the newest frames that fit, whole, whatever their sizes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 80 }), (sizes) => {
        const store = new CaptureStore(16, 200);
        const given: Uint8Array[] = [];
        sizes.forEach((size, index) => {
          const bytes = Uint8Array.from({ length: size + 1 }, (_, at) => (index * 31 + at) & 0xff);
          given.push(bytes.slice(1));
          store.onFrame(frame(index + 1, bytes));
        });
        expect(store.newest).toBe(sizes.length);
        expect(store.newest - store.oldest + 1).toBeLessThanOrEqual(16);
        let kept = 0;
        for (let number = store.oldest; number <= store.newest; number++) {
          const { bytes, ...rest } = store.frame(number);
          expect(bytes).toEqual(given[number - 1]);
          kept += bytes.length;
          const { bytes: _bytes, start: _start, length: _length, ...wanted } = frame(number, bytes);
          expect(rest).toEqual({ number, ...wanted });
        }
        expect(kept).toBeLessThanOrEqual(200);
        // As many as fit: one older frame would be one too many.
        const before = given[store.oldest - 2];
        if (before !== undefined && store.newest - store.oldest + 1 < 16) {
          expect(kept + before.length).toBeGreaterThan(200);
        }
      }),
    );
  });

  test("what it forgets leaves the filtered list as well", () => {
    const store = new CaptureStore(50, 10_000);
    const list = new PacketList(store, []);
    const arp = Uint8Array.from([0, ...new Uint8Array(12), 8, 6, ...new Uint8Array(28)]);
    for (let number = 1; number <= 200; number++) {
      store.onFrame(frame(number, arp));
      const page = list.page("arp", 0, 100);
      if (!page.ok) throw new Error(page.error.message);
      expect(page.value.total).toBe(Math.min(number, 50));
      expect(page.value.rows[0]?.number).toBe(Math.max(1, number - 49));
      expect(page.value.forgotten).toBe(Math.max(0, number - 50));
    }
  });
});
