/**
 * Crashes of programs, out of what they printed last: `server.ts:12:5: TypeError: x is not a function`, then the calls
 * that led there (core/runtime/error-text.ts writes it).
 */
import type { ConsoleReport } from "../../core/contract/run-report.ts";

export interface Crash {
  readonly node: string;
  /** As it stands in the message: a path from the lab. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** Virtual ns. */
  readonly at: number;
}

const PLACE = /^(\S(?:[^:\n]*\S)?\.ts):(\d{1,7}):(\d{1,7}): (.+)$/gm;

/** The crash of a program that ended badly; null when its end was of another kind. */
export function crashOf({ node, output, status, endedAt }: ConsoleReport): Crash | null {
  if (status === null || status === 0 || endedAt === null) return null;
  const last = [...output.replaceAll("\r", "").matchAll(PLACE)].at(-1);
  if (last === undefined) return null;
  const [, file = "", line, column, message = ""] = last;
  return { node, file, line: Number(line), column: Number(column), message, at: endedAt };
}
