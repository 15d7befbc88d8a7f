/** What can be wrong with a request, a lab or a program, as data: shown to people, never thrown across a process. */

export interface ApiProblem {
  /** Stable and searchable, such as `lab/unknown-host` or `api/bad-request`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** One sentence: what is wrong. */
  readonly title: string;
  /** What to do instead; may be empty. */
  readonly hint: string;
  /** File, and place in it counted from 1; "" and 0 when it has none. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** True when what was asked for has certainly not happened. */
  readonly definite: boolean;
}
