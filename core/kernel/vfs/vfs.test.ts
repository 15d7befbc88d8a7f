import { describe, expect, it } from "vitest";
import { utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { TMPFS_BYTES_MAX } from "../limits.ts";
import { E } from "../syscall/errno.ts";
import { AF, O, POLL, SIGNALS, SOCK, type Call, type Sys } from "../syscall/sys.ts";
import { at, TestMachine } from "../../../test/harness/process.ts";

function run<T>(body: (sys: Sys, machine: TestMachine) => Call<T>): T {
  const machine = new TestMachine();
  return machine.run((sys) => body(sys, machine));
}

function* readAll(sys: Sys, path: string): Call<string> {
  const fd = yield* sys.open(path, O.RDONLY);
  if (fd < 0) return `error ${fd}`;
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const count = yield* sys.read(fd, buffer);
    if (count <= 0) break;
    text += utf8Decode(buffer.subarray(0, count));
  }
  yield* sys.close(fd);
  return text;
}

function* writeAll(sys: Sys, path: string, text: string, flags: number): Call<number> {
  const fd = yield* sys.open(path, flags);
  if (fd < 0) return fd;
  const result = yield* sys.write(fd, utf8Encode(text));
  yield* sys.close(fd);
  return result;
}

describe("files", () => {
  it("are written, appended to and truncated", () => {
    expect(
      run(function* (sys) {
        yield* writeAll(sys, "/tmp/a", "one\n", O.WRONLY | O.CREAT);
        yield* writeAll(sys, "/tmp/a", "two\n", O.WRONLY | O.APPEND);
        const both = yield* readAll(sys, "/tmp/a");
        yield* writeAll(sys, "/tmp/a", "three\n", O.WRONLY | O.TRUNC);
        return [both, yield* readAll(sys, "/tmp/a")];
      }),
    ).toEqual(["one\ntwo\n", "three\n"]);
  });

  it("share their offset over dup2", () => {
    expect(
      run(function* (sys) {
        yield* writeAll(sys, "/tmp/a", "abcdef", O.WRONLY | O.CREAT);
        const fd = yield* sys.open("/tmp/a", O.RDONLY);
        yield* sys.dup2(fd, 9);
        const buffer = new Uint8Array(3);
        yield* sys.read(fd, buffer);
        yield* sys.read(9, buffer);
        return utf8Decode(buffer);
      }),
    ).toBe("def");
  });

  it("live on without a name while they are open", () => {
    expect(
      run(function* (sys, machine) {
        const before = machine.userland.vfs.tmpfs.inodes;
        yield* writeAll(sys, "/tmp/a", "still here", O.WRONLY | O.CREAT);
        const fd = yield* sys.open("/tmp/a", O.RDONLY);
        yield* sys.unlink("/tmp/a");
        const gone = yield* sys.open("/tmp/a", O.RDONLY);
        const count = yield* sys.read(fd, new Uint8Array(100));
        const held = machine.userland.vfs.tmpfs.bytes;
        yield* sys.close(fd);
        return [gone, count, held - machine.userland.vfs.tmpfs.bytes, machine.userland.vfs.tmpfs.inodes - before];
      }),
    ).toEqual([-E.ENOENT, 10, 10, 0]);
  });

  it("fill the file system up to ENOSPC and no further", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* sys.open("/tmp/big", O.WRONLY | O.CREAT);
        const chunk = new Uint8Array(8 * 1024 * 1024);
        let result = 0;
        for (let i = 0; i < 10 && result >= 0; i++) result = yield* sys.write(fd, chunk);
        const full = machine.userland.vfs.tmpfs.bytes;
        yield* sys.close(fd);
        yield* sys.unlink("/tmp/big");
        return [result, full, machine.userland.vfs.tmpfs.bytes < 1000];
      }),
    ).toEqual([-E.ENOSPC, TMPFS_BYTES_MAX, true]);
  });

  const errors: readonly (readonly [string, (sys: Sys) => Call<unknown>, number])[] = [
    ["open missing", (sys) => sys.open("/tmp/no", O.RDONLY), -E.ENOENT],
    ["open empty path", (sys) => sys.open("", O.RDONLY), -E.ENOENT],
    ["open below a file", (sys) => sys.open("/etc/hosts/x", O.RDONLY), -E.ENOTDIR],
    ["open a file as directory", (sys) => sys.open("/etc/hosts", O.DIRECTORY), -E.ENOTDIR],
    ["open a file with slash", (sys) => sys.open("/etc/hosts/", O.RDONLY), -E.ENOTDIR],
    ["write a directory", (sys) => sys.open("/tmp", O.WRONLY), -E.EISDIR],
    ["create exclusively", (sys) => sys.open("/etc/hosts", O.CREAT | O.EXCL), -E.EEXIST],
    ["name too long", (sys) => sys.open(`/tmp/${"x".repeat(256)}`, O.CREAT), -E.ENAMETOOLONG],
    ["path too long", (sys) => sys.open("/x".repeat(3000), O.RDONLY), -E.ENAMETOOLONG],
    ["mkdir twice", (sys) => sys.mkdir("/tmp"), -E.EEXIST],
    ["mkdir dot", (sys) => sys.mkdir("."), -E.EEXIST],
    ["mkdir root", (sys) => sys.mkdir("/"), -E.EEXIST],
    ["mkdir in nothing", (sys) => sys.mkdir("/no/x"), -E.ENOENT],
    ["unlink directory", (sys) => sys.unlink("/tmp"), -E.EISDIR],
    ["rmdir file", (sys) => sys.rmdir("/etc/hosts"), -E.ENOTDIR],
    ["rmdir full", (sys) => sys.rmdir("/etc"), -E.ENOTEMPTY],
    ["rmdir root", (sys) => sys.rmdir("/"), -E.EBUSY],
    ["rmdir dots", (sys) => sys.rmdir("/etc/.."), -E.ENOTEMPTY],
    ["rename into itself", (sys) => sys.rename("/etc", "/etc/x"), -E.EINVAL],
    ["rename file onto directory", (sys) => sys.rename("/etc/hosts", "/tmp"), -E.EISDIR],
    ["rename directory onto file", (sys) => sys.rename("/tmp", "/etc/hosts"), -E.ENOTDIR],
    ["rename out of proc", (sys) => sys.rename("/proc/version", "/tmp/v"), -E.EXDEV],
    ["create in proc", (sys) => sys.open("/proc/x", O.CREAT | O.WRONLY), -E.EACCES],
    ["remove in proc", (sys) => sys.unlink("/proc/version"), -E.EACCES],
    ["chdir to a file", (sys) => sys.chdir("/etc/hosts"), -E.ENOTDIR],
    ["readdir of a file", (sys) => sys.readdir("/etc/hosts"), -E.ENOTDIR],
    ["read a bad descriptor", (sys) => sys.read(77, new Uint8Array(1)), -E.EBADF],
    ["close a bad descriptor", (sys) => sys.close(-1), -E.EBADF],
    ["dup2 beyond the limit", (sys) => sys.dup2(0, 5000), -E.EBADF],
    ["no terminal", (sys) => sys.open("/dev/tty", O.RDWR), -E.ENXIO],
  ];
  it.each(errors)("%s", (_name, call, expected) => {
    expect(run(call)).toBe(expected);
  });

  it("refuse reading and writing the wrong way", () => {
    expect(
      run(function* (sys) {
        const read = yield* sys.open("/etc/hosts", O.RDONLY);
        const write = yield* sys.open("/etc/hosts", O.WRONLY);
        return [yield* sys.write(read, new Uint8Array(1)), yield* sys.read(write, new Uint8Array(1))];
      }),
    ).toEqual([-E.EBADF, -E.EBADF]);
  });

  it("are found by relative paths from the working directory", () => {
    expect(
      run(function* (sys) {
        yield* sys.mkdir("/tmp/a");
        yield* sys.mkdir("/tmp/a/b");
        yield* sys.chdir("/tmp/a/b");
        yield* writeAll(sys, "../../x", "up", O.WRONLY | O.CREAT);
        const cwd = yield* sys.getcwd();
        yield* sys.rename("/tmp/a/b", "/tmp/moved");
        return [cwd, yield* sys.getcwd(), yield* readAll(sys, "./../x"), yield* sys.readdir("/tmp")];
      }),
    ).toEqual(["/tmp/a/b", "/tmp/moved", "up", ["a", "moved", "x"]]);
  });

  it("run out of descriptors at the limit, and leak none", () => {
    expect(
      run(function* (sys) {
        let fd = 0;
        let count = 0;
        for (; fd >= 0; count++) fd = yield* sys.open("/dev/null", O.RDONLY);
        yield* sys.close(5);
        return [fd, count, yield* sys.open("/dev/null", O.RDONLY)];
      }),
    ).toEqual([-E.EMFILE, 1025, 5]);
  });
});

describe("devices", () => {
  it("do what their names say", () => {
    expect(
      run(function* (sys) {
        const buffer = Uint8Array.of(1, 2);
        const zero = yield* sys.read(yield* sys.open("/dev/zero", O.RDONLY), buffer);
        const none = yield* sys.read(yield* sys.open("/dev/null", O.RDONLY), new Uint8Array(9));
        const gone = yield* sys.write(yield* sys.open("/dev/null", O.WRONLY), buffer);
        const full = yield* sys.write(yield* sys.open("/dev/full", O.WRONLY), buffer);
        const random = new Uint8Array(64);
        yield* sys.read(yield* sys.open("/dev/urandom", O.RDONLY), random);
        return [zero, [...buffer], none, gone, full, new Set(random).size > 20];
      }),
    ).toEqual([2, [0, 0], 0, 2, -E.ENOSPC, true]);
  });
});

describe("pipes", () => {
  it("hold a writer back until there is room", () => {
    expect(
      run(function* (sys) {
        const ends: [number, number] = [0, 0];
        yield* sys.pipe(ends);
        const writer = yield* sys.spawn(
          function* (child) {
            const sent = yield* child.write(1, new Uint8Array(200_000));
            return sent === 200_000 ? 0 : 1;
          },
          ["writer"],
          { files: new Map([[1, ends[1]]]) },
        );
        yield* sys.close(ends[1]);
        const buffer = new Uint8Array(10_000);
        let total = 0;
        for (let count = 1; count > 0; total += count) {
          yield* sys.nanosleep(1000);
          count = yield* sys.read(ends[0], buffer);
        }
        return [total, (yield* sys.waitpid(writer, 0)).status];
      }),
    ).toEqual([200_000, 0]);
  });

  it("kill a writer without readers, or tell it when it ignores SIGPIPE", () => {
    expect(
      run(function* (sys) {
        const statuses: number[] = [];
        for (const ignores of [false, true]) {
          const ends: [number, number] = [0, 0];
          yield* sys.pipe(ends);
          yield* sys.close(ends[0]);
          const child = yield* sys.spawn(
            function* (inner) {
              if (ignores) yield* inner.sigaction(SIGNALS.PIPE, "ignore");
              return -(yield* inner.write(1, new Uint8Array(1)));
            },
            ["child"],
            { files: new Map([[1, ends[1]]]) },
          );
          statuses.push((yield* sys.waitpid(child, 0)).status);
        }
        return statuses;
      }),
    ).toEqual([128 + SIGNALS.PIPE, E.EPIPE]);
  });

  it("answer at once when they are not to block", () => {
    expect(
      run(function* (sys) {
        const ends: [number, number] = [0, 0];
        yield* sys.pipe(ends);
        for (const fd of ends) yield* sys.fcntlNonblock(fd, true);
        const empty = yield* sys.read(ends[0], new Uint8Array(1));
        const part = yield* sys.write(ends[1], new Uint8Array(100_000));
        const full = yield* sys.write(ends[1], new Uint8Array(1));
        return [empty, part, full];
      }),
    ).toEqual([-E.EAGAIN, 65_536, -E.EAGAIN]);
  });
});

describe("poll", () => {
  it("waits for the first of several, or for the time-out", () => {
    expect(
      run(function* (sys) {
        const ends: [number, number] = [0, 0];
        yield* sys.pipe(ends);
        const socket = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
        yield* sys.bind(socket, at("127.0.0.1", 9));
        const fds = [
          { fd: ends[0], events: POLL.IN, revents: 0 },
          { fd: socket, events: POLL.IN, revents: 0 },
          { fd: -1, events: POLL.IN, revents: 0 },
        ];
        const before = sys.now();
        const none = yield* sys.poll(fds, 1000);
        const waited = sys.now() - before;
        yield* sys.spawn(
          function* (child) {
            yield* child.nanosleep(500);
            yield* child.sendto(yield* child.socket(AF.INET, SOCK.DGRAM, 0), new Uint8Array(1), 0, at("127.0.0.1", 9));
            yield* child.nanosleep(500);
            return 0;
          },
          ["child"],
          { files: new Map([[1, ends[1]]]) },
        );
        const one = yield* sys.poll(fds, -1);
        const which = fds.map((entry) => entry.revents);
        yield* sys.recvfrom(socket, new Uint8Array(1), 0, null);
        yield* sys.close(ends[1]);
        const hangup = yield* sys.poll(fds, -1);
        return [none, waited, one, which, hangup, fds[0]?.revents];
      }),
    ).toEqual([0, 1000, 1, [0, POLL.IN, 0], 1, POLL.HUP]);
  });

  it("reports descriptors that are not open", () => {
    expect(
      run(function* (sys) {
        const fds = [{ fd: 55, events: 0, revents: 0 }];
        return [yield* sys.poll(fds, -1), fds[0]?.revents];
      }),
    ).toEqual([1, POLL.NVAL]);
  });
});

describe("terminals", () => {
  function lines(keys: string): { read: string[]; screen: string; status: number | undefined } {
    const machine = new TestMachine();
    const { tty, output } = machine.terminal();
    const read: string[] = [];
    const process = machine.start(
      function* (sys) {
        const buffer = new Uint8Array(100);
        for (;;) {
          const count = yield* sys.read(0, buffer);
          if (count <= 0) return count === 0 ? 0 : 1;
          read.push(utf8Decode(buffer.subarray(0, count)));
        }
      },
      ["cat"],
      tty,
    );
    machine.advance(1);
    for (const key of utf8Encode(keys)) {
      tty.input(Uint8Array.of(key));
      machine.advance(1);
    }
    return { read, screen: output(), status: machine.statuses.get(process.pid) };
  }

  type Case = readonly [name: string, keys: string, read: string[], screen: string, status: number | undefined];
  const cases: readonly Case[] = [
    ["a line", "ls -l\r", ["ls -l\n"], "ls -l\n", undefined],
    ["backspace", "lx\x7fs\n", ["ls\n"], "lx\b \bs\n", undefined],
    ["backspace over UTF-8", "\u00e4\x7fa\n", ["a\n"], "\u00e4\b \ba\n", undefined],
    ["Ctrl-U", "abc\x15d\n", ["d\n"], "abc\b \b\b \b\b \bd\n", undefined],
    ["Ctrl-W", "ab cd\x17e\n", ["ab e\n"], "ab cd\b \b\b \be\n", undefined],
    ["Ctrl-D behind text", "ab\x04c\n", ["ab", "c\n"], "abc\n", undefined],
    ["Ctrl-D on an empty line", "a\n\x04", ["a\n"], "a\n", 0],
    ["Ctrl-C", "abc\x03", [], "abc^C", 130],
    ["Ctrl-\\", "\x1c", [], "^\\", 131],
  ];
  it.each(cases.map((row) => ({ name: row[0], row })))("$name", ({ row: [, keys, read, screen, status] }) =>
    expect(lines(keys)).toEqual({ read, screen, status }),
  );

  it("signal the foreground group alone, and let only it read", () => {
    const machine = new TestMachine();
    const { tty } = machine.terminal();
    const got: string[] = [];
    const shell = machine.start(
      function* (sys) {
        yield* sys.sigaction(SIGNALS.INT, "ignore");
        const child = yield* sys.spawn(
          function* (inner) {
            yield* inner.sigaction(SIGNALS.INT, "default");
            const buffer = new Uint8Array(10);
            got.push(utf8Decode(buffer.subarray(0, yield* inner.read(0, buffer))));
            return yield* inner.nanosleep(SECOND * 100);
          },
          ["child"],
          { group: 0 },
        );
        yield* sys.nanosleep(100);
        yield* sys.tcsetpgrp(0, child);
        const { status } = yield* sys.waitpid(child, 0);
        yield* sys.tcsetpgrp(0, sys.pid);
        return status;
      },
      ["sh"],
      tty,
    );
    machine.advance(10);
    tty.input(utf8Encode("x\n"));
    machine.advance(10);
    expect(got).toEqual([]);
    machine.advance(1000);
    expect(got).toEqual(["x\n"]);
    tty.input(Uint8Array.of(3));
    machine.advance(10);
    expect(machine.statuses.get(shell.pid)).toBe(130);
  });

  it("throw away what is typed beyond their buffer", () => {
    const machine = new TestMachine();
    const { tty } = machine.terminal();
    tty.echo = false;
    tty.input(new Uint8Array(10_000).fill(97));
    expect(tty.overruns).toBe(10_000 - 4095);
  });
});

describe("/proc", () => {
  const read = (path: string): string => run((sys) => readAll(sys, path));

  it("shows sysctls and takes new values", () => {
    expect(
      run(function* (sys, machine) {
        const before = yield* readAll(sys, "/proc/sys/net/core/rmem_default");
        const set = yield* writeAll(sys, "/proc/sys/net/core/rmem_default", "5000\n", O.WRONLY);
        const bad = yield* writeAll(sys, "/proc/sys/net/core/rmem_default", "much", O.WRONLY);
        const names = yield* sys.readdir("/proc/sys/net");
        const none = yield* sys.open("/proc/sys/net/nothing", O.RDONLY);
        return [before, set, bad, machine.core.sysctls.get("net.core.rmem_default"), names, none];
      }),
    ).toEqual(["212992\n", 5, -E.EINVAL, "5000", ["core", "ipv4"], -E.ENOENT]);
  });

  it("shows processes", () => {
    const { names, status, comm, command, files } = run(function* (sys) {
      return {
        names: yield* sys.readdir("/proc"),
        status: yield* readAll(sys, `/proc/${sys.pid}/status`),
        comm: yield* readAll(sys, "/proc/self/comm"),
        command: yield* readAll(sys, "/proc/self/cmdline"),
        files: yield* sys.readdir("/proc/self/fd"),
      };
    });
    expect(names).toEqual(expect.arrayContaining(["1", "2", "self", "net", "sys", "softirqs"]));
    expect(status).toMatch(/^Name:\ttest\nState:\tR \(running\)\n/);
    expect([comm, command, files]).toEqual(["test\n", "test\0", []]);
    expect(read("/proc/1/stat").split(" ")).toHaveLength(52);
    expect(read("/proc/4711/comm")).toBe(`error ${-E.ENOENT}`);
  });

  it("formats /proc/net/dev as Linux does", () => {
    const text = run(function* (sys, machine) {
      Object.assign(machine.devices.eth0.stats, {
        rxBytes: 195853243,
        rxPackets: 5298,
        txBytes: 486994,
        txPackets: 3371,
      });
      return yield* readAll(sys, "/proc/net/dev");
    });
    expect(text.split("\n")[3]).toBe(
      "  eth0: 195853243    5298    0    0    0     0          0         0 " +
        "  486994    3371    0    0    0     0       0          0",
    );
  });

  it("formats softirqs, interrupts, softnet_stat, uptime and stat", () => {
    expect(read("/proc/softirqs").split("\n").slice(0, 2)).toEqual([
      "                    CPU0       ",
      "          HI:          0",
    ]);
    expect(read("/proc/interrupts")).toBe("           CPU0       \n");
    expect(read("/proc/net/softnet_stat")).toBe(`${Array(15).fill("00000000").join(" ")}\n`);
    expect(read("/proc/uptime")).toBe("0.00 0.00\n");
    expect(read("/proc/stat").split("\n")[1]).toBe("cpu0 0 0 0 0 0 0 0 0 0 0");
  });

  it("formats snmp", () => {
    const lines = read("/proc/net/snmp").split("\n");
    expect(lines[0]).toBe(
      "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards " +
        "InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs " +
        "FragFails FragCreates OutTransmits",
    );
    expect(lines[1]).toBe(`Ip: 2 64${" 0".repeat(18)}`);
  });

  it("formats udp sockets", () => {
    const text = run(function* (sys) {
      yield* sys.bind(yield* sys.socket(AF.INET, SOCK.DGRAM, 0), at("10.0.0.1", 53));
      return yield* readAll(sys, "/proc/net/udp");
    });
    const [header, line] = text.split("\n");
    expect(header).toHaveLength(127);
    expect(line?.trimEnd()).toBe(
      "    0: 0100000A:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 " +
        "    0        0 20000 2 0000000000000000 0",
    );
  });
});
