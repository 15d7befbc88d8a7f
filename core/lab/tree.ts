/** A YAML document as both readers deliver it: plain values, each with the offset where it stands. */
import type { SourcePlace } from "./problem.ts";

export type Scalar = string | number | boolean | null;
export type MapTree = {
  readonly kind: "map";
  readonly at: number;
  readonly keys: string[];
  readonly keyAts: number[];
  readonly values: Tree[];
};
export type ListTree = { readonly kind: "list"; readonly at: number; readonly items: Tree[] };
export type Tree = MapTree | ListTree | { readonly kind: "scalar"; readonly at: number; readonly value: Scalar };

export type TreePath = readonly (string | number)[];

/** The plain value that the schema looks at. Depth is bounded by the readers. */
export function treeValue(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(treeValue);
  const value: Record<string, unknown> = {};
  tree.keys.forEach((key, i) => (value[key] = treeValue(tree.values[i] as Tree)));
  return value;
}

/** The member of a map or list; undefined when it is not there. */
export function member(tree: Tree | undefined, step: string | number): Tree | undefined {
  if (tree?.kind === "list" && typeof step === "number") return tree.items[step];
  if (tree?.kind !== "map") return undefined;
  const index = tree.keys.indexOf(String(step));
  return index < 0 ? undefined : tree.values[index];
}

/** Offset of what the path leads to, or of the innermost thing on the way that exists. */
export function offsetOf(tree: Tree, path: TreePath): number {
  let here = tree;
  for (const step of path) {
    const next = member(here, step);
    if (next === undefined) break;
    here = next;
  }
  return here.at;
}

/** Offset of a key in the map that the path leads to. */
export function keyOffsetOf(tree: Tree, path: TreePath, key: string): number {
  let here: Tree | undefined = tree;
  for (const step of path) here = member(here, step);
  const index = here?.kind === "map" ? here.keys.indexOf(key) : -1;
  return here?.kind === "map" && index >= 0 ? (here.keyAts[index] ?? here.at) : offsetOf(tree, path);
}

/** `links[2].ends[0]`; keys that would be ambiguous are quoted. */
export function formatPath(path: TreePath): string {
  return path
    .map((step) =>
      typeof step === "number" ? `[${step}]` : /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join("")
    .replace(/^\./, "");
}

/** Line and column of offsets in one text. Lines are found on first use: a good file never asks. */
export class Places {
  readonly #text: string;
  #starts: number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): SourcePlace {
    const starts = (this.#starts ??= lineStarts(this.#text));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
