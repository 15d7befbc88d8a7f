/**
 * Rewrites a WebAssembly module so that whatever runs in it can be stopped at an exact, repeatable point. QuickJS's own
 * interrupt is looked at between bytecodes only: `new Array(1e9) + ""` stays in C code for minutes. Therefore every
 * loop takes one unit of *fuel* per turn, a bulk copy one per 64 bytes, and who is out of fuel traps. Recursion is
 * bounded by the stack (stack-frames.ts).
 *
 * Memory is made repeatable as well: the module sees a size of its own (`pages`) that only grows on request, up to
 * `pagesMax`, however large the real memory is that an earlier program has left behind. So an instance that was wound
 * back to its first image behaves as a new one does.
 */
import { assert } from "../base/assert.ts";
import {
  BLOCK_EMPTY,
  FUNCTION_TYPE,
  OP,
  PREFIXED,
  SECTION,
  skipImmediates,
  VALUE_I32,
  WasmReader,
  WasmWriter,
} from "./wasm-binary.ts";
import { frameEdits, type Edit } from "./stack-frames.ts";

/** Names of the exported globals: what is left, and the memory that the module believes to have and may have. */
export const METER = { fuel: "lastack_fuel", pages: "lastack_pages", pagesMax: "lastack_pages_max" } as const;

const HEADER_BYTES = 8;
const IMPORT_KINDS = { function: 0, table: 1, memory: 2, global: 3 } as const;
const EXPORT_GLOBAL = 3;
const FUEL_AT_FIRST = 0x7fff_ffff;
const PAGES_MAX_AT_FIRST = 65_536;

/** Indices of what is added, all behind what the module has. */
interface Added {
  readonly fuel: number;
  readonly pages: number;
  readonly pagesMax: number;
  readonly copy: number;
  readonly fill: number;
  readonly grow: number;
  /** The module's own stack pointer; null when it exports none. */
  readonly stackPointer: number | null;
}

interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export function meterModule(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  const read = (id: number): WasmReader => {
    const section = sections.find((candidate) => candidate.id === id);
    assert(section !== undefined, "the module has all the sections that metering adds to");
    return new WasmReader(module, section.start, section.end);
  };
  const imports = countImports(read(SECTION.import));
  const functions = imports.functions + read(SECTION.function).u32();
  const globals = imports.globals + read(SECTION.global).u32();
  const types = read(SECTION.type).u32();
  const code = read(SECTION.code);
  const added: Added = {
    fuel: globals,
    pages: globals + 1,
    pagesMax: globals + 2,
    copy: functions,
    fill: functions + 1,
    grow: functions + 2,
    stackPointer: exportedGlobal(read(SECTION.export), "__stack_pointer"),
  };
  const rewrite: Readonly<Record<number, () => Uint8Array>> = {
    [SECTION.type]: () => appended(read(SECTION.type), 2, (out) => writeTypes(out)),
    [SECTION.function]: () =>
      appended(read(SECTION.function), 3, (out) =>
        out
          .u32(types)
          .u32(types)
          .u32(types + 1),
      ),
    [SECTION.global]: () =>
      appended(read(SECTION.global), 3, (out) => writeGlobals(out, pagesOf(read(SECTION.memory)))),
    [SECTION.export]: () => appended(read(SECTION.export), 3, (out) => writeExports(out, added)),
    [SECTION.code]: () => rewriteCode(code, added),
  };
  const out = new WasmWriter(module.length * 2).copy(module, 0, HEADER_BYTES);
  for (const { id, start, end } of sections) {
    // Names and the list of features are of no use at run time.
    if (id === SECTION.custom) continue;
    out.put(id).block(rewrite[id]?.() ?? module.subarray(start, end));
  }
  return out.view().slice();
}

function readSections(module: Uint8Array): Section[] {
  const reader = new WasmReader(module, HEADER_BYTES);
  const sections: Section[] = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    const length = reader.u32();
    sections.push({ id, start: reader.at, end: reader.at + length });
    reader.skip(length);
  }
  return sections;
}

function countImports(reader: WasmReader): { functions: number; globals: number } {
  const counts = { functions: 0, globals: 0 };
  for (let left = reader.u32(); left > 0; left--) {
    reader.skip(reader.u32());
    reader.skip(reader.u32());
    const kind = reader.byte();
    if (kind === IMPORT_KINDS.function) {
      counts.functions++;
      reader.skipNumber();
    } else if (kind === IMPORT_KINDS.global) {
      counts.globals++;
      reader.skip(2);
    } else assert(false, "the module brings its own memory and table");
  }
  return counts;
}

function exportedGlobal(reader: WasmReader, wanted: string): number | null {
  for (let left = reader.u32(); left > 0; left--) {
    const length = reader.u32();
    const name = String.fromCharCode(...reader.bytes.subarray(reader.at, reader.at + length));
    reader.skip(length);
    const kind = reader.byte();
    const index = reader.u32();
    if (kind === EXPORT_GLOBAL && name === wanted) return index;
  }
  return null;
}

/** Least size of the module's own memory, in pages. */
function pagesOf(reader: WasmReader): number {
  assert(reader.u32() === 1, "the module has one memory");
  reader.skipNumber();
  return reader.u32();
}

/** A section that is a vector, with more elements at its end. */
function appended(reader: WasmReader, count: number, write: (out: WasmWriter) => void): Uint8Array {
  const out = new WasmWriter(reader.end - reader.at + 128);
  out.u32(reader.u32() + count).copy(reader.bytes, reader.at, reader.end);
  write(out);
  return out.view();
}

/** The type of memory.copy and memory.fill, then that of memory.grow. */
function writeTypes(out: WasmWriter): void {
  out.put(FUNCTION_TYPE, 3, VALUE_I32, VALUE_I32, VALUE_I32, 0);
  out.put(FUNCTION_TYPE, 1, VALUE_I32, 1, VALUE_I32);
}

function writeGlobals(out: WasmWriter, pages: number): void {
  const MUTABLE = 1;
  for (const value of [FUEL_AT_FIRST, pages, PAGES_MAX_AT_FIRST]) {
    out.put(VALUE_I32, MUTABLE, OP.i32Const).s32(value).put(OP.end);
  }
}

function writeExports(out: WasmWriter, added: Added): void {
  for (const name of ["fuel", "pages", "pagesMax"] as const) {
    const bytes = Array.from(METER[name], (character) => character.charCodeAt(0));
    out
      .u32(bytes.length)
      .put(...bytes, EXPORT_GLOBAL)
      .u32(added[name]);
  }
}

function rewriteCode(reader: WasmReader, added: Added): Uint8Array {
  const out = new WasmWriter((reader.end - reader.at) * 2);
  const count = reader.u32();
  out.u32(count + 3);
  for (let i = 0; i < count; i++) {
    const length = reader.u32();
    out.block(rewriteBody(new WasmReader(reader.bytes, reader.at, reader.at + length), added));
    reader.skip(length);
  }
  for (const opcode of [PREFIXED.memoryCopy, PREFIXED.memoryFill]) out.block(bulkBody(opcode, added));
  out.block(growBody(added));
  return out.view();
}

function rewriteBody(reader: WasmReader, added: Added): Uint8Array {
  const start = reader.at;
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.skipNumber();
    reader.skip(1);
  }
  const frames =
    added.stackPointer === null
      ? []
      : frameEdits(new WasmReader(reader.bytes, reader.at, reader.end), added.stackPointer);
  const edits = [...meterEdits(reader, added), ...frames].sort((a, b) => a.from - b.from);
  const out = new WasmWriter(reader.end - start + 64);
  let copied = start;
  for (const { from, to, bytes } of edits) {
    out.copy(reader.bytes, copied, from).copy(bytes);
    copied = to;
  }
  return out.copy(reader.bytes, copied, reader.end).view();
}

function meterEdits(reader: WasmReader, added: Added): Edit[] {
  const edits: Edit[] = [];
  const meter = new WasmWriter();
  writeMeter(meter, added);
  const call = (helper: number): Uint8Array => new WasmWriter().put(OP.call).u32(helper).view();
  while (reader.at < reader.end) {
    const from = reader.at;
    const opcode = reader.byte();
    const second = opcode === OP.prefix ? new WasmReader(reader.bytes, reader.at).u32() : 0;
    skipImmediates(reader, opcode);
    const to = reader.at;
    if (opcode === OP.loop) edits.push({ from: to, to, bytes: meter.view() });
    else if (opcode === OP.memoryGrow) edits.push({ from, to, bytes: call(added.grow) });
    else if (opcode === OP.memorySize) {
      edits.push({ from, to, bytes: new WasmWriter().put(OP.globalGet).u32(added.pages).view() });
    } else if (opcode === OP.prefix && second === PREFIXED.memoryCopy) {
      edits.push({ from, to, bytes: call(added.copy) });
    } else if (opcode === OP.prefix && second === PREFIXED.memoryFill) {
      edits.push({ from, to, bytes: call(added.fill) });
    }
  }
  return edits;
}

/** `if (--fuel < 0) trap`, at the head of a loop. */
function writeMeter(out: WasmWriter, { fuel }: Added): void {
  out.put(OP.globalGet).u32(fuel).put(OP.i32Const, 1, OP.i32Sub, OP.globalSet).u32(fuel);
  writeTrapIfEmpty(out, fuel);
}

function writeTrapIfEmpty(out: WasmWriter, fuel: number): void {
  out.put(OP.globalGet).u32(fuel).put(OP.i32Const, 0, OP.i32LtS, OP.if, BLOCK_EMPTY, OP.unreachable, OP.end);
}

/** `fuel -= bytes / 64`, then memory.copy or memory.fill. */
function bulkBody(opcode: number, { fuel }: Added): Uint8Array {
  const BYTES_PER_UNIT_LOG2 = 6;
  const out = new WasmWriter();
  out.put(0).put(OP.globalGet).u32(fuel);
  out.put(OP.localGet, 2, OP.i32Const, BYTES_PER_UNIT_LOG2, OP.i32ShrU, OP.i32Sub, OP.globalSet).u32(fuel);
  writeTrapIfEmpty(out, fuel);
  out.put(OP.localGet, 0, OP.localGet, 1, OP.localGet, 2, OP.prefix, opcode, 0);
  if (opcode === PREFIXED.memoryCopy) out.put(0);
  return out.put(OP.end).view();
}

/** memory.grow over the module's own idea of its size. Local 0: pages wanted; local 1: pages the real memory lacks. */
function growBody({ pages, pagesMax }: Added): Uint8Array {
  const out = new WasmWriter();
  const give = (write: () => void): void => {
    out.put(OP.if, BLOCK_EMPTY);
    write();
    out.put(OP.return, OP.end);
  };
  const fail = (): void => give(() => out.put(OP.i32Const, 0x7f));
  out.put(1, 1, VALUE_I32);
  // More than may be: -1, as memory.grow says it.
  out.put(OP.localGet, 0, OP.globalGet).u32(pagesMax).put(OP.globalGet).u32(pages).put(OP.i32Sub, OP.i32GtU);
  fail();
  out.put(OP.globalGet).u32(pages).put(OP.localGet, 0, OP.i32Add, OP.memorySize, 0, OP.i32Sub, OP.localSet, 1);
  // The real memory grows when it is too small, which may fail as well.
  out.put(OP.i32Const, 0, OP.localGet, 1, OP.i32LtS, OP.if, VALUE_I32);
  out.put(OP.localGet, 1, OP.memoryGrow, 0, OP.i32Const, 0x7f, OP.i32Eq);
  out.put(0x05, OP.i32Const, 0, OP.end);
  fail();
  out.put(OP.globalGet).u32(pages).put(OP.globalGet).u32(pages).put(OP.localGet, 0, OP.i32Add, OP.globalSet).u32(pages);
  return out.put(OP.end).view();
}
