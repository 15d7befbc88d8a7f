/** Guest programs as processes of a machine: calls, concurrency, time, ends. */
import { describe, expect, it } from "vitest";
import { TestMachine, type MachineOptions } from "../../test/harness/process.ts";
import { programOf } from "../../test/harness/sandbox.ts";
import { SIGNALS } from "../kernel/syscall/sys.ts";

interface Outcome {
  readonly output: string;
  readonly status: number | undefined;
  readonly machine: TestMachine;
}

/** Runs a program on a machine of its own for so long. */
function run(source: string, args: readonly string[] = [], options: MachineOptions & { span?: number } = {}): Outcome {
  const machine = new TestMachine(options);
  const { tty, output } = machine.terminal();
  const process = machine.start(programOf(source, { stepsMax: 3_000_000 }), ["program", ...args], tty);
  machine.advance(options.span ?? 10e9);
  return { output: output().replaceAll("\r", ""), status: machine.statuses.get(process.pid), machine };
}

const ECHO = `
import { decode, print } from "lastack";
import { AF_INET, bind, close, recvfrom, sendto, SOCK_DGRAM, socket, type SockAddr } from "lastack/socket";
const server = await socket(AF_INET, SOCK_DGRAM);
await bind(server, { address: "127.0.0.1", port: 7 });
async function serve(): Promise<void> {
  for (;;) {
    const from: SockAddr = { address: "", port: 0 };
    const message = decode(await recvfrom(server, 100, from));
    await sendto(server, message.toUpperCase(), from);
    if (message === "bye") return;
  }
}
async function client(name: string): Promise<void> {
  const sockfd = await socket(AF_INET, SOCK_DGRAM);
  await sendto(sockfd, name, { address: "localhost", port: 7 });
  print(name, "got", decode(await recvfrom(sockfd, 100)));
  await close(sockfd);
}
`;

describe("calls", () => {
  it("may be under way at once: a server and its clients in one program", () => {
    const { output, status } = run(`${ECHO} const serving = serve();
      await Promise.all(["one", "two", "three"].map(client)); await client("bye"); await serving; print("end");`);
    expect(output).toBe("one got ONE\ntwo got TWO\nthree got THREE\nbye got BYE\nend\n");
    expect(status).toBe(0);
  });

  it("wait in virtual time, in order of their time", () => {
    const { output } = run(`import { now, print, sleep } from "lastack";
      const nap = async (ms: number) => { await sleep(ms); print(ms, now()); };
      await Promise.all([nap(30), nap(0.25), nap(10), nap(10)]);`);
    expect(output).toBe("0.25 0.25\n10 10\n10 10\n30 30\n");
  });

  it("on one socket are answered in the order in which they were begun", () => {
    const { output } = run(`${ECHO} const a = await socket(AF_INET, SOCK_DGRAM);
      const all = [1, 2, 3].map(async (n) => print(n, decode(await recvfrom(server, 100))));
      for (const text of ["x", "y", "z"]) await sendto(a, text, { address: "127.0.0.1", port: 7 });
      await Promise.all(all);`);
    expect(output).toBe("1 x\n2 y\n3 z\n");
  });

  it("fail with an errno at their line, also when the socket is closed under them", () => {
    const { output, status } = run(`${ECHO} const waits = recvfrom(server, 10).catch((e) => print(e.code, e.call));
      await close(server);
      await waits;
      await sendto(server, "x", { address: "127.0.0.1", port: 7 });`);
    expect(output).toBe("EBADF recvfrom\nmain.ts:23:20: SystemError: sendto: Bad file descriptor (EBADF)\n");
    expect(status).toBe(1);
  });

  it("know hosts by name, and say who is unknown", () => {
    const { output } = run(`import { print } from "lastack"; import { gethostbyname } from "lastack/socket";
      print(await gethostbyname("localhost"), await gethostbyname("10.1.2.3"));
      await gethostbyname("nobody");`);
    expect(output).toBe(
      "127.0.0.1 10.1.2.3\nmain.ts:3:13: SystemError: gethostbyname: No such file or directory (ENOENT)\n",
    );
  });

  it("reach files and the terminal", () => {
    const machine = new TestMachine();
    const { tty, output } = machine.terminal();
    const source = `import { decode, print } from "lastack";
      import { mkdir, read, readdir, readText, rename, stat, unlink, writeFile } from "lastack/fs";
      await mkdir("/tmp/d"); await writeFile("/tmp/d/a", "x".repeat(100000) + "ä");
      await rename("/tmp/d/a", "/tmp/d/b");
      print(await readdir("/tmp/d"), (await stat("/tmp/d/b")).size, (await readText("/tmp/d/b")).length);
      await unlink("/tmp/d/b");
      print("typed:", decode(await read(0, 100)));`;
    const process = machine.start(programOf(source), ["program"], tty);
    machine.advance(1e9);
    tty.input(new Uint8Array([104, 105, 10]));
    machine.advance(1e9);
    expect(output().replaceAll("\r", "")).toBe('["b"] 100002 100001\nhi\ntyped: hi\n\n');
    expect(machine.statuses.get(process.pid)).toBe(0);
  });
});

describe("the end", () => {
  it.each([
    ["of itself", "export {};", 0, ""],
    [
      "by exit, after what it printed",
      `import { exit, print } from "lastack"; print("a"); exit(3); print("b");`,
      3,
      "a\n",
    ],
    ["by an error", "console.log('a');\nthrow new Error('x');", 1, "a\nmain.ts:2:"],
    ["by a mistake in the text", "let x = ;", 2, "main.ts:1:9: SyntaxError: Expression expected\n"],
    ["by a loop", "console.log('a');\nfor (;;) {}", 152, "a\nmain.ts:1:"],
    ["by a promise that nobody keeps", "await new Promise(() => {});", 13, "main.ts: waits for something"],
  ])("%s", (_, source, status, output) => {
    const end = run(source);
    expect(end.status).toBe(status);
    expect(end.output.slice(0, Math.max(output.length, 1))).toBe(output);
  });

  it("waits for calls that the main module does not wait for", () => {
    const { output, status } = run(`import { print, sleep } from "lastack"; void sleep(5).then(() => print("late"));`);
    expect([output, status]).toEqual(["late\n", 0]);
  });

  it("by a signal lets go of the sandbox's memory", () => {
    const machine = new TestMachine();
    const process = machine.start(programOf("import { sleep } from 'lastack'; await sleep(1e6);"), ["program"]);
    machine.advance(1e9);
    let released = 0;
    const { memory } = process;
    process.memory = { release: () => (memory?.release(), released++) };
    machine.userland.processes.signal(process, SIGNALS.TERM);
    machine.advance(1e9);
    expect([machine.statuses.get(process.pid), released]).toEqual([128 + SIGNALS.TERM, 1]);
  });
});

describe("time", () => {
  const COUNT = `import { now, print } from "lastack"; const start = now();
    let sum = 0; for (let i = 0; i < 100000; i++) sum += i & 3;
    print(sum, now() - start); await Promise.resolve(); print(now() - start);`;

  it("does not pass while a program computes, under profile ideal", () => {
    expect(run(COUNT).output).toBe("150000 0\n0\n");
  });

  it("is paid for by the step under the others, after the program has run", () => {
    const { output, machine } = run(
      `${COUNT} const { sleep } = await import("lastack"); await sleep(0); print(now() > 0.3);`,
      [],
      {
        costs: "modern",
      },
    );
    expect(output).toBe("150000 0\n0\ntrue\n");
    expect(machine.cpu.times.user).toBeGreaterThan(300_000);
  });
});

describe("marks in the trace", () => {
  it("say what state a program is in and what it has decided", () => {
    const machine = new TestMachine();
    machine.trace.want(["program:state", "program:decide"]);
    const source = `import { decide, state } from "lastack";
      state("READY", "t1"); decide("COMMIT", "t1"); state("x".repeat(500));`;
    machine.start(programOf(source), ["program"]);
    machine.advance(1e9);
    const marks = machine.trace
      .read(1, 100)
      .events.map(({ name, fields }) => [name, ...Object.values(fields).slice(1)]);
    expect(marks).toEqual([
      ["program:state", "READY", "t1"],
      ["program:decide", "COMMIT", "t1"],
      ["program:state", "x".repeat(200), ""],
    ]);
  });
});

describe("determinism", () => {
  it("gives equal runs for equal seeds, and others for others", () => {
    const source = `import { print, random, randomInt, sleep } from "lastack";
      for (let i = 0; i < 5; i++) { await sleep(randomInt(10)); print(random(), Math.random()); }`;
    const once = run(source, [], { seed: 5 });
    const again = run(source, [], { seed: 5 });
    expect(again.output).toBe(once.output);
    expect(again.machine.engine.digest.value).toBe(once.machine.engine.digest.value);
    expect(run(source, [], { seed: 6 }).output).not.toBe(once.output);
  });
});
