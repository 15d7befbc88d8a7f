/** Problems that a session has to report, in the shape of the contract. */
import type { ApiProblem } from "../contract/api/problem.ts";
import { formatDuration } from "../base/time.ts";
import type { Problem } from "../lab/problem.ts";
import type { RefusedEntry } from "./session.ts";

export function apiProblem(code: string, title: string, hint = ""): ApiProblem {
  return { code, severity: "error", title, hint, file: "", line: 0, column: 0, definite: true };
}

/** `there is no node x` as a sentence. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

export function labProblem({ code, severity, title, hint, file, line, column }: Problem): ApiProblem {
  return { code, severity, title, hint, file, line, column, definite: true };
}

/** An entry of a journal that does not fit the lab it is played to. */
export function refusalProblem({ entry, problem }: RefusedEntry): ApiProblem {
  const title = `Left out at ${formatDuration(entry.at)}: ${problem}.`;
  return { ...apiProblem("run/refused", title), severity: "warning" };
}
