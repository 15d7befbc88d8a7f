/** Files that people name on the command line: read once, up to a limit, with an error for people. */
import { isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import type { Lab } from "../lab/model.ts";
import { parseLab } from "../lab/parse.ts";
import { formatProblem, type Problem, type SourcePlace } from "../lab/problem.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { NODE_LIMITS } from "./limits.ts";
import { systemErrorText } from "./system-error.ts";

const CHUNK_BYTES = 1024 * 1024;

/** The chunks of a file in order; `-` is standard input. @throws CliFailure when it cannot be read. */
export function* fileChunks(path: string): Generator<Uint8Array> {
  let fd: number | null = null;
  try {
    fd = path === "-" ? 0 : openSync(path, "r");
    for (;;) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } catch (error) {
    throw new CliFailure(EXIT.file, `${path === "" ? "''" : path}: cannot be read: ${systemErrorText(error)}`);
  } finally {
    if (fd !== null && fd !== 0) closeSync(fd);
  }
}

/** @throws CliFailure when the file cannot be read or is larger than any that makes sense. */
export function readText(path: string): string {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of fileChunks(path)) {
    bytes += chunk.length;
    if (bytes > NODE_LIMITS.textFileBytesMax) {
      const most = `${NODE_LIMITS.textFileBytesMax / (1024 * 1024)} MiB`;
      refuse({ file: path, line: 1, column: 1, code: "file/too-large", title: `the file has more than ${most}` });
    }
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  if (!isUtf8(whole)) refuse({ file: path, ...firstBadByte(whole), code: "file/not-utf8", title: "not UTF-8 text" });
  return whole.toString("utf8");
}

/** Prints one problem of a file that is read for its text. @throws CliFailure */
export function refuse(problem: Pick<Problem, "file" | "line" | "column" | "code" | "title">): never {
  printProblems([{ ...problem, severity: "error", hint: "", path: "" }]);
  throw new CliFailure(EXIT.labProblems, "");
}

/** Where the bytes stop being UTF-8. Newlines are never part of a longer character, so each line stands alone. */
function firstBadByte(bytes: Buffer): SourcePlace {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    const text = bytes.subarray(start, end);
    if (!isUtf8(text)) return { line, column: Math.max(1, text.toString("utf8").indexOf("\ufffd") + 1) };
    start = end + 1;
  }
  return { line, column: 1 };
}

/** Problems as lines on standard error. */
export function printProblems(problems: readonly Problem[]): void {
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
}

/** Reads and parses a lab; prints its warnings. @throws CliFailure when it has errors, which are printed. */
export function loadLab(path: string): Lab {
  const lab = parseLab(readText(path), path);
  if (!lab.ok) {
    printProblems(lab.error);
    throw new CliFailure(EXIT.labProblems, "");
  }
  printProblems(lab.value.warnings);
  return lab.value;
}
