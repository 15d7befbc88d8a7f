/** An ApiProblem that can be thrown: what a rejected call of the client carries. */
import type { ApiProblem } from "../../core/contract/api/problem.ts";

export class ApiError extends Error implements ApiProblem {
  override readonly name = "ApiError";
  readonly code: string;
  readonly severity: ApiProblem["severity"];
  readonly title: string;
  readonly hint: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly definite: boolean;

  constructor(problem: ApiProblem) {
    super(problem.title);
    this.code = problem.code;
    this.severity = problem.severity;
    this.title = problem.title;
    this.hint = problem.hint;
    this.file = problem.file;
    this.line = problem.line;
    this.column = problem.column;
    this.definite = problem.definite;
  }
}

/** Nobody knows whether a request that the core took along was still carried out. */
export function lostProblem(title: string): ApiProblem {
  return { code: "core/lost", severity: "error", title, hint: "", file: "", line: 0, column: 0, definite: false };
}
