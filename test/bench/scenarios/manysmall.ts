/**
 * A star of hosts around one router; each does 20 TCP request/response exchanges of 1,000 octets, one after another,
 * each with a seeded random other host. The opponent is ns3/manysmall.cc. Arguments: [hosts] [exchanges]
 */
import { assert } from "../../../core/base/assert.ts";
import { MICROSECOND, SECOND, type VirtualTime } from "../../../core/base/time.ts";
import { AF, SOCK, type Call, type Program, type Sys } from "../../../core/kernel/syscall/sys.ts";
import { Session } from "../../../core/session/session.ts";
import { measure } from "../measure.ts";
import { BenchRandom } from "./random.ts";
import { inet, LIKE_NS3, readLab, sysctls } from "./tcp-programs.ts";

const PORT = 80;
const MESSAGE_BYTES = 1000;
const hosts = Number(process.argv[2] ?? 1000);
const exchanges = Number(process.argv[3] ?? 20);
const numbers = Array.from({ length: hosts }, (_, index) => index);
const address = (i: number): number => 0x0a000001 + i * 4;
const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
const BUFFERS = { "net.ipv4.tcp_rmem": "4096 131072 131072", "net.ipv4.tcp_wmem": "4096 131072 131072" };

const text = [
  "lastack: 1",
  "name: manysmall",
  "routing: auto",
  "profile: ideal",
  "duration: 60s",
  "defaults:",
  "  link: { rate: 1Gbps, delay: 1ms, queue: 100 }",
  `  host: { sysctls: ${sysctls({ ...LIKE_NS3, ...BUFFERS })} }`,
  "nodes:",
  `  hub: { kind: router, addresses: { ${numbers.map((i) => `eth${i}: ${dotted(address(i) + 1)}/30`).join(", ")} } }`,
  ...numbers.map((i) => `  h${i}: { kind: host, addresses: { eth0: ${dotted(address(i))}/30 } }`),
  "links:",
  ...numbers.map((i) => `  - { ends: ["h${i}:eth0", "hub:eth${i}"] }`),
].join("\n");

function* readExactly(sys: Sys, fd: number, buffer: Uint8Array): Call<boolean> {
  for (let got = 0; got < MESSAGE_BYTES;) {
    const count = yield* sys.recvfrom(fd, buffer, 0, null);
    if (count <= 0) return false;
    got += count;
  }
  return true;
}

/** Takes one connection after the other; closes first, after its response. */
function* server(sys: Sys): Call<number> {
  const listener = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  yield* sys.bind(listener, inet(0, PORT));
  yield* sys.listen(listener, 128);
  const buffer = new Uint8Array(2048);
  const response = new Uint8Array(MESSAGE_BYTES);
  for (;;) {
    const fd = yield* sys.accept(listener, null);
    if (fd < 0) return 1;
    if (yield* readExactly(sys, fd, buffer)) yield* sys.sendto(fd, response, 0, null);
    yield* sys.close(fd);
  }
}

let done = 0;
let failed = 0;
let last = 0;

function client(id: number): Program {
  const random = new BenchRandom(1_000_003 + id);
  return function* (sys) {
    const buffer = new Uint8Array(2048);
    const request = new Uint8Array(MESSAGE_BYTES);
    if (id > 0) yield* sys.nanosleep(100 * id * MICROSECOND);
    for (let i = 0; i < exchanges; i++) {
      const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
      const connected = yield* sys.connect(fd, inet(address(random.otherThan(id, hosts)), PORT));
      if (connected === 0) yield* sys.sendto(fd, request, 0, null);
      if (connected === 0 && (yield* readExactly(sys, fd, buffer))) {
        done++;
        last = sys.now();
      } else failed++;
      yield* sys.close(fd);
    }
    return 0;
  };
}

measure("manysmall", () => {
  const began = process.hrtime.bigint();
  const lab = readLab(text, "manysmall");
  const programs = new Map<string, Program>([["server", server]]);
  for (const i of numbers) programs.set(`client${i}`, client(i));
  const session = new Session(lab, { programs });
  const built = Number(process.hrtime.bigint() - began) / 1e9;
  // As programs of a lab start, by themselves: the opponent's applications come from no shell either.
  const { world } = session;
  const start = (host: number, program: string): void => world.execAtBoot(world.nodeIndex(`h${host}`) ?? -1, [program]);
  for (const i of numbers) start(i, "server");
  for (const i of numbers) start(i, `client${i}`);
  while (done + failed < hosts * exchanges && session.now < lab.durationNs) {
    session.advance((session.now + SECOND / 10) as VirtualTime);
  }
  assert(done === hosts * exchanges, `every exchange succeeds: ${done} do, ${failed} fail`);
  return { events: session.eventCount, facts: { done, build_s: built, sim_done_s: last / SECOND } };
});
