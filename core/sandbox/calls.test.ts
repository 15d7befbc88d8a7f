/** What passes between a guest's library and its host (engine/calls.c), in both directions. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testEngine } from "../../test/harness/sandbox.ts";
import { utf8Encode } from "../base/bytes.ts";
import { OPERATION } from "../runtime/operations.ts";
import type { Guest, GuestHost, GuestRequest } from "../runtime/sandbox-port.ts";

interface Asked {
  readonly id: number;
  readonly numbers: readonly number[];
  readonly bytes: Uint8Array;
}

class Recorder implements GuestHost {
  asked: Asked[] = [];
  printed = "";

  wallClock(): number {
    return 0;
  }

  request(request: GuestRequest): number {
    const { id, a, b, c, d } = request;
    if (request.operation === OPERATION.print) this.printed += request.text();
    else this.asked.push({ id, numbers: [a, b, c, d], bytes: request.bytes() });
    return 0;
  }

  /** What was asked since the last time. */
  take(): Asked[] {
    const taken = this.asked;
    this.asked = [];
    return taken;
  }
}

const MEMORY = 8 * 1024 * 1024;

function start(source: string, memoryBytesMax = MEMORY): { guest: Guest; host: Recorder } {
  const host = new Recorder();
  return { guest: startWith(host, source, memoryBytesMax), host };
}

function startWith(host: GuestHost, source: string, memoryBytesMax = MEMORY): Guest {
  const guest = testEngine()
    .open()
    .start({
      modules: new Map([["main.ts", source]]),
      main: "main.ts",
      configuration: { host: "h", args: [] },
      host,
      limits: { stepsMax: 20_000_000, memoryBytesMax },
    });
  if (!guest.ok) throw new Error(guest.error.message);
  return guest.value;
}

describe("a request", () => {
  it("brings numbers, and strings and bytes as they lie in the program's memory", () => {
    const { guest, host } = start(`
      import { send, sendto } from "lastack/socket";
      const bytes = Uint8Array.from({ length: 70000 }, (_, i) => i & 255);
      void send(3, "plain");
      void send(3, "aä€😀");
      void send(3, "", 64);
      void send(3, bytes.subarray(300, 304));
      void send(3, bytes.subarray(0, 0));
      void send(3, bytes.subarray(0, 65536));
      void sendto(4, "to", { address: "10.0.0.1", port: 7 });`);
    guest.run();
    const asked = host.take();
    expect(asked.map(({ numbers }) => numbers)).toEqual([
      [3, 0, 0, 0],
      [3, 0, 0, 0],
      [3, 64, 0, 0],
      [3, 0, 0, 0],
      [3, 0, 0, 0],
      [3, 0, 0, 0],
      [4, 0, 0x0a000001, 7],
    ]);
    expect(asked.slice(0, 2).map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(["plain", "aä€😀"]);
    expect(asked.slice(2).map(({ bytes }) => bytes.length)).toEqual([0, 4, 0, 65_536, 2]);
    expect([...(asked[3]?.bytes ?? [])]).toEqual([44, 45, 46, 47]);
    expect(asked.every(({ id }, index) => asked.findIndex((other) => other.id === id) === index)).toBe(true);
    guest.dispose();
  });

  it("of bytes that are gone is an error in the program", () => {
    const { guest, host } = start(`
      import { send } from "lastack/socket";
      const bytes = new Uint8Array(8);
      bytes.buffer.transfer();
      try { send(3, bytes); } catch (error) { console.log(error.name); }`);
    expect(guest.run()).toEqual({ kind: "finished" });
    expect([host.printed, host.take()]).toEqual(["TypeError\n", []]);
  });

  it.each([
    ["send(3, [1, 2] as never)", "TypeError: the data is not a string or Uint8Array"],
    ["send(3, undefined as never)", "TypeError: send: the data is undefined, not a string or Uint8Array"],
    ["send(3, new Uint16Array(2) as never)", "TypeError: the data is not a string or Uint8Array"],
    ["send(3.5, 'x')", "TypeError: send: the descriptor is 3.5"],
    ["send(3, 'x', -1)", "TypeError: send: flags is -1"],
    ["recv(3, -1)", "TypeError: recv: the length is -1"],
    ["recvfrom(3, 1e5, undefined, 0.5)", "TypeError: recvfrom: flags is 0.5"],
    ["sendto(3, 'x', { address: '10.0.0.1', port: 65536 })", "TypeError: sendto: the port is 65536"],
    ["sendto(3, 'x', { address: '10.0.0.1', port: '7' as never })", "TypeError: sendto: the port is string"],
    ["sendto(3, 'x', { address: 5 as never, port: 7 })", "TypeError: sendto: the address is number"],
    ["sendto(3, 'x'.repeat(70000), { address: '10.0.0.1', port: 7 })", "TypeError: sendto: 70000 bytes do not fit"],
  ])("of %s names what is wrong", (call, message) => {
    // Whatever was remembered of the address.
    const { guest, host } = start(`
      import { recv, recvfrom, send, sendto } from "lastack/socket";
      void sendto(3, "x", { address: "10.0.0.1", port: 7 });
      ${call};`);
    const state = guest.run();
    expect(state.kind === "failed" ? state.error.message.slice(0, message.length) : state.kind).toBe(message);
    expect(host.take()).toHaveLength(1);
  });

  it.each(["now()", "sleep(1)", "print('x')"])("%s ends the program when the host refuses it", (call) => {
    const refusing = { wallClock: (): number => 0, request: (): null => null };
    const source = `import { now, print, sleep } from "lastack"; try { ${call}; } finally { for (;;); }`;
    const guest = startWith(refusing, source);
    expect(guest.run()).toMatchObject({ kind: "failed", error: { kind: "requests" } });
  });

  it("without end stops at the program's memory, which says so", () => {
    const source = `import { sleep } from "lastack";\nfor (;;) void sleep(1);`;
    const { guest } = start(source, 1024 * 1024);
    const message = "InternalError: out of memory (a program may use 1 MiB)";
    expect(guest.run()).toMatchObject({ kind: "failed", error: { kind: "thrown", message } });
  });
});

/** Echoes what it receives, from any number of calls at once, with garbage for its collector in between. */
const ECHO = `
import { print } from "lastack";
import { recvfrom } from "lastack/socket";
async function receive(n: number): Promise<void> {
  for (;;) {
    const from = { address: "", port: 0, n };
    const bytes = await recvfrom(n, 100, from);
    let chain: unknown = null;
    for (let i = 0; i < 50; i++) { const link = { chain, self: null as unknown }; link.self = link; chain = link; }
    print(from.n, bytes.join("."), from.address, from.port);
  }
}
for (let n = 0; n < CALLS; n++) void receive(n);
await new Promise(() => {});`;

describe("an answer", () => {
  it("finds its call, in whatever order they come", () => {
    const CALLS = 40;
    const rounds = fc.array(fc.array(fc.nat(CALLS - 1), { minLength: 1, maxLength: CALLS }), { maxLength: 12 });
    fc.assert(
      fc.property(rounds, (answered) => {
        const { guest, host } = start(ECHO.replaceAll("CALLS", String(CALLS)));
        guest.run();
        const open = new Map(host.take().map(({ id, numbers }) => [numbers[0] ?? -1, id]));
        let sent = 0;
        for (const round of answered) {
          const expected: string[] = [];
          for (const n of new Set(round)) {
            const bytes = Uint8Array.of(n, ++sent & 255);
            const id = open.get(n) ?? 0;
            guest.settle({ operation: OPERATION.recvfrom, id, value: 2, b: 0x0a000000 + n, c: 1000 + n, bytes });
            expected.push(`${n} ${bytes.join(".")} 10.0.0.${n} ${1000 + n}\n`);
          }
          expect(guest.run()).toEqual({ kind: "waiting" });
          expect(host.printed).toBe(expected.join(""));
          host.printed = "";
          for (const { id, numbers } of host.take()) open.set(numbers[0] ?? -1, id);
        }
        guest.dispose();
      }),
      { numRuns: 20 },
    );
  });

  it("that nobody waits for, or waits for any more, is ignored", () => {
    const { guest, host } = start(`import { sleep, print } from "lastack"; await sleep(1); print("slept");`);
    guest.run();
    const id = host.take()[0]?.id ?? 0;
    for (const strange of [0, -1, 0.5, id + 1, 1e9, NaN]) guest.settle({ operation: 0, id: strange, value: 0 });
    expect(guest.run()).toEqual({ kind: "waiting" });
    guest.settle({ operation: 0, id, value: 0 });
    guest.settle({ operation: 0, id, value: 0 });
    expect(guest.run()).toEqual({ kind: "finished" });
    expect(host.printed).toBe("slept\n");
  });

  it("brings as many bytes as a request may", () => {
    const { guest, host } = start(`
      import { recv } from "lastack/socket";
      import { print } from "lastack";
      const bytes = await recv(3, 1e6);
      print(bytes.length, bytes[0], bytes.at(-1));
      print(await recv(3, 10).then((end) => end.length));`);
    guest.run();
    const first = host.take()[0];
    expect(first?.numbers[1]).toBe(65_536);
    const bytes = new Uint8Array(70_000).fill(7);
    guest.settle({ operation: OPERATION.recv, id: first?.id ?? 0, value: bytes.length, bytes });
    guest.run();
    guest.settle({ operation: OPERATION.recv, id: host.take()[0]?.id ?? 0, value: 0 });
    expect(guest.run()).toEqual({ kind: "finished" });
    expect(host.printed).toBe("65536 7 7\n0\n");
  });

  it("with an errno is an error of the call, whatever the program did to errors", () => {
    const { guest, host } = start(`
      import { connect } from "lastack/socket";
      Error.prototype.message = "mine";
      Object.setPrototypeOf = (() => { throw "mine"; }) as never;
      try { await connect(3, { address: "10.0.0.9", port: 80 }); } catch (error) { console.log(String(error)); }`);
    guest.run();
    guest.settle({ operation: OPERATION.connect, id: host.take()[0]?.id ?? 0, value: -111 });
    expect(guest.run()).toEqual({ kind: "finished" });
    expect(host.printed).toBe("SystemError: connect: Connection refused (ECONNREFUSED)\n");
  });

  it("is text of any alphabet", () => {
    const { guest, host } = start(`
      import { readdir } from "lastack/fs";
      console.log((await readdir("/ä")).join("|"));`);
    guest.run();
    const [asked] = host.take();
    expect(new TextDecoder().decode(asked?.bytes)).toBe("/ä");
    const bytes = utf8Encode("a\0ß\0😀\0");
    guest.settle({ operation: OPERATION.readdir, id: asked?.id ?? 0, value: bytes.length, bytes });
    expect(guest.run()).toEqual({ kind: "finished" });
    expect(host.printed).toBe("a|ß|😀\n");
  });
});
