/** A lab's text as plain data, for the edits that have to look at what is written and not at what it means. */
import { bad, good, type Result } from "../../core/base/result.ts";
import { readDocument } from "../../core/lab/document.ts";
import { keyOffsetOf, treeValue } from "../../core/lab/tree.ts";

export interface LabSource {
  /** As the offsets count: without byte order mark and carriage returns. */
  readonly text: string;
  readonly nodes: Readonly<Record<string, unknown>>;
  readonly links: readonly Readonly<Record<string, unknown>>[];
  readonly whole: Readonly<Record<string, unknown>>;
  /** Where the name of a node stands. */
  nodeKeyAt(name: string): number;
}

export function readSource(given: string): Result<LabSource, string> {
  const text = given.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const document = readDocument(text, "");
  if (!document.ok) return bad(document.error[0]?.title ?? "the lab cannot be read");
  const { tree } = document.value;
  const whole = asRecord(treeValue(tree));
  return good({
    text,
    whole,
    nodes: asRecord(whole["nodes"]),
    links: asList(whole["links"]).map(asRecord),
    nodeKeyAt: (name) => keyOffsetOf(tree, ["nodes"], name),
  });
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Canvas places that are written in the text. */
export function positionsIn(text: string): ReadonlyMap<string, { readonly x: number; readonly y: number }> {
  const source = readSource(text);
  const places = new Map<string, { x: number; y: number }>();
  if (!source.ok) return places;
  for (const [name, node] of Object.entries(source.value.nodes)) {
    const [x, y] = asList(asRecord(node)["at"]);
    if (typeof x === "number" && typeof y === "number") places.set(name, { x, y });
  }
  return places;
}
