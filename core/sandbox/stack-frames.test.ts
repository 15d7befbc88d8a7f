/** Frames of functions made by hand; those of the engine are in hostile.test.ts. */
import { describe, expect, it } from "vitest";
import { enlargeFrames } from "./stack-frames.ts";
import { OP, SECTION, WasmWriter } from "./wasm-binary.ts";
import { WebAssembly, type WasmGlobal } from "./webassembly.ts";

const I32 = 0x7f;
const STACK_POINTER = 0;
const DROP = 0x1a;

interface Exports {
  readonly __stack_pointer: WasmGlobal;
  /** What the stack pointer is inside. */
  frame(): number;
}

/** `sp = local = sp - size`, leaves it, and `sp = local + size`, as Clang writes it; then the instructions. */
function frameOf(taken: number, given: number): Uint8Array {
  const code = new WasmWriter().put(1, 1, I32);
  code.put(OP.globalGet, STACK_POINTER, OP.i32Const).s32(taken).put(OP.i32Sub, OP.localTee, 0);
  code.put(OP.globalSet, STACK_POINTER, OP.globalGet, STACK_POINTER);
  code.put(OP.localGet, 0, OP.i32Const).s32(given).put(OP.i32Add, OP.globalSet, STACK_POINTER);
  return code.put(OP.end).view();
}

function moduleOf(body: Uint8Array): Uint8Array {
  const out = new WasmWriter().put(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const section = (id: number, write: (to: WasmWriter) => void): void => {
    const content = new WasmWriter();
    write(content);
    out.put(id).block(content.view());
  };
  const name = (text: string): number[] => [text.length, ...Array.from(text, (character) => character.charCodeAt(0))];
  section(SECTION.type, (to) => to.put(1, 0x60, 0, 1, I32));
  section(SECTION.function, (to) => to.put(1, 0));
  section(SECTION.global, (to) => to.put(1, I32, 1, OP.i32Const).s32(4096).put(OP.end));
  section(SECTION.export, (to) => to.put(2, ...name("__stack_pointer"), 3, 0, ...name("frame"), 0, 0));
  section(SECTION.code, (to) => to.put(1).block(body));
  return out.view();
}

function run(bytes: Uint8Array): { inside: number; after: number } {
  const module = new WebAssembly.Module(bytes.slice());
  const exports = new WebAssembly.Instance(module, {}).exports as Exports;
  return { inside: exports.frame(), after: exports.__stack_pointer.value };
}

describe("enlarged frames", () => {
  it("are taken and given back", () => {
    const before = moduleOf(frameOf(32, 32));
    expect(run(before)).toEqual({ inside: 4096 - 32, after: 4096 });
    expect(run(enlargeFrames(before))).toEqual({ inside: 4096 - 32 - 192, after: 4096 });
  });

  it("leave alone what does not give back what it took", () => {
    const before = moduleOf(frameOf(32, 16));
    expect(run(enlargeFrames(before))).toEqual(run(before));
  });

  it("leave alone a function without one", () => {
    const before = moduleOf(new WasmWriter().put(0, OP.i32Const, 1, DROP, OP.i32Const, 7, OP.end).view());
    expect(run(enlargeFrames(before))).toEqual({ inside: 7, after: 4096 });
  });
});
