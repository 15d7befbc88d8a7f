/** Programs in the sandbox: what they are told when they fail, and that none does more than fail. */
import { describe, expect, it } from "vitest";
import { testEngine } from "../../test/harness/sandbox.ts";
import { OPERATION } from "../runtime/operations.ts";
import type {
  Guest,
  GuestError,
  GuestHost,
  GuestLimits,
  GuestRequest,
  GuestState,
  Sandbox,
} from "../runtime/sandbox-port.ts";

interface Asked {
  readonly operation: number;
  readonly id: number;
  readonly a: number;
  readonly text: string;
}

/** Keeps what the guest asks; the clock stands at one instant. */
class TestHost implements GuestHost {
  readonly asked: Asked[] = [];
  readonly printed: string[] = [];

  wallClock(): number {
    return 1_700_000_000_000_000;
  }

  request(request: GuestRequest): number {
    const { operation, id, a } = request;
    if (operation === OPERATION.print) this.printed.push(request.text());
    else if (operation === OPERATION.random) return 0.25;
    else if (operation === OPERATION.now) return 5_000_000;
    else this.asked.push({ operation, id, a, text: request.text() });
    return 0;
  }
}

const SMALL: Partial<GuestLimits> = { stepsMax: 2_000_000, memoryBytesMax: 8 * 1024 * 1024 };

interface Started {
  readonly guest: Guest;
  readonly host: TestHost;
}

function start(sandbox: Sandbox, source: string | Readonly<Record<string, string>>, limits = SMALL): Started {
  const host = new TestHost();
  const modules = new Map(typeof source === "string" ? [["main.ts", source]] : Object.entries(source));
  const configuration = { host: "h1", args: ["a", "b"] };
  const guest = sandbox.start({ modules, main: "main.ts", configuration, host, limits });
  if (!guest.ok) throw new Error(`not started: ${guest.error.message}`);
  return { guest: guest.value, host };
}

/** Runs a program that waits for nothing. */
function run(
  source: string | Readonly<Record<string, string>>,
  limits = SMALL,
): { state: GuestState; printed: string } {
  const sandbox = testEngine().open();
  const { guest, host } = start(sandbox, source, limits);
  const state = guest.run();
  sandbox.close();
  return { state, printed: host.printed.join("") };
}

function errorOf(source: string | Readonly<Record<string, string>>, limits = SMALL): GuestError {
  const { state } = run(source, limits);
  if (state.kind !== "failed") throw new Error(`it did not fail: ${state.kind}`);
  return state.error;
}

/** `file:line:column` of the innermost frame. */
const placeOf = ({ frames: [frame] }: GuestError): string =>
  frame === undefined ? "" : `${frame.file}:${frame.line}:${frame.column}`;

describe("a program", () => {
  it("runs to its end, with arguments, a clock that stands and randomness of its host's", () => {
    const source = `import { args, host, now, print } from "lastack";
      print(host, args, now(), Math.random(), new Date().toISOString(), new Date().getTimezoneOffset());`;
    const { state, printed } = run(source);
    expect(printed).toBe('h1 ["a","b"] 5 0.25 2023-11-14T22:13:20.000Z 0\n');
    expect(state).toEqual({ kind: "finished" });
  });

  it("has nothing that two runs would see differently", () => {
    const names = ["WeakRef", "FinalizationRegistry", "performance", "Atomics", "lastackHost"];
    const { printed } = run(`for (const name of ${JSON.stringify(names)}) console.log(name, name in globalThis)`);
    expect(printed).toBe(names.map((name) => `${name} false\n`).join(""));
  });

  it("waits for answers, any number at once and in any order", () => {
    const sandbox = testEngine().open();
    const { guest, host } = start(
      sandbox,
      `import { print, sleep } from "lastack";
       await Promise.all([1, 2, 3].map(async (n) => { await sleep(n); print("slept", n); }));
       print("all");`,
    );
    expect(guest.run()).toEqual({ kind: "waiting" });
    expect(host.asked.map(({ a }) => a)).toEqual([1e6, 2e6, 3e6]);
    const [first, second, third] = host.asked;
    for (const asked of [third, first]) guest.settle({ operation: 0, id: asked?.id ?? 0, value: 0 });
    expect(guest.run()).toEqual({ kind: "waiting" });
    guest.settle({ operation: 0, id: second?.id ?? 0, value: 0 });
    expect(guest.run()).toEqual({ kind: "finished" });
    expect(host.printed).toEqual(["slept 3\n", "slept 1\n", "slept 2\n", "all\n"]);
    // An answer that nobody waits for is ignored.
    guest.settle({ operation: 0, id: 77, value: 0 });
    expect(guest.run()).toEqual({ kind: "finished" });
    sandbox.close();
  });

  it("exchanges text and bytes of any length", () => {
    const { printed } = run(`import { decode, encode } from "lastack";
      const long = "aä€😀".repeat(30000);
      const none = decode(new Uint8Array(0));
      console.log(encode("aä€😀").join(), decode(encode(long)) === long, encode(long).length, none);`);
    expect(printed).toBe("97,195,164,226,130,172,240,159,152,128 true 300000 \n");
  });

  it("exits with a status, whatever it would have caught or done at last", () => {
    const source = `import { exit } from "lastack";
      try { exit(3); } catch { console.log("caught"); } finally { console.log("finally"); }`;
    expect(run(source)).toEqual({ state: { kind: "exited", status: 3 }, printed: "" });
  });

  it("may have several files", () => {
    const { printed } = run({
      "main.ts": `import { f } from "./lib/f"; import { Vote } from "./lib/votes.js"; console.log(f(), Vote.Abort);`,
      "lib/f.ts": `import { g } from "../g.ts"; export const f = (): number => g() + 1;`,
      "g.ts": `export const g = (): number => 41;`,
      "lib/votes.ts": `export enum Vote { Commit = 1, Abort }`,
    });
    expect(printed).toBe("42 2\n");
  });
});

describe("errors", () => {
  it.each([
    ["let x = 1;\nthrow new TypeError(`bad ${x}`);", "TypeError: bad 1", "main.ts:2:"],
    ["const f = (): void => {\n  null!.x;\n};\nf();", "TypeError: cannot read property 'x' of null", "main.ts:2:"],
    ["await 1;\nPromise.reject(new Error('nobody'));", "Error: nobody", "main.ts:2:"],
    ["throw { a: 1 };", "[object Object]", ""],
    ["throw undefined;", "undefined", ""],
    [
      "enum A { X }\nclass P { constructor(public a: A) {}\n  f() { throw new Error('p'); }\n}\nnew P(A.X).f();",
      "Error: p",
      "main.ts:3:",
    ],
    ["import { f } from './f.ts';", "there is no file f.ts, which main.ts imports", "main.ts:1:"],
    [
      "import { sleep, nap } from 'lastack';",
      "SyntaxError: Could not find export 'nap' in module 'lastack'",
      "main.ts:1:",
    ],
    ["import 'lastack/kernel';", 'there is no module "lastack/kernel"', "main.ts:1:"],
    ["import 'node:fs';", 'there is no module "node:fs"', "main.ts:1:"],
    [
      "import { send } from 'lastack/socket';\nsend(socket as never, 'x');",
      "ReferenceError: socket is not defined",
      "main.ts:2:",
    ],
    [
      "import { send } from 'lastack/socket';\nsend('3' as never, 'x');",
      "TypeError: send: the descriptor is string",
      "main.ts:2:",
    ],
    [
      "import { socket, listen } from 'lastack/socket';\nawait listen(socket(2, 1) as never, 5);",
      'TypeError: listen: the descriptor is a promise: is there an "await" missing?',
      "main.ts:2:",
    ],
  ])("of %j", (source, message, place) => {
    const error = errorOf(source);
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(placeOf(error).slice(0, place.length)).toBe(place);
  });

  it("of a call are told at the await in the program", () => {
    const sandbox = testEngine().open();
    const { guest, host } = start(
      sandbox,
      `import { connect, send } from "lastack/socket";
async function client(): Promise<void> {
  await connect(3, { address: "10.0.0.9", port: 80 });
}
try { await client(); } catch (error) { console.log(error.code, error.errno, error.call); }
await send(3, "x".repeat(100000));`,
    );
    guest.run();
    guest.settle({ operation: OPERATION.connect, id: host.asked[0]?.id ?? 0, value: -111 });
    guest.run();
    expect(host.printed).toEqual(["ECONNREFUSED 111 connect\n"]);
    guest.settle({ operation: OPERATION.send, id: host.asked[1]?.id ?? 0, value: -104 });
    const state = guest.run();
    expect(state).toMatchObject({
      kind: "failed",
      error: {
        message: "SystemError: send: Connection reset by peer (ECONNRESET)",
        frames: [{ file: "main.ts", line: 6 }],
      },
    });
    sandbox.close();
  });

  it("in a file that was imported, with the way there", () => {
    const error = errorOf({
      "main.ts": `import { f } from "./f.ts";\n\nf();`,
      "f.ts": `export function f(): void {\n  g();\n}\nfunction g(): void {\n  throw new Error("deep");\n}`,
    });
    expect(error.frames.map(({ name, file, line }) => `${name} ${file}:${line}`)).toEqual([
      "g f.ts:5",
      "f f.ts:2",
      " main.ts:3",
    ]);
  });

  it("of syntax, before anything runs", () => {
    const sandbox = testEngine().open();
    const host = new TestHost();
    const modules = new Map([["main.ts", "let a = 1;\nlet b = ;"]]);
    const started = sandbox.start({ modules, main: "main.ts", configuration: {}, host });
    expect(started).toMatchObject({ ok: false, error: { kind: "syntax", frames: [{ line: 2, column: 9 }] } });
    const error = errorOf({ "main.ts": `console.log("no"); import "./b.ts";`, "b.ts": "\n  const = 1;" });
    expect([error.kind, placeOf(error)]).toEqual(["syntax", "b.ts:2:9"]);
  });
});
