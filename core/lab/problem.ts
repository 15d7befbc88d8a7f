/** What is wrong with a lab file, as data: shown by the CLI and the workbench, never thrown. */

/** Where something stands in its file. Lines and columns count from 1. */
export type SourcePlace = { readonly line: number; readonly column: number };

/** An error refuses the lab; a warning names what was guessed, left out, or is probably not meant. */
export type Severity = "error" | "warning";

export type Problem = SourcePlace & {
  /** Stable and searchable, such as `lab/unknown-host`. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence: what is wrong. */
  readonly title: string;
  /** What to write instead, or the nearest valid name; may be empty. */
  readonly hint: string;
  readonly file: string;
  /** Way into the document, such as `links[2].ends[0]`; empty for the file as a whole. */
  readonly path: string;
};

/** `file:line:column: error: title (hint) [code]`, the form that editors and terminals make clickable. */
export function formatProblem(problem: Problem): string {
  const hint = problem.hint === "" ? "" : ` (${problem.hint})`;
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  return `${place}: ${problem.severity}: ${problem.title}${hint} [${problem.code}]`;
}
