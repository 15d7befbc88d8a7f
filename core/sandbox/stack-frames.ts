/**
 * Makes calls of a WebAssembly module count for more of its own stack. QuickJS refuses to go deeper when its stack in
 * linear memory is used up; but a call also takes room on the machine's real stack, of which V8 grants about 1 MB,
 * less in some hosts, and which differs from one compiler tier to the next. Some of QuickJS's functions (its parsers of
 * code, JSON and regular expressions) need ten times as much of that one, and a program could get the better of V8
 * before QuickJS notices, at a depth that no two machines agree on. So every function that has a frame in linear memory
 * is given a larger one: `INFLATION_BYTES` more, where the compiler takes it and where it gives it back.
 * Measured in both tiers of V8 11.3: 93 ways of recursing end at the limit of 160 KB (limits.ts) or at their budget
 * with 430 KB of real stack, Node's own calls among them.
 */
import { present } from "../base/assert.ts";
import { OP, SECTION, skipImmediates, WasmReader, WasmWriter } from "./wasm-binary.ts";
import { codeOf, editedBody, readBodies, WasmSections, type Edit } from "./wasm-sections.ts";

const INFLATION_BYTES = 192;

/** The module with larger frames. Comes before functions are put in line: several frames in one are not recognized. */
export function enlargeFrames(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = new WasmSections(module);
  const stackPointer = present(sections.exportedGlobal("__stack_pointer"), "the module's stack pointer");
  const code = sections.read(SECTION.code);
  const bodies = readBodies(code);
  const out = new WasmWriter((code.end - code.at) * 2).u32(bodies.length);
  for (const body of bodies) out.block(editedBody(body, frameEdits(codeOf(body), stackPointer)));
  return sections.rewritten(new Map([[SECTION.code, out.view()]]));
}

interface Instruction {
  readonly opcode: number;
  readonly at: number;
  readonly end: number;
}

/**
 * Edits of one function's instructions; none when it has no frame. Clang takes a frame by `sp = local = sp - size` (or
 * `+ -size`) and gives it back by `sp = local + size`. Other changes of the stack pointer, for arrays of variable
 * length, go by values saved in between, and need no change.
 * @param body at its first instruction. @param stackPointer index of the global.
 */
function frameEdits(body: WasmReader, stackPointer: number): Edit[] {
  const edits: Edit[] = [];
  const recent: Instruction[] = [];
  let size: number | null = null;
  while (body.at < body.end) {
    const at = body.at;
    const opcode = body.byte();
    if (opcode === OP.globalSet && new WasmReader(body.bytes, body.at).u32() === stackPointer) {
      const constant: SizeConstant | null = size === null ? frameTaken(body, recent) : frameGiven(body, recent);
      if (constant !== null && (size === null || constant.size === size)) {
        size = constant.size;
        edits.push(enlarged(constant));
      }
    }
    skipImmediates(body, opcode);
    recent.push({ opcode, at, end: body.at });
    if (recent.length > 4) recent.shift();
  }
  // A frame that is not given back by its size is left as it is: the two must agree.
  return edits.length >= 2 ? edits : [];
}

/** A constant that holds a frame's size, negated or not. */
interface SizeConstant {
  readonly instruction: Instruction;
  readonly size: number;
  readonly sign: 1 | -1;
}

/** `global.get sp, i32.const size, i32.sub, local.tee` before the `global.set sp`. */
function frameTaken(body: WasmReader, recent: readonly Instruction[]): SizeConstant | null {
  const [get, constant, operation, tee] = recent;
  if (get?.opcode !== OP.globalGet || tee?.opcode !== OP.localTee) return null;
  return sizeConstant(body, constant, operation, OP.i32Sub);
}

/** `local.get, i32.const size, i32.add`. */
function frameGiven(body: WasmReader, recent: readonly Instruction[]): SizeConstant | null {
  const [get, constant, operation] = recent.slice(-3);
  if (get?.opcode !== OP.localGet) return null;
  return sizeConstant(body, constant, operation, OP.i32Add);
}

/** @param plain the operation that takes the size as it is; the other of the two takes it negated. */
function sizeConstant(
  body: WasmReader,
  constant: Instruction | undefined,
  operation: Instruction | undefined,
  plain: number,
): SizeConstant | null {
  if (constant?.opcode !== OP.i32Const || operation === undefined) return null;
  if (operation.opcode !== OP.i32Add && operation.opcode !== OP.i32Sub) return null;
  const value = new WasmReader(body.bytes, constant.at + 1).s32();
  const sign = operation.opcode === plain ? 1 : -1;
  return value * sign > 0 ? { instruction: constant, size: value * sign, sign } : null;
}

function enlarged({ instruction, size, sign }: SizeConstant): Edit {
  const bytes = new WasmWriter()
    .put(OP.i32Const)
    .s32((size + INFLATION_BYTES) * sign)
    .view();
  return { from: instruction.at, to: instruction.end, bytes };
}
