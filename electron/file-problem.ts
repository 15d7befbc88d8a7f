/** What can go wrong with a file, as people should read it. */
import type { ApiProblem } from "../core/contract/api/problem.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file.",
  EACCES: "You may not do that there.",
  EPERM: "You may not do that there.",
  EISDIR: "That is a folder.",
  ENOTDIR: "A folder of its path is a file.",
  ENOSPC: "The disk is full.",
  EDQUOT: "Your share of the disk is full.",
  EROFS: "The disk is read-only.",
  EFBIG: "The file is larger than the disk allows.",
  EMFILE: "Too many files are open.",
  EIO: "The disk does not work.",
};

export function problem(code: string, title: string, hint = ""): ApiProblem {
  return { code, severity: "error", title, hint, file: "", line: 0, column: 0, definite: true };
}

/** @param title a sentence, such as `lab.yaml could not be saved.` */
export function fileProblem(code: string, title: string, error: unknown): ApiProblem {
  const reason = error instanceof Error && "code" in error ? String(error.code) : "";
  return problem(code, title, REASONS[reason] ?? (error instanceof Error ? error.message : ""));
}
