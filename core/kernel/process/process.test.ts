import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { E } from "../syscall/errno.ts";
import { SIGNALS, WNOHANG, WUNTRACED, type Call, type Program, type Sys } from "../syscall/sys.ts";
import { TestMachine } from "../../../test/harness/process.ts";

const sleeper: Program = function* (sys) {
  return yield* sys.nanosleep(3600 * SECOND);
};
const exits = (status: number): Program =>
  function* () {
    return status;
  };

describe("exit and wait", () => {
  it("reports a child's status once, then has no child", () => {
    const machine = new TestMachine();
    const seen = machine.run(function* (sys) {
      const pid = yield* sys.spawn(exits(7), ["child"]);
      const first = yield* sys.waitpid(-1, 0);
      const second = yield* sys.waitpid(-1, 0);
      return { pid, first, second };
    });
    expect(seen.first).toEqual({ pid: seen.pid, status: 7 });
    expect(seen.second.pid).toBe(-E.ECHILD);
    expect(machine.userland.processes.list().map((p) => p.pid)).toEqual([1]);
  });

  it("blocks until the child ends, and keeps a zombie until then", () => {
    const machine = new TestMachine();
    const parent = machine.start(function* (sys) {
      const pid = yield* sys.spawn(sleeper, ["child"]);
      yield* sys.nanosleep(10);
      yield* sys.kill(pid, SIGNALS.TERM);
      yield* sys.nanosleep(10);
      const info = (yield* sys.processes()).find((p) => p.pid === pid);
      const none = yield* sys.waitpid(pid, WNOHANG);
      return info?.state === "Z" && none.status === 143 ? 0 : 1;
    });
    machine.advance(SECOND);
    expect(machine.statuses.get(parent.pid)).toBe(0);
  });

  it("returns pid 0 with WNOHANG while nobody is ready", () => {
    const machine = new TestMachine();
    const result = machine.run(function* (sys) {
      const pid = yield* sys.spawn(sleeper, ["child"]);
      const none = yield* sys.waitpid(-1, WNOHANG);
      yield* sys.kill(pid, SIGNALS.KILL);
      const dead = yield* sys.waitpid(pid, 0);
      return { none, dead: dead.status };
    });
    expect(result).toEqual({ none: { pid: 0, status: 0 }, dead: 137 });
  });

  it("gives orphans to init, which buries them", () => {
    const machine = new TestMachine();
    machine.run(function* (sys) {
      yield* sys.spawn(
        function* (inner) {
          yield* inner.spawn(
            function* (innermost) {
              yield* innermost.nanosleep(SECOND);
              return 0;
            },
            ["grandchild"],
          );
          return 0;
        },
        ["child"],
      );
      return yield* sys.waitpid(-1, 0);
    }, 0.5 * SECOND);
    const [init, orphan] = machine.userland.processes.list();
    expect(orphan?.parent).toBe(init);
    machine.advance(2 * SECOND);
    expect(machine.userland.processes.list()).toHaveLength(1);
  });

  it("makes no zombies for a parent that ignores SIGCHLD", () => {
    const machine = new TestMachine();
    const result = machine.run(function* (sys) {
      yield* sys.sigaction(SIGNALS.CHLD, "ignore");
      yield* sys.spawn(exits(1), ["child"]);
      yield* sys.nanosleep(10);
      return (yield* sys.waitpid(-1, 0)).pid;
    });
    expect(result).toBe(-E.ECHILD);
  });

  it("closes all files at exit", () => {
    const machine = new TestMachine();
    const result = machine.run(function* (sys) {
      const ends: [number, number] = [0, 0];
      yield* sys.pipe(ends);
      const child = yield* sys.spawn(
        function* (inner) {
          yield* inner.write(1, utf8Encode("hello"));
          return 0;
        },
        ["writer"],
        { files: new Map([[1, ends[1]]]) },
      );
      yield* sys.close(ends[1]);
      const buffer = new Uint8Array(100);
      const count = yield* sys.read(ends[0], buffer);
      const end = yield* sys.read(ends[0], buffer);
      yield* sys.waitpid(child, 0);
      return { text: utf8Decode(buffer.subarray(0, count)), end };
    });
    expect(result).toEqual({ text: "hello", end: 0 });
  });
});

describe("signals", () => {
  const terminatedBy = (signal: number): number | undefined => {
    const machine = new TestMachine();
    const process = machine.start(sleeper);
    machine.advance(1);
    machine.userland.processes.signal(process, signal);
    machine.advance(1);
    return machine.statuses.get(process.pid);
  };

  it.each([
    [SIGNALS.HUP, 129],
    [SIGNALS.INT, 130],
    [SIGNALS.QUIT, 131],
    [SIGNALS.KILL, 137],
    [SIGNALS.TERM, 143],
    [SIGNALS.USR1, 138],
    [SIGNALS.PIPE, 141],
  ])("signal %i ends a process with status %i", (signal, status) => expect(terminatedBy(signal)).toBe(status));

  it.each([SIGNALS.CHLD, SIGNALS.CONT, SIGNALS.STOP, SIGNALS.TSTP, 28])("signal %i does not", (signal) =>
    expect(terminatedBy(signal)).toBeUndefined(),
  );

  it("a caught signal interrupts one blocking call, and can be asked for", () => {
    const machine = new TestMachine();
    const process = machine.start(function* (sys) {
      yield* sys.sigaction(SIGNALS.INT, "catch");
      const first = yield* sys.nanosleep(SECOND);
      const signal = yield* sys.takeSignal();
      const none = yield* sys.takeSignal();
      const second = yield* sys.nanosleep(SECOND);
      return first === -E.EINTR && signal === SIGNALS.INT && none === 0 && second === 0 ? 0 : 1;
    });
    machine.advance(MILLISECOND);
    machine.userland.processes.signal(process, SIGNALS.INT);
    machine.advance(10 * SECOND);
    expect(machine.statuses.get(process.pid)).toBe(0);
    expect(machine.core.timers.armed).toBe(0);
  });

  it("an ignored signal does nothing, and children ignore it too", () => {
    const machine = new TestMachine();
    const process = machine.start(function* (sys) {
      yield* sys.sigaction(SIGNALS.INT, "ignore");
      yield* sys.spawn(sleeper, ["child"]);
      return yield* sys.nanosleep(SECOND);
    });
    machine.advance(MILLISECOND);
    machine.userland.processes.signalGroup(process.group, SIGNALS.INT);
    machine.advance(2 * SECOND);
    expect(machine.statuses.get(process.pid)).toBe(0);
    expect(machine.userland.processes.list()).toHaveLength(2);
  });

  it("STOP holds a process until CONT, and WUNTRACED tells", () => {
    const machine = new TestMachine();
    const result = machine.run(function* (sys) {
      const pid = yield* sys.spawn(
        function* (inner) {
          yield* inner.nanosleep(MILLISECOND);
          return 5;
        },
        ["child"],
      );
      yield* sys.nanosleep(10);
      yield* sys.kill(pid, SIGNALS.STOP);
      const stopped = yield* sys.waitpid(pid, WUNTRACED);
      yield* sys.nanosleep(SECOND);
      const still = yield* sys.waitpid(pid, WNOHANG);
      yield* sys.kill(pid, SIGNALS.CONT);
      const done = yield* sys.waitpid(pid, 0);
      return [stopped.status, still.pid, done.status];
    });
    expect(result).toEqual([256 + SIGNALS.STOP, 0, 5]);
  });

  it("KILL ends a stopped process", () => {
    const machine = new TestMachine();
    const process = machine.start(sleeper);
    machine.advance(1);
    machine.userland.processes.signal(process, SIGNALS.STOP);
    machine.advance(1);
    machine.userland.processes.signal(process, SIGNALS.KILL);
    machine.advance(1);
    expect(machine.statuses.get(process.pid)).toBe(137);
  });

  it("a process that kills itself does not go on", () => {
    const machine = new TestMachine();
    let reached = false;
    const process = machine.start(function* (sys) {
      yield* sys.kill(sys.pid, SIGNALS.TERM);
      reached = true;
      return 0;
    });
    machine.advance(1);
    expect([machine.statuses.get(process.pid), reached]).toEqual([143, false]);
  });

  it("refuses to change KILL and STOP, and unknown signals", () => {
    const machine = new TestMachine();
    const results = machine.run(function* (sys) {
      const kill = yield* sys.sigaction(SIGNALS.KILL, "ignore");
      const stop = yield* sys.sigaction(SIGNALS.STOP, "catch");
      const zero = yield* sys.sigaction(0, "ignore");
      const high = yield* sys.kill(sys.pid, 65);
      const nobody = yield* sys.kill(4711, 0);
      const self = yield* sys.kill(sys.pid, 0);
      const group = yield* sys.kill(-4711, SIGNALS.TERM);
      return [kill, stop, zero, high, nobody, self, group];
    });
    expect(results).toEqual([-E.EINVAL, -E.EINVAL, -E.EINVAL, -E.EINVAL, -E.ESRCH, 0, -E.ESRCH]);
  });
});

describe("programs", () => {
  it("one that throws dies with 139 and says why on stderr and in the kernel log", () => {
    const machine = new TestMachine();
    const { tty, output } = machine.terminal();
    const process = machine.start(
      function* (sys) {
        yield* sys.nanosleep(1);
        throw new TypeError("boom");
      },
      ["bad"],
      tty,
    );
    machine.advance(SECOND);
    expect(machine.statuses.get(process.pid)).toBe(139);
    expect(output()).toBe(`bad[${process.pid}]: segfault: TypeError: boom\n`);
    expect(machine.core.log.join()).toContain("TypeError: boom");
  });

  it("one that yields nonsense dies with 139", () => {
    const machine = new TestMachine();
    const process = machine.start(function* () {
      yield Number.NaN;
      return 0;
    });
    machine.advance(1);
    expect(machine.statuses.get(process.pid)).toBe(139);
  });

  it("are found by path and in PATH, and scripts by their first line", () => {
    const echo: Program = function* (sys, argv) {
      yield* sys.write(1, utf8Encode(`${argv.join(",")}\n`));
      return 0;
    };
    const machine = new TestMachine({ programs: new Map([["echo", echo]]) });
    machine.userland.writeFile("/tmp/script", "#!/bin/echo -x\nrest\n");
    machine.userland.writeFile("/tmp/text", "plain\n");
    const { tty, output } = machine.terminal();
    const results: number[] = [];
    machine.start(
      function* (sys) {
        for (const name of ["echo", "/bin/echo", "/tmp/script", "nothing", "/tmp", "/tmp/text", "/bin/echo/x"]) {
          results.push(yield* sys.spawn(name, [name, "a"]));
          yield* sys.waitpid(-1, 0);
        }
        return 0;
      },
      ["test"],
      tty,
    );
    machine.advance(SECOND);
    expect(output()).toBe("echo,a\n/bin/echo,a\n/bin/echo,-x,/tmp/script,a\n");
    expect(results.slice(3)).toEqual([-E.ENOENT, -E.EACCES, -E.ENOEXEC, -E.ENOTDIR]);
  });

  it("cannot stop the clock with calls that never block", () => {
    const machine = new TestMachine();
    let calls = 0;
    machine.start(function* (sys) {
      for (;;) {
        yield* sys.getcwd();
        calls++;
      }
    });
    machine.advance(5_500);
    expect(calls).toBeGreaterThan(10_000);
    expect(calls).toBeLessThan(100_000);
  });

  it("pay for what they compute, and can be killed meanwhile", () => {
    const machine = new TestMachine();
    const process = machine.start(function* (sys) {
      yield* sys.compute(10 * SECOND);
      return 0;
    });
    machine.advance(SECOND);
    expect(process.cpuTime).toBeGreaterThan(0.99 * SECOND);
    machine.userland.processes.signal(process, SIGNALS.INT);
    machine.advance(2 * MILLISECOND);
    expect(machine.statuses.get(process.pid)).toBe(130);
  });

  it("pay for system calls before they take effect", () => {
    const machine = new TestMachine({ costs: "1996" });
    const times = machine.run(function* (sys: Sys): Call<number[]> {
      const before = sys.now();
      yield* sys.getcwd();
      return [before, sys.now()];
    });
    expect((times[1] as number) - (times[0] as number)).toBe(20_000);
  });

  it("are bounded in number", () => {
    const machine = new TestMachine();
    const result = machine.run(function* (sys) {
      for (let i = 0; ; i++) {
        const pid = yield* sys.spawn(sleeper, ["child"]);
        if (pid < 0) return { i, pid };
      }
    });
    expect(result.pid).toBe(-E.EAGAIN);
    expect(result.i).toBe(1022);
  });
});
