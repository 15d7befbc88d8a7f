/** A WebAssembly module as sections and bodies of functions, some written anew (core specification, section 5.5). */
import { assert } from "../base/assert.ts";
import { EXPORT_GLOBAL, SECTION, VALUE_I32, WasmReader, WasmWriter } from "./wasm-binary.ts";

const HEADER_BYTES = 8;

/** Bytes `from` up to `to` of the module give way to `bytes`. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export class WasmSections {
  readonly #module: Uint8Array;
  readonly #sections: readonly Section[];

  constructor(module: Uint8Array) {
    this.#module = module;
    this.#sections = readSections(module);
  }

  read(id: number): WasmReader {
    const section = this.#sections.find((candidate) => candidate.id === id);
    assert(section !== undefined, "the module has all the sections that are rewritten");
    return new WasmReader(this.#module, section.start, section.end);
  }

  exportedGlobal(wanted: string): number | null {
    const reader = this.read(SECTION.export);
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

  /** The module with these sections in place of its own, by id, and without custom ones. */
  rewritten(sections: ReadonlyMap<number, Uint8Array>): Uint8Array<ArrayBuffer> {
    const out = new WasmWriter(this.#module.length * 2).copy(this.#module, 0, HEADER_BYTES);
    for (const { id, start, end } of this.#sections) {
      // Names and the list of features are of no use at run time.
      if (id === SECTION.custom) continue;
      out.put(id).block(sections.get(id) ?? this.#module.subarray(start, end));
    }
    return out.view().slice();
  }
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

/** One function: its declarations of locals, then its instructions. */
export interface FunctionBody {
  readonly bytes: Uint8Array;
  /** How many declarations there are, and how many locals they make. */
  readonly groups: number;
  readonly locals: number;
  readonly groupsAt: number;
  readonly codeAt: number;
  readonly end: number;
}

export const codeOf = ({ bytes, codeAt, end }: FunctionBody): WasmReader => new WasmReader(bytes, codeAt, end);

/** All functions of a code section. */
export function readBodies(section: WasmReader): FunctionBody[] {
  return Array.from({ length: section.u32() }, () => {
    const length = section.u32();
    const reader = new WasmReader(section.bytes, section.at, section.at + length);
    section.skip(length);
    const groups = reader.u32();
    const groupsAt = reader.at;
    let locals = 0;
    for (let group = 0; group < groups; group++) {
      locals += reader.u32();
      reader.skip(1);
    }
    return { bytes: reader.bytes, groups, locals, groupsAt, codeAt: reader.at, end: reader.end };
  });
}

/** A function with its edits, which are in order, and with more locals of 32 bits behind its own. */
export function editedBody(body: FunctionBody, edits: readonly Edit[], localsAdded = 0): Uint8Array {
  const { bytes, groups, groupsAt, codeAt, end } = body;
  const out = new WasmWriter(end - groupsAt + 64);
  out.u32(groups + (localsAdded > 0 ? 1 : 0)).copy(bytes, groupsAt, codeAt);
  if (localsAdded > 0) out.u32(localsAdded).put(VALUE_I32);
  let copied = codeAt;
  for (const edit of edits) {
    out.copy(bytes, copied, edit.from).copy(edit.bytes);
    copied = edit.to;
  }
  return out.copy(bytes, copied, end).view();
}
