/** Collects what is wrong with one lab, with places looked up in its tree. Bounded: what is beyond is counted. */
import { LAB_LIMITS } from "./limits.ts";
import type { Problem, Severity, SourcePlace } from "./problem.ts";
import { formatPath, keyOffsetOf, offsetOf, type Places, type Tree, type TreePath } from "./tree.ts";

export type Finding = {
  readonly code: string;
  readonly title: string;
  readonly hint?: string;
  /** Way to the value that is wrong, or, with `key`, to the map that has a wrong key. */
  readonly path: TreePath;
  readonly key?: string;
};

export class ProblemList {
  readonly file: string;
  readonly tree: Tree;
  readonly places: Places;
  readonly #problems: Problem[] = [];
  #errors = 0;
  #left = 0;

  constructor(file: string, tree: Tree, places: Places) {
    this.file = file;
    this.tree = tree;
    this.places = places;
  }

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** Nothing more will be shown: words and hints are no longer worth their time. */
  get full(): boolean {
    return this.#problems.length >= LAB_LIMITS.problemsMax;
  }

  /** Where a part of the document stands. */
  place(tree: Tree | undefined): SourcePlace {
    return this.places.at(tree?.at ?? 0);
  }

  error(finding: Finding): void {
    this.#errors++;
    this.#add("error", finding);
  }

  warning(finding: Finding): void {
    this.#add("warning", finding);
  }

  /** In the order of the file; the last one says how many were left out. */
  all(): readonly Problem[] {
    const sorted = this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    if (this.#left === 0) return sorted;
    const severity: Severity = this.hasErrors ? "error" : "warning";
    const title = `${this.#left} more problems`;
    return [...sorted, { code: "lab/more", severity, title, hint: "", file: this.file, path: "", line: 1, column: 1 }];
  }

  #add(severity: Severity, { code, title, hint = "", path, key }: Finding): void {
    if (this.full) {
      this.#left++;
      return;
    }
    const offset = key === undefined ? offsetOf(this.tree, path) : keyOffsetOf(this.tree, path, key);
    const whole = key === undefined ? path : [...path, key];
    this.#problems.push({
      code,
      severity,
      title,
      hint,
      file: this.file,
      path: formatPath(whole),
      ...this.places.at(offset),
    });
  }
}
