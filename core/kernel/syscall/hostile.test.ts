import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SECOND } from "../../base/time.ts";
import { AF, MSG, O, SOCK, type Call, type Message, type PollFd, type Sys } from "../syscall/sys.ts";
import { at, TestMachine } from "../../../test/harness/process.ts";
import { emptyAddress } from "../socket/socket.ts";
import { runs } from "../../../test/harness/long.ts";

/** One call with arguments that a program may well get wrong. */
type Step = (sys: Sys) => Call<unknown>;

const fd = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 8 }) },
  fc.constantFrom(-1, 1023, 1024, NaN, 2.5, 2 ** 40),
);
const number = fc.oneof(
  fc.integer({ min: -3, max: 300 }),
  fc.constantFrom(NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 0.5),
);
const bytes = fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(new Uint8Array(2000), new Uint8Array(70_000)));
const address = fc
  .record({
    family: fc.constantFrom(AF.UNSPEC, AF.INET, AF.PACKET, AF.UNIX, NaN),
    address: fc.constantFrom(
      "0.0.0.0",
      "10.0.0.1",
      "127.0.0.1",
      "10.0.0.2",
      "10.9.0.1",
      "255.255.255.255",
      "224.0.0.1",
    ),
    port: fc.constantFrom(0, 9, 10, 65_535, 65_536, -1, NaN),
  })
  .map(({ family, address: text, port }) => ({ ...at(text, port), family, device: 2 }));
const path = fc.oneof(
  fc.constantFrom(
    "/tmp/a",
    "/tmp/b",
    "a",
    "..",
    ".",
    "/",
    "",
    "/proc/self/status",
    "/proc/net/udp",
    "/dev/zero",
    "/tmp/d",
    "/tmp/d/x",
    "/bin/child",
  ),
  fc.string({ maxLength: 20 }),
);
const flags = fc.constantFrom(0, MSG.PEEK, MSG.TRUNC, MSG.ERRQUEUE, MSG.OOB).map((flag) => flag | MSG.DONTWAIT);
const message = (): Message => ({ from: emptyAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(0, 1, 2, 16, 17, NaN),
      fc.constantFrom(1, 2, 3, 2 | SOCK.NONBLOCK, 3 | SOCK.NONBLOCK, 99),
      fc.constantFrom(0, 1, 3, 17, 255, 0x800, -1, NaN),
    )
    .map(
      ([domain, type, protocol]): Step =>
        (sys) =>
          sys.socket(domain, type, protocol),
    ),
  fc.tuple(fd, address).map(
    ([f, a]): Step =>
      (sys) =>
        sys.bind(f, a),
  ),
  fc.tuple(fd, address).map(
    ([f, a]): Step =>
      (sys) =>
        sys.connect(f, a),
  ),
  fc.tuple(fd, bytes, flags, fc.option(address)).map(
    ([f, b, g, a]): Step =>
      (sys) =>
        sys.sendto(f, b, g, a),
  ),
  fc.tuple(fd, bytes, flags).map(
    ([f, b, g]): Step =>
      (sys) =>
        sys.recvfrom(f, b, g, emptyAddress()),
  ),
  fc.tuple(fd, bytes, flags).map(
    ([f, b, g]): Step =>
      (sys) =>
        sys.recvmsg(f, b, g, message()),
  ),
  fc.tuple(fd, fc.constantFrom(0, 1, 17, 255, 263), number, fc.oneof(number, fc.constantFrom("eth0", "no", ""))).map(
    ([f, level, option, value]): Step =>
      (sys) =>
        sys.setsockopt(f, level, option, value),
  ),
  fc.tuple(fd, fc.constantFrom(0, 1, 255, 263), number).map(
    ([f, level, option]): Step =>
      (sys) =>
        sys.getsockopt(f, level, option),
  ),
  fc.tuple(fd, fc.constantFrom(0, 1, 2, 7)).map(
    ([f, how]): Step =>
      (sys) =>
        sys.shutdown(f, how as 0),
  ),
  fc.tuple(fd, number).map(
    ([f, backlog]): Step =>
      (sys) =>
        sys.listen(f, backlog),
  ),
  fd.map(
    (f): Step =>
      (sys) =>
        sys.getsockname(f, emptyAddress()),
  ),
  fd.map(
    (f): Step =>
      (sys) =>
        sys.getpeername(f, emptyAddress()),
  ),
  fc.array(fd, { maxLength: 5 }).map((fds): Step => (sys) => {
    const entries: PollFd[] = fds.map((f) => ({ fd: f, events: 7, revents: 0 }));
    return sys.poll(entries, 1000);
  }),
  fc
    .tuple(
      path,
      fc.constantFrom(0, 1, 2, O.CREAT | 1, O.CREAT | O.EXCL | 2, O.APPEND | 1, O.TRUNC | 2, O.DIRECTORY, -1, NaN),
    )
    .map(
      ([p, g]): Step =>
        (sys) =>
          sys.open(p, g),
    ),
  fd.map(
    (f): Step =>
      (sys) =>
        sys.close(f),
  ),
  fd.map(
    (f): Step =>
      (sys) =>
        sys.fcntlNonblock(f, true),
  ),
  fc.tuple(fd, fd).map(
    ([a, b]): Step =>
      (sys) =>
        sys.dup2(a, b),
  ),
  fc.tuple(path, path).map(
    ([a, b]): Step =>
      (sys) =>
        sys.rename(a, b),
  ),
  path.map(
    (p): Step =>
      (sys) =>
        sys.mkdir(p),
  ),
  path.map(
    (p): Step =>
      (sys) =>
        sys.rmdir(p),
  ),
  path.map(
    (p): Step =>
      (sys) =>
        sys.unlink(p),
  ),
  path.map(
    (p): Step =>
      (sys) =>
        sys.chdir(p),
  ),
  path.map(
    (p): Step =>
      (sys) =>
        sys.readdir(p),
  ),
  path.map(
    (p): Step =>
      (sys) =>
        sys.stat(p),
  ),
  fc.constant<Step>((sys) => sys.getcwd()),
  fc.constant<Step>((sys) => sys.pipe([0, 0])),
  // Blocking reads and writes are cut short by the lab's end: only what a short child does blocks for ever.
  path.map(
    (p): Step =>
      (sys) =>
        sys.spawn(p, [p]),
  ),
  fc.constant<Step>((sys) => sys.spawn("child", ["child"])),
  fc.tuple(number, fc.constantFrom(0, 17, 18, 28, 65, -1, NaN)).map(
    ([pid, signal]): Step =>
      (sys) =>
        sys.kill(pid, signal),
  ),
  fc.tuple(number, number).map(
    ([pid, group]): Step =>
      (sys) =>
        sys.setpgid(pid, group),
  ),
  number.map(
    (pid): Step =>
      (sys) =>
        sys.waitpid(pid, 1),
  ),
  number.map(
    (signal): Step =>
      (sys) =>
        sys.sigaction(signal, "catch"),
  ),
  fc.constantFrom(0, 1000, -1, NaN).map(
    (span): Step =>
      (sys) =>
        sys.nanosleep(span),
  ),
  fc.constantFrom(0, 1000, -1, NaN, Infinity * 0).map(
    (span): Step =>
      (sys) =>
        sys.compute(span),
  ),
  fc.constant<Step>((sys) => sys.netlink({ kind: "socket-list" })),
  fc.constant<Step>((sys) => sys.netlink({ kind: "link-list" })),
  fc.constant<Step>((sys) => sys.netlink({ kind: "sysctl-set", name: "net.core.rmem_max", value: "x" })),
);

describe("any sequence of system calls", () => {
  it("never throws at the kernel, leaks nothing, and ends", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const machine = new TestMachine({
          programs: new Map([
            [
              "child",
              function* (sys: Sys) {
                return yield* sys.nanosleep(10);
              },
            ],
          ]),
        });
        const inodes = machine.userland.vfs.tmpfs.inodes;
        let done = 0;
        const process = machine.start(function* (sys) {
          for (const call of steps) {
            yield* call(sys);
            done++;
          }
          return 0;
        });
        // A connect that nobody answers takes its time to give up.
        machine.advance(400 * SECOND);
        expect(machine.statuses.get(process.pid), machine.core.log.join("\n")).toBe(0);
        expect(done).toBe(steps.length);
        expect(machine.skbs.outstanding).toBe(0);
        expect(machine.blocks.outstanding).toBe(0);
        expect(machine.userland.sockets.list()).toEqual([]);
        expect(machine.userland.processes.list()).toHaveLength(1);
        expect(machine.core.timers.armed).toBe(0);
        expect(machine.devices.taps).toEqual([]);
        expect(machine.devices.eth0.promiscuity).toBe(0);
        expect(machine.userland.vfs.tmpfs.inodes).toBeGreaterThanOrEqual(inodes);
      }),
      { numRuns: runs(400) },
    );
  });
});
