/** What every importer needs: its result, problems with places, and safe unique names. */
import { LAB_LIMITS } from "../limits.ts";
import type { Problem, Severity } from "../problem.ts";
import type { Places } from "../tree.ts";

export type Imported = {
  /** A lab, as YAML. */
  readonly text: string;
  /** What was guessed, changed or left out. Warnings only. */
  readonly problems: readonly Problem[];
};

/** Problems of one import, bounded like a lab's. */
export class ImportProblems {
  readonly #file: string;
  readonly #places: Places;
  readonly list: Problem[] = [];
  #left = 0;

  constructor(file: string, places: Places) {
    this.#file = file;
    this.#places = places;
  }

  warning(code: string, at: number, title: string, hint = ""): void {
    this.#add("warning", { code, at, title, hint });
  }

  error(code: string, at: number, title: string, hint = ""): void {
    this.#add("error", { code, at, title, hint });
  }

  get hasErrors(): boolean {
    return this.list.some((problem) => problem.severity === "error");
  }

  all(): readonly Problem[] {
    if (this.#left === 0) return this.list;
    const title = `${this.#left} more problems`;
    const more = { code: "import/more", severity: "warning", title, hint: "", file: this.#file, path: "" } as const;
    return [...this.list, { ...more, line: 1, column: 1 }];
  }

  #add(severity: Severity, { at, ...rest }: { code: string; at: number; title: string; hint: string }): void {
    if (this.list.length >= LAB_LIMITS.problemsMax && severity === "warning") this.#left++;
    else this.list.push({ ...rest, severity, file: this.#file, path: "", ...this.#places.at(at) });
  }
}

/** Shorter than what a lab allows: these names are typed. */
const NAME_CHARACTERS_MAX = 40;
const RESERVED = ["all", "drop", "localhost"];

/** Turns labels into host names: ASCII letters, digits, hyphens and dots, unique whatever the case of the letters. */
export class SafeNames {
  readonly #taken = new Set<string>(RESERVED);

  /** `otherwise` stands in for a label without a usable character, such as `?`. */
  take(label: string, otherwise: string): string {
    const base = safeName(label) || safeName(otherwise) || "node";
    let name = base;
    for (let n = 2; this.#taken.has(name.toLowerCase()); n++) name = `${base}-${n}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

function safeName(label: string): string {
  const plain = label
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^A-Za-z0-9.]+/g, "-")
    .replace(/^[-.]+/, "")
    .slice(0, NAME_CHARACTERS_MAX)
    .replace(/[-.]+$/, "");
  return /^\d/.test(plain) ? `n${plain}` : plain;
}
