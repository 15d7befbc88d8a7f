/**
 * One TCP transfer of 100 MB between two hosts: 1 Gbit/s, 1 ms, 100-packet queue, real payload and checksums. The
 * opponent is ns3/bulk.cc --real=1 --ChecksumEnabled=1. Arguments: [bytes] [capture file, or - for none]
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { assert } from "../../../core/base/assert.ts";
import { SECOND, type VirtualTime } from "../../../core/base/time.ts";
import { Session } from "../../../core/session/session.ts";
import { PcapngExporter } from "../../../core/trace/pcapng-exporter.ts";
import { measure } from "../measure.ts";
import { LIKE_NS3, readLab, sender, sink, sysctls } from "./tcp-programs.ts";

const PORT = 5001;
const bytes = Number(process.argv[2] ?? 100_000_000);
const captureFile = process.argv[3] ?? "-";

const lab = readLab(
  `
lastack: 1
name: bulk
profile: ideal
duration: 30s
defaults: { link: { rate: 1Gbps, delay: 1ms, queue: 100 }, host: { sysctls: ${sysctls(LIKE_NS3)} } }
nodes:
  a: { kind: host, addresses: { eth0: 10.0.0.1/24 } }
  b: { kind: host, addresses: { eth0: 10.0.0.2/24 } }
links:
  - { ends: [a, b] }
`,
  "bulk",
);

measure(captureFile === "-" ? "bulk" : "bulk+pcapng", () => {
  let received = 0;
  let done = 0;
  const session = new Session(lab, {
    programs: new Map([
      [
        "bench-sink",
        sink(PORT, (count) => {
          received += count;
          done = session.now;
        }),
      ],
      ["bench-sender", sender({ target: 0x0a000002, port: PORT, bytes, sendSize: 65_536 })],
    ]),
  });
  session.inject({ kind: "exec", node: "b", command: "bench-sink", console: 1 });
  session.inject({ kind: "exec", node: "a", command: "bench-sender", console: 2 });
  const file = captureFile === "-" ? null : openSync(captureFile, "w");
  const interfaces = session.captureInterfaces;
  const selected = interfaces.map((_, index) => index);
  const exporter =
    file === null
      ? null
      : new PcapngExporter({
          interfaces,
          selected,
          names: session.names,
          sink: (chunk) => void writeSync(file, chunk),
        });
  if (exporter !== null) session.capture(selected, exporter);
  session.advance(lab.durationNs as VirtualTime);
  exporter?.finish(session.now);
  if (file !== null) closeSync(file);
  assert(received === bytes, `every octet arrives: ${received} of ${bytes}`);
  return { events: session.eventCount, facts: { sim_done_s: done / SECOND } };
});
