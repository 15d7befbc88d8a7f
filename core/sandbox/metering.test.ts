/** Metering: loops, bulk operations and memory of a small module made by hand, and the real engine. */
import { describe, expect, it } from "vitest";
import { quickJsBytes } from "../../test/harness/sandbox.ts";
import { METER, meterModule } from "./metering.ts";
import { OP, PREFIXED, SECTION, skipImmediates, WasmReader, WasmWriter } from "./wasm-binary.ts";
import { WebAssembly, type WasmGlobal, type WasmMemory } from "./webassembly.ts";

interface Exports {
  readonly memory: WasmMemory;
  readonly [METER.fuel]: WasmGlobal;
  readonly [METER.pages]: WasmGlobal;
  readonly [METER.pagesMax]: WasmGlobal;
  /** Goes round a loop until its argument is down to 0. */
  spin(turns: number): void;
  copy(bytes: number): void;
  fill(bytes: number): void;
  grow(pages: number): number;
  size(): number;
}

const I32 = 0x7f;
const FUNCTION_NAMES = ["spin", "copy", "fill", "grow", "size"] as const;
/** (i32) -> (), (i32) -> i32, () -> i32. */
const TYPES = [
  [0x60, 1, I32, 0],
  [0x60, 1, I32, 1, I32],
  [0x60, 0, 1, I32],
];
const BODIES: readonly { type: number; code: readonly number[] }[] = [
  // loop (br_if 0 (local.tee 0 (local.get 0 - 1)))
  { type: 0, code: [OP.loop, 0x40, OP.localGet, 0, OP.i32Const, 1, OP.i32Sub, 0x22, 0, 0x0d, 0, OP.end] },
  { type: 0, code: [OP.i32Const, 0, OP.i32Const, 0, OP.localGet, 0, OP.prefix, PREFIXED.memoryCopy, 0, 0] },
  { type: 0, code: [OP.i32Const, 0, OP.i32Const, 7, OP.localGet, 0, OP.prefix, PREFIXED.memoryFill, 0] },
  { type: 1, code: [OP.localGet, 0, OP.memoryGrow, 0] },
  { type: 2, code: [OP.memorySize, 0] },
];

/** A module with one page of memory, one global, and the functions above. */
function handMade(extra: readonly number[] = []): Uint8Array {
  const out = new WasmWriter().put(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const section = (id: number, write: (to: WasmWriter) => void): void => {
    const body = new WasmWriter();
    write(body);
    out.put(id).block(body.view());
  };
  section(SECTION.custom, (to) => to.put(1, 0x78, ...extra));
  section(SECTION.type, (to) => TYPES.reduce((all, type) => all.put(...type), to.u32(TYPES.length)));
  section(SECTION.import, (to) => to.u32(0));
  section(SECTION.function, (to) => to.u32(BODIES.length).put(...BODIES.map(({ type }) => type)));
  section(SECTION.memory, (to) => to.put(1, 0, 1));
  section(SECTION.global, (to) => to.put(1, I32, 1, OP.i32Const, 5, OP.end));
  section(SECTION.export, (to) => {
    to.u32(FUNCTION_NAMES.length + 1);
    to.put(6, ...Array.from("memory", (character) => character.charCodeAt(0)), 2, 0);
    FUNCTION_NAMES.forEach((name, index) => {
      to.put(name.length, ...Array.from(name, (character) => character.charCodeAt(0)), 0, index);
    });
  });
  section(SECTION.code, (to) => {
    to.u32(BODIES.length);
    for (const { code } of BODIES) to.block(new WasmWriter().put(0, ...code, OP.end).view());
  });
  return out.view();
}

function instantiate(bytes: Uint8Array<ArrayBuffer>): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports as Exports;
}

describe("a module made by hand", () => {
  it("takes one unit of fuel per turn of a loop, and traps below zero", () => {
    const module = instantiate(meterModule(handMade()));
    module[METER.fuel].value = 100;
    module.spin(40);
    expect(module[METER.fuel].value).toBe(60);
    module.spin(60);
    expect(module[METER.fuel].value).toBe(0);
    expect(() => module.spin(1)).toThrow("unreachable");
    module[METER.fuel].value = 1000;
    expect(() => module.spin(5000)).toThrow("unreachable");
    expect(module[METER.fuel].value).toBe(-1);
  });

  it.each(["copy", "fill"] as const)("takes one unit per 64 bytes of memory.%s", (operation) => {
    const module = instantiate(meterModule(handMade()));
    module[METER.fuel].value = 100;
    module[operation](64 * 30 + 63);
    expect(module[METER.fuel].value).toBe(70);
    if (operation === "fill") expect(new Uint8Array(module.memory.buffer)[64 * 30]).toBe(7);
    expect(() => module[operation](64 * 71)).toThrow("unreachable");
  });

  it("gives memory up to the limit, and keeps the module's own idea of its size", () => {
    const module = instantiate(meterModule(handMade()));
    module[METER.pagesMax].value = 4;
    expect([module.size(), module.grow(2), module.size()]).toEqual([1, 1, 3]);
    expect(module.memory.buffer.byteLength).toBe(3 * 65_536);
    expect([module.grow(2), module.grow(-1), module.grow(0), module.size()]).toEqual([-1, -1, 3, 3]);
    // Wound back: the real memory stays, the module does not see it.
    module[METER.pages].value = 1;
    expect([module.size(), module.grow(3), module.size()]).toEqual([1, 1, 4]);
    expect(module.memory.buffer.byteLength).toBe(4 * 65_536);
  });

  it("drops custom sections", () => {
    const junk = Array.from({ length: 100 }, () => 0x2a);
    expect(meterModule(handMade(junk))).toEqual(meterModule(handMade()));
  });

  it("refuses what is cut short, and instructions it does not know", () => {
    const whole = handMade();
    for (let length = 9; length < whole.length; length++) {
      expect(() => meterModule(whole.subarray(0, length)), `${length} bytes`).toThrow();
    }
    const simd = new WasmReader(new Uint8Array([0xfd, 0]));
    expect(() => skipImmediates(simd, simd.byte())).toThrow("only instructions that metering knows");
  });
});

describe("numbers", () => {
  it.each([0, 1, 63, 64, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 32 - 1])("u32 %i", (value) => {
    const bytes = new WasmWriter().u32(value).view();
    const reader = new WasmReader(bytes);
    expect([reader.u32(), reader.at]).toEqual([value, bytes.length]);
  });

  it.each([
    [0, [0]],
    [-1, [0x7f]],
    [63, [63]],
    [64, [0xc0, 0]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff, 7]],
  ])("s32 %i", (value, bytes) => {
    expect([...new WasmWriter().s32(value).view()]).toEqual(bytes);
  });
});

describe("the real engine", () => {
  it("is rewritten into a valid module, the same one every time", () => {
    const bytes = quickJsBytes();
    const metered = meterModule(bytes);
    expect(() => new WebAssembly.Module(metered)).not.toThrow();
    expect(Buffer.compare(meterModule(bytes), metered)).toBe(0);
    // Meters cost a few percent of its size: nothing was written twice, nothing left out.
    expect(metered.length / bytes.length).toBeGreaterThan(1.01);
    expect(metered.length / bytes.length).toBeLessThan(1.06);
  });
});
