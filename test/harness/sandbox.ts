/** The sandbox for tests, as the Node host makes it: one engine for all tests of a process. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "@swc/wasm-typescript";
import { guestProgram } from "../../core/runtime/guest-process.ts";
import type { GuestLimits } from "../../core/runtime/sandbox-port.ts";
import type { Lab } from "../../core/lab/model.ts";
import { collectSources } from "../../core/sandbox/collect-sources.ts";
import { createEngine } from "../../core/sandbox/create-engine.ts";
import type { QuickJsEngine } from "../../core/sandbox/engine.ts";
import type { GuestSupport } from "../../core/session/session.ts";
import type { Program } from "../../core/kernel/syscall/sys.ts";

const ENGINE = join(import.meta.dirname, "../../resources/engine/quickjs.wasm");

export const quickJsBytes = (): Uint8Array => readFileSync(ENGINE);

let engine: QuickJsEngine | null = null;

export function testEngine(): QuickJsEngine {
  engine ??= createEngine({ quickjs: quickJsBytes(), transform: transformSync });
  return engine;
}

/** A program of one file, main.ts, in a sandbox of its own. */
export function programOf(source: string, limits?: Partial<GuestLimits>): Program {
  const modules = new Map([["main.ts", source]]);
  return guestProgram(testEngine().open(), { modules, main: "main.ts" }, limits);
}

/** What a session needs for the programs of a lab whose file lies in `folder`. */
export function guestsFor(lab: Lab, folder: string): { guests: GuestSupport } {
  const programs = lab.nodes.flatMap((node) => ("programs" in node ? node.programs : []));
  const inline = new Map(programs.flatMap(({ file, text }) => (text === null ? [] : [[file, text] as const])));
  const mains = programs.filter(({ text }) => text === null).map(({ file }) => file);
  const read = (path: string): string | null => {
    const whole = join(folder, path);
    return existsSync(whole) ? readFileSync(whole, "utf8") : null;
  };
  const { sources, missing } = collectSources(mains, read, inline);
  if (missing.length > 0) throw new Error(`no such programs: ${missing.join(", ")}`);
  return { guests: { engine: testEngine(), sources } };
}
