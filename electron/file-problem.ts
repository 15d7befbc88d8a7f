/** What can go wrong with a file, as people should read it. */
import type { ApiProblem } from "../core/contract/api/problem.ts";
import { systemErrorText } from "../core/node/system-error.ts";

export function problem(code: string, title: string, hint = ""): ApiProblem {
  return { code, severity: "error", title, hint, file: "", line: 0, column: 0, definite: true };
}

/** @param title a sentence, such as `lab.yaml could not be saved.` */
export function fileProblem(code: string, title: string, error: unknown): ApiProblem {
  const reason = systemErrorText(error);
  return problem(code, title, `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`);
}
