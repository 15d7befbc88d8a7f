/** Errors of QuickJS as data: message, and stack frames in the program's TypeScript. */
import type { GuestFrame } from "../runtime/sandbox-port.ts";
import { ERROR_CHARACTERS_MAX, ERROR_FRAMES_MAX } from "./limits.ts";
import type { EngineInstance } from "./instance.ts";
import { isLibraryName } from "./library.ts";
import type { Box } from "./engine-exports.ts";

/** A place in the JavaScript that QuickJS was given. */
export interface CodePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ThrownText {
  readonly message: string;
  readonly stack: string;
}

/** Reads an error's text; its own `toString` may run, and fail. */
export function readThrown(instance: EngineInstance, error: Box): ThrownText {
  const text = instance.textOf(error, ERROR_CHARACTERS_MAX);
  const property = instance.exports.is_object(error) === 0 ? null : instance.property(error, "stack");
  const stack = property === null ? "" : instance.textOf(property, ERROR_CHARACTERS_MAX * 2);
  if (property !== null) instance.free(property);
  return { message: text === "" ? "an error that cannot be shown" : text, stack };
}

/** Frames of the program in a stack as QuickJS writes it: `at name (file:line:column)`, `at file:line:column`. */
export function parseStack(stack: string, map: (place: CodePlace) => CodePlace): GuestFrame[] {
  const frames: GuestFrame[] = [];
  for (const line of stack.split("\n")) {
    const match = /^\s*at (?:(.*) \()?([^()]+?):(\d{1,9})(?::(\d{1,9}))?\)?$/.exec(line);
    const file = match?.[2];
    if (match === null || file === undefined || isLibraryName(file)) continue;
    const place = map({ file, line: Number(match[3]), column: Number(match[4] ?? 1) });
    const name = match[1] ?? "";
    frames.push({ name: name === "<anonymous>" || name === "<eval>" ? "" : name, ...place });
    if (frames.length === ERROR_FRAMES_MAX) break;
  }
  return frames;
}

/** Joins a relative specifier to the folder of the file that imports it: `a/b.ts`, `../c.ts` is `c.ts`. */
export function joinPath(base: string, specifier: string): string {
  const parts = base.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "" || part === ".") continue;
    const last = parts.at(-1);
    if (part === ".." && last !== undefined && last !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
