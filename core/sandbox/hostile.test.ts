/** Programs that mean harm end with an error that says why; the others never notice. */
import { describe, expect, it } from "vitest";
import { sample } from "../../test/harness/long.ts";
import { testEngine } from "../../test/harness/sandbox.ts";
import type { Guest, GuestLimits, GuestState, Sandbox } from "../runtime/sandbox-port.ts";

const LIMITS: GuestLimits = { stepsMax: 1_000_000, memoryBytesMax: 4 * 1024 * 1024 };
const HOST = { wallClock: (): number => 0, request: (): number => 0 };

function start(sandbox: Sandbox, source: string, limits = LIMITS): Guest {
  const modules = new Map([["main.ts", source]]);
  const guest = sandbox.start({ modules, main: "main.ts", configuration: { host: "h", args: [] }, host: HOST, limits });
  if (!guest.ok) throw new Error(guest.error.message);
  return guest.value;
}

const STEPS = "used up its 1,000,000 steps: it computes on and on";
const MEMORY = "InternalError: out of memory (a program may use 4 MiB)";

/** Source, and kind and beginning of the message it ends with. */
const HOSTILE: readonly (readonly [source: string, kind: string, message: string])[] = [
  // Loops
  ["for (;;) {}", "steps", STEPS],
  ["while (true) { try { for (;;) {} } catch {} }", "steps", STEPS],
  ["async function f() { for (;;) await null; }\nawait f();", "steps", STEPS],
  ["const again = () => { Promise.resolve().then(again); };\nagain();", "steps", STEPS],
  ["function* g() { for (;;) yield 1; }\nfor (const x of g()) {}", "steps", STEPS],
  ["new Proxy({}, { get() { for (;;) {} } }).x;", "steps", STEPS],
  ["throw { toString() { for (;;) {} } };", "steps", STEPS],
  ["throw Object.defineProperty(new Error('x'), 'message', { get() { for (;;) {} } });", "steps", STEPS],
  // Deep in one operation of the engine
  ["new Array(1e9) + '';", "steps", STEPS],
  ["for (;;) { try { new Array(1e9).fill(0); } catch {} }", "steps", STEPS],
  ["/^(a+)+$/.test('a'.repeat(60) + 'b');", "steps", STEPS],
  ["/(?=(a+))*b/.test('a'.repeat(5000)); /^(.*?,){40}$/.test(','.repeat(39) + 'x'.repeat(5000));", "steps", STEPS],
  ["(2n ** 300000n) ** 40n;", "", ""],
  ["'x'.repeat(1e6).replaceAll('x', 'y'.repeat(1000));", "", ""],
  ["[...'ab'.repeat(20000)].sort(() => 1);", "", ""],
  ["JSON.stringify((() => { let a: unknown = [1]; for (let i = 0; i < 40; i++) a = [a, a]; return a; })());", "", ""],
  ["const b = new Uint8Array(1e6);\nfor (;;) b.fill(1);", "steps", STEPS],
  ["const b = new Uint8Array(1e6);\nfor (;;) b.copyWithin(0, 1);", "steps", STEPS],
  // Memory
  ["const all = [];\nfor (;;) all.push(new Array(1000).fill(1));", "thrown", MEMORY],
  ["const all = [];\nfor (;;) all.push(new ArrayBuffer(65536));", "thrown", MEMORY],
  ["const all = [];\nfor (;;) { try { all.push(new ArrayBuffer(65536)); } catch {} }", "steps", STEPS],
  ["let text = 'x';\nfor (;;) text = text + text + 'y';", "thrown", "InternalError: "],
  ["new Map(Array.from({ length: 6000 }, (_, i) => [i, new Array(200).fill(i)]));", "thrown", MEMORY],
  ["new SharedArrayBuffer(1e9);", "thrown", ""],
  // Stack
  ["function f() { f(); }\nf();", "thrown", "RangeError: Maximum call stack size exceeded"],
  ["const f = () => { try { f(); } catch { f(); } };\nf();", "steps", STEPS],
  ["const o = { toString: () => `${o}` };\nString(o);", "thrown", "RangeError: "],
  ["[1].map(function f() { [1].map(f); });", "thrown", "RangeError: "],
  ["JSON.parse('['.repeat(100000));", "thrown", ""],
  ["new RegExp('('.repeat(100000));", "thrown", ""],
  ["eval('('.repeat(100000));", "thrown", ""],
  ["let a: unknown = [];\nfor (let i = 0; i < 20000; i++) a = [a];\nJSON.stringify(a);", "thrown", ""],
  // The library
  ["import * as l from 'lastack';\n(l as any).print = null;", "thrown", "TypeError: 'print' is read-only"],
  ["import { args } from 'lastack';\n(args as any).push('x');", "thrown", "TypeError: "],
  ["import { request } from 'lastack/kernel';", "syntax", "there is no module"],
  ["import x from './../lastack:kernel';", "syntax", "there is no file"],
  ["const h = (globalThis as any).lastackHost; h();", "thrown", "TypeError: not a function"],
  [
    "import { sleep } from 'lastack';\nsleep({ valueOf() { throw new Error('mine'); } } as never);",
    "thrown",
    "TypeError: sleep:",
  ],
  ["import { send } from 'lastack/socket';\nsend(1, { length: 1e9 } as never);", "thrown", "TypeError: send: the data"],
  ["import { print } from 'lastack';\nprint('x'.repeat(3e6));", "", ""],
];

/** Ways to break the world a library stands on; it goes on for whoever did not break it. */
const TAMPERED = `
  const evil = () => { throw new Error("evil"); };
  const bytes = Uint8Array.prototype;
  for (const prototype of [Map.prototype, Array.prototype, bytes, Object.getPrototypeOf(bytes)]) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      try { Object.defineProperty(prototype, name, { get: evil, set: evil }); } catch {}
    }
  }
  Object.defineProperty(Object.prototype, "id", { set: evil });
  Reflect.apply = Reflect.construct = Function.prototype.call = Function.prototype.apply = evil;
  JSON.parse = Number.isInteger = Math.random = evil;
`;

describe("hostile programs", () => {
  it.each(HOSTILE)("%j", (source, kind, message) => {
    const sandbox = testEngine().open();
    const guest = start(sandbox, source);
    const state = guest.run();
    if (kind === "") expect(["finished", "failed"]).toContain(state.kind);
    else {
      expect(state).toMatchObject({ kind: "failed", error: { kind } });
      if (state.kind === "failed") expect(state.error.message.slice(0, message.length)).toBe(message);
    }
    // Nothing brings it back, and the sandbox goes on.
    if (state.kind === "failed") expect(guest.run()).toBe(state);
    expect(start(sandbox, "export {};").run()).toEqual({ kind: "finished" });
    sandbox.close();
  });

  it("are stopped at the same step every time", () => {
    const once = (): (readonly [GuestState, number])[] => {
      const sandbox = testEngine().open();
      const ends = sample(HOSTILE.slice(0, 24), 3).map(([source]) => {
        const guest = start(sandbox, source);
        const end = [guest.run(), guest.takeSteps()] as const;
        guest.dispose();
        return end;
      });
      sandbox.close();
      return ends;
    };
    expect(once()).toEqual(once());
  });

  it("cannot break the library for the host", () => {
    const sandbox = testEngine().open();
    const guest = start(
      sandbox,
      `import { sleep } from "lastack";\n${TAMPERED}\nawait sleep(1);\nthrow new Error("after");`,
    );
    expect(guest.run()).toEqual({ kind: "waiting" });
    guest.settle({ operation: 0, id: 1, value: 0 });
    expect(guest.run()).toMatchObject({ kind: "failed", error: { message: "Error: after" } });
    sandbox.close();
  });

  it("go less deep where the engine takes more of the machine's stack than of its own", () => {
    // Without enlarged frames (stack-frames.ts) it is 217 and 191 calls.
    const depth = (call: string): number => {
      const sandbox = testEngine().open();
      const source = `let depth = 0;\nfunction f() { depth++; ${call}; }\ntry { f(); } catch {}\nthrow depth;`;
      const state = start(sandbox, source).run();
      sandbox.close();
      return state.kind === "failed" ? Number(state.error.message) : NaN;
    };
    expect(depth("[1].map(f)")).toBeLessThan(160);
    expect(depth("JSON.parse('[1]', f)")).toBeLessThan(120);
  });

  it("use the machine's stack so little that QuickJS's own limit comes first", () => {
    // Twice as deep as programs may go must still fit: how much V8 grants differs from machine to machine.
    const sandbox = testEngine().open();
    const deep = (levels: number): number => {
      if (levels > 0) return deep(levels - 1) + 1;
      const guest = start(sandbox, "function f(n: number): number { return [n].map(f)[0]; }\nf(1);");
      expect(guest.run()).toMatchObject({ kind: "failed", error: { message: /^RangeError: Maximum call stack/ } });
      return 0;
    };
    expect(deep(2000)).toBe(2000);
    sandbox.close();
  });
});
