/** The disk: what a crash leaves is a state that the calls before it allow, and everything that was forced. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { Random } from "../../base/random.ts";
import { TestMachine } from "../../../test/harness/process.ts";
import { E } from "../syscall/errno.ts";
import { O, type Call, type Sys } from "../syscall/sys.ts";
import { Disk } from "./disk.ts";
import { DIRTY_WRITES_MAX } from "./limits.ts";
import type { Opener } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { Vfs } from "./vfs.ts";

const OPENER: Opener = { pid: 1, openControllingTerminal: () => -E.ENXIO };

/** A machine's file systems over one disk; `boot` is what it finds after a crash. */
class Mounted {
  readonly clock = { now: 0 };
  readonly disk = new Disk(this.clock);
  vfs = this.#mount();

  #mount(): Vfs {
    const vfs = new Vfs(this.clock);
    vfs.tmpfs.root.mount("disk", this.disk.root);
    return vfs;
  }

  crash(seed: number): { path: string; lost: number; torn: number }[] {
    const losses = this.disk.crash(new Random(seed));
    this.vfs = this.#mount();
    return losses;
  }

  open(path: string, flags = O.RDWR | O.CREAT): OpenFile {
    const file = this.vfs.open(this.vfs.root, `/disk/${path}`, flags, OPENER);
    if (typeof file === "number") throw new Error(`open ${path}: ${file}`);
    return file.acquire();
  }

  write(path: string, text: string, flags = O.WRONLY | O.CREAT | O.APPEND): void {
    const file = this.open(path, flags);
    expect(file.write(utf8Encode(text))).toBe(text.length);
    file.close();
  }

  sync(path: string): void {
    const file = this.open(path, O.RDONLY);
    expect(file.sync()).toBe(0);
    file.close();
  }

  /** Null when there is no such file. */
  read(path: string): string | null {
    const inode = this.vfs.resolve(this.vfs.root, `/disk/${path}`);
    if (typeof inode === "number") return null;
    const file = this.open(path, O.RDONLY);
    const bytes = new Uint8Array(10_000);
    const count = file.read(bytes);
    file.close();
    return utf8Decode(bytes.subarray(0, count));
  }

  names(): string[] {
    return this.disk.root.names();
  }
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

/** What was left in each of 60 crashes of the same history. */
function outcomes<T>(history: (on: Mounted) => void, look: (on: Mounted) => T): Set<T> {
  return new Set(
    SEEDS.map((seed) => {
      const on = new Mounted();
      history(on);
      on.crash(seed);
      return look(on);
    }),
  );
}

describe("a crash", () => {
  it("spares what was forced", () => {
    const left = outcomes(
      (on) => {
        on.write("a", "one ");
        on.write("a", "two");
        on.sync("a");
      },
      (on) => on.read("a"),
    );
    expect([...left]).toEqual(["one two"]);
  });

  it("loses a file that was never forced, or leaves it empty, whole or torn anywhere", () => {
    const left = outcomes(
      (on) => on.write("a", "abc"),
      (on) => on.read("a"),
    );
    expect(left).toEqual(new Set(["", "a", "ab", "abc", null]));
  });

  it("treats each write on its own: a later one may be there without an earlier one", () => {
    const left = outcomes(
      (on) => {
        on.write("a", "0");
        on.sync("a");
        on.write("a", "1");
        on.write("a", "2");
      },
      (on) => on.read("a"),
    );
    expect(left).toEqual(new Set(["0", "0\u00002", "01", "012"]));
  });

  it("keeps changes of names in order: what came later is not there without what came before", () => {
    const left = outcomes(
      (on) => {
        on.write("a", "");
        on.sync("a");
        for (const name of ["b", "c", "d"]) on.write(name, "");
      },
      (on) => on.names().join(""),
    );
    expect([...left].sort()).toEqual(["a", "ab", "abc", "abcd"]);
  });

  it("leaves a rename done or undone, and the old file or the new one", () => {
    const left = outcomes(
      (on) => {
        on.write("a", "old");
        on.write("a.new", "new");
        on.sync("a");
        on.sync("a.new");
        expect(on.vfs.rename(on.vfs.root, "/disk/a.new", "/disk/a")).toBe(0);
      },
      (on) => `${on.names().join()} ${String(on.read("a"))}`,
    );
    expect([...left].sort()).toEqual(["a new", "a,a.new old"]);
  });

  it("brings back what was cut off and not forced, never mixed with what was written then", () => {
    const left = outcomes(
      (on) => {
        on.write("a", "old");
        on.sync("a");
        on.write("a", "N", O.WRONLY | O.TRUNC);
      },
      (on) => on.read("a"),
    );
    expect(left).toEqual(new Set(["", "N", "old"]));
  });

  it("takes everything in memory", () => {
    const on = new Mounted();
    on.vfs.mkdir(on.vfs.root, "/tmp");
    on.crash(1);
    expect(on.vfs.resolve(on.vfs.root, "/tmp")).toBe(-E.ENOENT);
  });

  it("tells what it has done", () => {
    const on = new Mounted();
    expect(on.vfs.mkdir(on.vfs.root, "/disk/d")).toBe(0);
    on.write("d/a", "");
    on.sync("d/a");
    for (let i = 0; i < 100; i++) on.write("d/a", "0123456789");
    const [loss, ...others] = on.crash(3);
    expect(others).toEqual([]);
    expect(loss?.path).toBe("/d/a");
    expect(loss?.lost).toBeGreaterThan(20);
    expect(loss?.torn).toBeGreaterThan(20);
  });

  it("is the same for the same seed", () => {
    const once = (): string | null => {
      const on = new Mounted();
      for (let i = 0; i < 20; i++) on.write("a", `record ${i};`);
      on.crash(7);
      return on.read("a");
    };
    expect(once()).toBe(once());
  });
});

describe("the disk", () => {
  it("writes back the oldest by itself when too much waits", () => {
    const on = new Mounted();
    on.write("a", "");
    on.sync("a");
    for (let i = 0; i < DIRTY_WRITES_MAX + 10; i++) on.write("a", "x");
    on.crash(1);
    expect(on.read("a")?.slice(0, 10)).toBe("xxxxxxxxxx");
  });

  it("keeps account of its room over crashes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("write", "sync", "unlink", "rename", "crash"), fc.nat(3), fc.nat(20)), {
          maxLength: 40,
        }),
        (steps) => {
          const on = new Mounted();
          for (const [step, file, number] of steps) {
            const name = `f${file}`;
            if (step === "write") on.write(name, "x".repeat(number));
            else if (step === "crash") on.crash(number);
            else if (step === "sync" && on.read(name) !== null) on.sync(name);
            else if (step === "unlink") on.vfs.unlink(on.vfs.root, `/disk/${name}`);
            else if (step === "rename") on.vfs.rename(on.vfs.root, `/disk/${name}`, `/disk/f${number % 4}`);
          }
          const sizes = on.names().map((name) => on.read(name)?.length ?? 0);
          expect(on.disk.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
          expect(on.disk.inodes).toBe(on.names().length + 1);
        },
      ),
    );
  });
});

describe("fsync", () => {
  it("takes its time, and is told apart from tmpfs, terminals and sockets", () => {
    const machine = new TestMachine();
    machine.userland.vfs.tmpfs.root.mount("disk", new Disk(machine.engine, 5_000_000).root);
    const spans = machine.run(function* (sys): Call<number[]> {
      return [
        yield* timed(sys, "/disk/a"),
        yield* timed(sys, "/tmp/a"),
        yield* timed(sys, "/disk", O.RDONLY),
        yield* sys.fsync(77),
      ];
    });
    expect(spans).toEqual([5_000_000, 0, 5_000_000, -E.EBADF]);
  });
});

function* timed(sys: Sys, path: string, flags: number = O.RDWR | O.CREAT): Call<number> {
  const fd = yield* sys.open(path, flags);
  const start = sys.now();
  const result = yield* sys.fsync(fd);
  return result < 0 ? result : sys.now() - start;
}
