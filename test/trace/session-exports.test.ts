/**
 * What the exporters make of a real run: datagrams over a router, one of them too large, one host without a listener.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import { AF, SOCK, type Call, type SocketAddress, type Sys } from "../../core/kernel/syscall/sys.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { traceNames } from "../../core/session/lab-names.ts";
import { Session } from "../../core/session/session.ts";
import { formatJourney, Journey } from "../../core/trace/journey.ts";
import { PcapngExporter } from "../../core/trace/pcapng-exporter.ts";
import { TraceEventExporter } from "../../core/trace/trace-event-json.ts";
import type { Ipv4Address } from "../../core/wire/address.ts";
import { readCapture } from "../../core/wire/capture-reader.ts";
import { output, Scratch } from "../cli/command.ts";

// Wireshark's tools take seconds to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const LAB = join(import.meta.dirname, "../fixtures/two-hosts.lab.yaml");
const H2 = 0x0a000201 as Ipv4Address;
const DATAGRAMS = 20;

const inet = (address: number, port: number): SocketAddress => ({
  family: AF.INET,
  address: address as Ipv4Address,
  port,
  device: 0,
  protocol: 0,
  packetType: 0,
});

function* sink(sys: Sys): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  yield* sys.bind(fd, inet(0, 9));
  for (;;) yield* sys.recvfrom(fd, new Uint8Array(4096), 0, null);
}

/** Sends to a port that listens, and once to one that does not; some datagrams need fragments. */
function* sender(sys: Sys): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  for (let count = 0; count < DATAGRAMS; count++) {
    yield* sys.sendto(fd, new Uint8Array(count * 150), 0, inet(H2, count === 5 ? 99 : 9));
    yield* sys.nanosleep(1_000_000);
  }
  return 0;
}

function session(): Session {
  const lab = parseLab(readFileSync(LAB, "utf8"), LAB);
  if (!lab.ok) throw new Error(JSON.stringify(lab.error));
  const run = (node: string, command: string, console: number) =>
    ({ at: 0, events: 0, command: { kind: "exec", node, command, console } }) as const;
  const programs = new Map([
    ["sink", sink],
    ["sender", sender],
  ]);
  const withoutChecks = { ...lab.value, checks: [], timeline: [] };
  return new Session(withoutChecks, { programs, journal: [run("h2", "sink", 1), run("h1", "sender", 2)] });
}

function captured(): Uint8Array {
  const one = session();
  const chunks: Uint8Array[] = [];
  const { captureInterfaces: interfaces, names } = one;
  const selected = interfaces.map((_, index) => index);
  const exporter = new PcapngExporter({
    interfaces,
    selected,
    names,
    sink: (chunk) => void chunks.push(chunk.slice()),
  });
  one.capture(selected, exporter);
  one.advance(1_000_000_000 as VirtualTime);
  exporter.finish(one.now);
  return Buffer.concat(chunks);
}

type Drawn = { ph: string; name: string; pid: number; tid: number; ts: number; args?: Record<string, unknown> };

describe("a run exported", () => {
  const scratch = new Scratch();
  afterAll(() => scratch.remove());

  it("is the same capture byte for byte each time, with each packet on every hop", () => {
    const bytes = captured();
    expect(Buffer.from(captured()).equals(Buffer.from(bytes))).toBe(true);
    const { packets, interfaces, problem } = readCapture(bytes);
    expect(problem).toBeUndefined();
    expect(interfaces.map(({ name }) => name)).toEqual(["h1:eth0", "r1:eth0", "r1:eth1", "h2:eth0"]);
    const hops = new Map<number, number>();
    for (const { packetId = 0 } of packets) hops.set(packetId, (hops.get(packetId) ?? 0) + 1);
    expect(hops.has(0)).toBe(false);
    // Two ends of each of two links, for each of two fragments; ARP crosses one link only.
    expect(new Set(hops.values())).toEqual(new Set([2, 4, 8]));
  });

  it("draws slices that nest in time on every row, and arrows in pairs", () => {
    const one = session();
    let text = "";
    const exporter = new TraceEventExporter(traceNames(one.lab), (more) => void (text += more));
    one.trace.wantAll();
    one.trace.listen((event) => exporter.onEvent(event));
    one.advance(1_000_000_000 as VirtualTime);
    exporter.finish();
    const drawn = JSON.parse(text) as Drawn[];
    const stacks = new Map<string, number[]>();
    for (const { ph, pid, tid, ts } of drawn) {
      const stack = stacks.get(`${pid}/${tid}`) ?? [];
      stacks.set(`${pid}/${tid}`, stack);
      if (ph === "B") stack.push(ts);
      if (ph === "E") expect(stack.pop() ?? Infinity).toBeLessThanOrEqual(ts);
    }
    expect([...stacks.values()].flat()).toEqual([]);
    const rows = drawn.filter(({ ph, name }) => ph === "M" && name === "thread_name").map(({ args }) => args?.["name"]);
    expect(rows).toEqual(expect.arrayContaining(["cpu0 hard IRQ", "cpu0 softirq", "eth0 tx", "eth1 rx"]));
    expect(rows.some((row) => /^sender \[\d+\]$/.test(String(row)))).toBe(true);
    const count = (phase: string): number => drawn.filter(({ ph }) => ph === phase).length;
    expect(count("s")).toBeGreaterThan(2 * DATAGRAMS);
    expect(count("f")).toBe(count("s"));
    expect(drawn.some(({ name }) => name === "drop NO_SOCKET")).toBe(true);
  });

  it("tells the way of a packet from the system call to the drop", () => {
    const one = session();
    one.trace.wantAll();
    const journeys = new Map<number, Journey>();
    one.trace.listen((event) => {
      if (event.packet === 0) return;
      const journey = journeys.get(event.packet) ?? new Journey(one.trace, event.packet);
      journeys.set(event.packet, journey);
      journey.onEvent(event);
    });
    one.advance(1_000_000_000 as VirtualTime);
    const lost = [...journeys.values()].find(({ events }) =>
      events.some(({ name, place }) => name === "skb:kfree_skb" && place === "h2"),
    );
    const lines = formatJourney(lost ?? new Journey(one.trace, 0));
    const names = lost?.events.map(({ name, place }) => `${place} ${name}`) ?? [];
    const way = [
      "h1-r1 link:transmit",
      "h1-r1 link:arrive",
      "r1 ip:ip_forward",
      "r1-h2 link:transmit",
      "h2 skb:kfree_skb",
    ];
    expect(names.filter((name) => way.includes(name))).toEqual(way);
    expect(lines.some((line) => line.includes("NO_SOCKET (no socket is bound to that port)"))).toBe(true);
  });

  const noTshark = process.env["LASTACK_NO_TSHARK"] !== undefined || output("tshark", ["--version"]) === null;
  it.skipIf(noTshark)("is clean to tshark: nothing malformed, no bad checksum (needs tshark)", () => {
    const file = scratch.file("run.pcapng");
    writeFileSync(file, captured());
    const checks = ["ip.check_checksum", "udp.check_checksum"].flatMap((name) => ["-o", `${name}:TRUE`]);
    const bad = "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0";
    expect(output("tshark", ["-r", file, ...checks, "-Y", bad])).toBe("");
    const hosts = output("tshark", [
      "-r",
      file,
      "-N",
      "n",
      "-Y",
      "udp.port == 99 && !icmp",
      "-T",
      "fields",
      "-e",
      "ip.dst_host",
    ]);
    expect([...new Set(hosts?.trim().split("\n"))]).toEqual(["h2"]);
  });
});
