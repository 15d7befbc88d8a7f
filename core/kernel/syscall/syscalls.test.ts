import { describe, expect, it } from "vitest";
import { utf8Encode } from "../../base/bytes.ts";
import { E } from "./errno.ts";
import { AF, SOCK } from "./sys.ts";
import { at, TestMachine } from "../../../test/harness/process.ts";

describe("trace points", () => {
  it("tell of calls, processes, datagrams and what terminals show", () => {
    const machine = new TestMachine();
    machine.trace.wantAll();
    const { tty } = machine.terminal();
    const process = machine.start(
      function* (sys) {
        const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
        yield* sys.bind(fd, at("127.0.0.1", 9));
        yield* sys.sendto(fd, utf8Encode("abc"), 0, at("127.0.0.1", 9));
        yield* sys.recvfrom(fd, new Uint8Array(10), 0, null);
        yield* sys.write(1, utf8Encode("done\n"));
        return 3;
      },
      ["/bin/tester"],
      tty,
    );
    machine.advance(1);
    const events = machine.trace.read(1, 1000).events;
    const fields = (name: string): unknown[] => events.filter((e) => e.name === name).map((e) => e.fields);
    const pid = process.pid;
    expect(fields("sched:sched_process_exec")).toEqual([{ pid, comm: "tester" }]);
    expect(fields("sched:sched_process_exit")).toEqual([{ pid, status: 3 }]);
    expect(fields("syscalls:sys_enter").map((f) => (f as { name: string }).name)).toEqual([
      "socket",
      "bind",
      "sendto",
      "recvfrom",
      "write",
    ]);
    expect(fields("syscalls:sys_exit").map((f) => (f as { ret: number }).ret)).toEqual([3, 0, 3, 3, 5]);
    expect(fields("skb:skb_copy_datagram_iovec")).toEqual([{ pid, len: 3 }]);
    expect(fields("console:write")).toEqual([{ pid, text: "done\n" }]);
  });
});

describe("netlink", () => {
  it("lists sockets with their owners, and sysctls", () => {
    const machine = new TestMachine();
    const replies = machine.run(function* (sys) {
      yield* sys.open("/dev/null", 0);
      yield* sys.bind(yield* sys.socket(AF.INET, SOCK.DGRAM, 0), at("10.0.0.1", 53));
      const sockets = yield* sys.netlink({ kind: "socket-list" });
      const done = yield* sys.netlink({ kind: "sysctl-set", name: "net.core.rmem_max", value: "9000" });
      const value = yield* sys.netlink({ kind: "sysctl-get", name: "net.core.rmem_max" });
      const bad = yield* sys.netlink({ kind: "sysctl-set", name: "net.core.rmem_max", value: "x" });
      const none = yield* sys.netlink({ kind: "sysctl-get", name: "no.such" });
      const foreign = yield* sys.netlink({ kind: "link-list" });
      return { sockets, done, value, bad, none, foreign };
    });
    expect(replies.sockets).toMatchObject({
      kind: "sockets",
      sockets: [
        {
          protocol: "udp",
          state: "UNCONN",
          local: { port: 53 },
          receiveBufferBytes: 212_992,
          process: { pid: 2, command: "test", fd: 1 },
        },
      ],
    });
    expect(replies).toMatchObject({
      done: { kind: "done" },
      value: { sysctls: [{ name: "net.core.rmem_max", value: "9000" }] },
      bad: -E.EINVAL,
      none: -E.ENOENT,
      foreign: -E.EOPNOTSUPP,
    });
  });
});

describe("the clock and the dice", () => {
  it("are the lab's", () => {
    const roll = (seed: number): unknown =>
      new TestMachine({ seed }).run(function* (sys) {
        yield* sys.nanosleep(5);
        return [sys.now(), sys.wallClock(), yield* sys.random32(), yield* sys.hostname()];
      });
    expect(roll(1)).toEqual(roll(1));
    expect(roll(1)).not.toEqual(roll(2));
    expect(roll(1)).toMatchObject([5, 1_700_000_000e9 + 5, expect.any(Number), "h1"]);
  });
});
