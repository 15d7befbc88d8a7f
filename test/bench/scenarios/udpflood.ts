/**
 * One million 64-byte UDP datagrams over a chain of three links: host, two routers, host; profile `ideal`. The opponent
 * is ns3/udpflood.cc with the same numbers. Links are 1 Gbit/s and 10 us with 100-packet queues, and a datagram is sent
 * every 1,100 ns, because an Ethernet frame with preamble and gap takes 1,040 ns, where ns-3's PPP link takes 752.
 *
 * Arguments: [packets] [capture file, or - for none]
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { assert } from "../../../core/base/assert.ts";
import { SECOND, type VirtualTime } from "../../../core/base/time.ts";
import { parseLab } from "../../../core/lab/parse.ts";
import { Session } from "../../../core/session/session.ts";
import { AF, SOCK, type Call, type SocketAddress, type Sys } from "../../../core/kernel/syscall/sys.ts";
import { PcapngExporter } from "../../../core/trace/pcapng-exporter.ts";
import type { Ipv4Address } from "../../../core/wire/address.ts";
import { measure } from "../measure.ts";

const GAP_NS = 1100;
const PORT = 9;
const PAYLOAD_BYTES = 64;
const packets = Number(process.argv[2] ?? 1_000_000);
const captureFile = process.argv[3] ?? "-";

const LAB = `
lastack: 1
name: udpflood
routing: auto
profile: ideal
duration: ${Math.ceil((packets * GAP_NS) / SECOND) + 2}s
defaults: { link: { rate: 1Gbps, delay: 10us, queue: 100 } }
nodes:
  a: { kind: host, addresses: { eth0: 10.0.0.1/24 } }
  r1: { kind: router, addresses: { eth0: 10.0.0.2/24, eth1: 10.0.1.1/24 } }
  r2: { kind: router, addresses: { eth0: 10.0.1.2/24, eth1: 10.0.2.1/24 } }
  b: { kind: host, addresses: { eth0: 10.0.2.2/24 } }
links:
  - { ends: ["a:eth0", "r1:eth0"] }
  - { ends: ["r1:eth1", "r2:eth0"] }
  - { ends: ["r2:eth1", "b:eth0"] }
`;

const inet = (address: number, port: number): SocketAddress => ({
  family: AF.INET,
  address: address as Ipv4Address,
  port,
  device: 0,
  protocol: 0,
  packetType: 0,
});

let received = 0;

function* sink(sys: Sys): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  yield* sys.bind(fd, inet(0, PORT));
  const buffer = new Uint8Array(2048);
  for (;;) {
    const length = yield* sys.recvfrom(fd, buffer, 0, null);
    if (length < 0) return 1;
    received++;
  }
}

function* flood(sys: Sys): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
  yield* sys.connect(fd, inet(0x0a000202, PORT));
  const payload = new Uint8Array(PAYLOAD_BYTES);
  // Resolve the next hops before the flood, as ns-3's links have nothing to resolve.
  yield* sys.nanosleep(1_000_000);
  yield* sys.sendto(fd, payload, 0, null);
  yield* sys.nanosleep(10_000_000);
  let next = sys.now();
  for (let i = 1; i < packets; i++) {
    yield* sys.sendto(fd, payload, 0, null);
    next += GAP_NS;
    yield* sys.nanosleep(next - sys.now());
  }
  return 0;
}

const lab = parseLab(LAB, "udpflood.lab.yaml");
assert(lab.ok, "the lab is right");
measure(captureFile === "-" ? "udpflood" : "udpflood+pcapng", () => {
  const session = new Session(lab.value, {
    programs: new Map([
      ["bench-sink", sink],
      ["bench-flood", flood],
    ]),
  });
  session.inject({ kind: "exec", node: "b", command: "bench-sink", console: 1 });
  session.inject({ kind: "exec", node: "a", command: "bench-flood", console: 2 });
  const file = captureFile === "-" ? null : openSync(captureFile, "w");
  const all = session.captureInterfaces;
  const exporter =
    file === null
      ? null
      : new PcapngExporter({
          interfaces: all,
          selected: all.map((_, index) => index),
          names: session.names,
          sink: (chunk) => void writeSync(file, chunk),
        });
  if (exporter !== null) {
    session.capture(
      all.map((_, index) => index),
      exporter,
    );
  }
  session.advance(lab.value.durationNs as VirtualTime);
  exporter?.finish(session.now);
  if (file !== null) closeSync(file);
  assert(received === packets, `every packet arrives: ${received} of ${packets}`);
  return { events: session.eventCount, facts: { received } };
});
