/**
 * Rewrites a WebAssembly module so that whatever runs in it can be stopped at an exact, repeatable point. QuickJS's own
 * interrupt is looked at between bytecodes only: `new Array(1e9) + ""` stays in C code for minutes. Therefore every
 * loop takes one unit of *fuel* per turn, a bulk copy one per 64 bytes, and who is out of fuel traps. Recursion is
 * bounded by the stack, whose frames were enlarged before (stack-frames.ts).
 *
 * Memory is made repeatable as well: the module sees a size of its own (`pages`) that only grows on request, up to
 * `pagesMax`, however large the real memory is that an earlier program has left behind. So an instance that was wound
 * back to its first image behaves as a new one does.
 */
import { assert, present } from "../base/assert.ts";
import {
  BLOCK_EMPTY,
  EXPORT_GLOBAL,
  FUNCTION_TYPE,
  OP,
  PREFIXED,
  SECTION,
  skipImmediates,
  VALUE_I32,
  WasmReader,
  WasmWriter,
} from "./wasm-binary.ts";
import { codeOf, editedBody, readBodies, WasmSections, type Edit } from "./wasm-sections.ts";

/** Names of the exported globals: what is left, and the memory that the module believes to have and may have. */
export const METER = { fuel: "lastack_fuel", pages: "lastack_pages", pagesMax: "lastack_pages_max" } as const;

const IMPORT_KINDS = { function: 0, table: 1, memory: 2, global: 3 } as const;
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
}

export function meterModule(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = new WasmSections(module);
  const read = (id: number): WasmReader => sections.read(id);
  const imports = countImports(read(SECTION.import));
  const functions = imports.functions + read(SECTION.function).u32();
  const globals = imports.globals + read(SECTION.global).u32();
  const types = read(SECTION.type).u32();
  const added: Added = {
    fuel: globals,
    pages: globals + 1,
    pagesMax: globals + 2,
    copy: functions,
    fill: functions + 1,
    grow: functions + 2,
  };
  const typesOfAdded = [types, types, types + 1];
  return sections.rewritten(
    new Map([
      [SECTION.type, appended(read(SECTION.type), 2, writeTypes)],
      [SECTION.function, appended(read(SECTION.function), 3, (out) => typesOfAdded.forEach((type) => out.u32(type)))],
      [SECTION.global, appended(read(SECTION.global), 3, (out) => writeGlobals(out, pagesOf(read(SECTION.memory))))],
      [SECTION.export, appended(read(SECTION.export), 3, (out) => writeExports(out, added))],
      [SECTION.code, rewriteCode(sections, added)],
    ]),
  );
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

/** How many parameters each function of the module takes, which its locals are numbered after. */
function parameterCounts(types: WasmReader, functions: WasmReader): number[] {
  const counts = Array.from({ length: types.u32() }, () => {
    assert(types.byte() === FUNCTION_TYPE, "the module has types of functions only");
    const parameters = types.u32();
    types.skip(parameters);
    types.skip(types.u32());
    return parameters;
  });
  return Array.from({ length: functions.u32() }, () => present(counts[functions.u32()], "the function's type"));
}

function rewriteCode(sections: WasmSections, added: Added): Uint8Array {
  const code = sections.read(SECTION.code);
  const parameters = parameterCounts(sections.read(SECTION.type), sections.read(SECTION.function));
  const bodies = readBodies(code);
  const out = new WasmWriter((code.end - code.at) * 2).u32(bodies.length + 3);
  bodies.forEach((body, at) => {
    // One local more: what is left of the fuel, from its decrement to its test.
    const local = present(parameters[at], "the body's type") + body.locals;
    out.block(editedBody(body, meterEdits(codeOf(body), added, local), 1));
  });
  for (const opcode of [PREFIXED.memoryCopy, PREFIXED.memoryFill]) out.block(bulkBody(opcode, added));
  return out.block(growBody(added)).view();
}

/** @param local a free one. */
function meterEdits(reader: WasmReader, added: Added, local: number): Edit[] {
  const edits: Edit[] = [];
  const meter = new WasmWriter();
  writeMeter(meter, added, local);
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
function writeMeter(out: WasmWriter, { fuel }: Added, local: number): void {
  out.put(OP.globalGet).u32(fuel).put(OP.i32Const, 1, OP.i32Sub, OP.localTee).u32(local);
  writeFuel(out, fuel, local);
}

/** Takes the new value from the stack, and once more from the local. */
function writeFuel(out: WasmWriter, fuel: number, local: number): void {
  out.put(OP.globalSet).u32(fuel).put(OP.localGet).u32(local);
  out.put(OP.i32Const, 0, OP.i32LtS, OP.if, BLOCK_EMPTY, OP.unreachable, OP.end);
}

/** `fuel -= bytes / 64`, then memory.copy or memory.fill. */
function bulkBody(opcode: number, { fuel }: Added): Uint8Array {
  const BYTES_PER_UNIT_LOG2 = 6;
  const out = new WasmWriter();
  out.put(1, 1, VALUE_I32).put(OP.globalGet).u32(fuel);
  out.put(OP.localGet, 2, OP.i32Const, BYTES_PER_UNIT_LOG2, OP.i32ShrU, OP.i32Sub, OP.localTee, 3);
  writeFuel(out, fuel, 3);
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
