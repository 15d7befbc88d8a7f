/**
 * Defects that random labs or others have found in streams: each one as small as it gets, named after what went wrong.
 */
import { expect, test } from "vitest";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { AF, MSG, SOCK, type Program } from "../../core/kernel/syscall/sys.ts";
import { Session } from "../../core/session/session.ts";
import { inetAddress } from "../../core/shell/lib/address.ts";
import { readLab } from "../real/probe.ts";

/** Accepts one connection on port 7 and hands its descriptor to `body`. */
const accepting = (body: Program): Program =>
  function* (sys, argv) {
    const listener = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
    yield* sys.bind(listener, inetAddress(undefined, 7));
    yield* sys.listen(listener, 1);
    const fd = yield* sys.accept(listener, null);
    return yield* body(sys, [...argv, String(fd)]);
  };

/** Runs a program on h2 while h1 does something at 1 s. */
function run(program: Program, client: string): void {
  const lab = readLab(`
lastack: 1
name: regression
seed: 1
duration: 20s
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.0.1/24 } }
  h2: { kind: host, addresses: { eth0: 10.0.0.2/24 }, run: [program] }
links:
  - { ends: [h1, h2], delay: 1ms }
timeline:
  - { at: 1s, host: h1, run: "${client}" }
`);
  new Session(lab, { programs: new Map([["program", program]]) }).advance((20 * SECOND) as VirtualTime);
}

test("MSG_WAITALL ends with the stream, also when the end comes along with the last bytes", () => {
  const results: number[] = [];
  const program = accepting(function* (sys, argv) {
    const buffer = new Uint8Array(1000);
    // Whatever comes is there, with the end, before it is read.
    yield* sys.nanosleep(5 * SECOND);
    for (let i = 0; i < 2; i++) results.push(yield* sys.recvfrom(Number(argv.at(-1)), buffer, MSG.WAITALL, null));
    return 0;
  });
  run(program, "echo 123456789 | nc -N h2 7");
  expect(results).toEqual([10, 0]);
});
