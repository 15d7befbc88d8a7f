/**
 * Complete YAML 1.2 by the `yaml` package, delivered as the same tree as the quick reader's. Aliases are followed, but
 * what they expand to is counted, so that a few lines cannot stand for a billion values. Left out: merge keys (`<<`).
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Alias, type Document, type Node } from "yaml";
import { bad, good, type Result } from "../base/result.ts";
import { LAB_LIMITS } from "./limits.ts";
import type { Scalar, Tree } from "./tree.ts";

export type YamlFault = { readonly code: string; readonly title: string; readonly hint: string; readonly at: number };

export const YAML_OPTIONS = {
  version: "1.2",
  schema: "core",
  merge: false,
  // The package compares every key with every other; duplicates are found here instead.
  uniqueKeys: false,
  prettyErrors: false,
  keepSourceTokens: false,
  logLevel: "error",
} as const;

export function readFullYaml(text: string): Result<Tree, readonly YamlFault[]> {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, YAML_OPTIONS);
  } catch {
    // The package recurses, and a stack can overflow below any limit of ours.
    return bad([{ ...TOO_DEEP, at: 0 }]);
  }
  if (document.errors.length > 0) return bad(document.errors.slice(0, LAB_LIMITS.problemsMax).map(syntaxFault));
  const converter = new Converter(document);
  const tree = converter.convert(document.contents, 0);
  return tree === undefined || converter.faults.length > 0 ? bad(converter.faults) : good(tree);
}

const TOO_DEEP = { code: "lab/too-deep", title: "nested too deeply to be read", hint: "" } as const;

function syntaxFault(error: { readonly message: string; readonly pos: readonly [number, number] }): YamlFault {
  // The package catches its own stack overflow and reports it like a typing error.
  if (error.message.startsWith("Maximum call stack")) return { ...TOO_DEEP, at: error.pos[0] };
  return { code: "lab/yaml-syntax", title: `not YAML: ${error.message}`, hint: "", at: error.pos[0] };
}

class Converter {
  readonly faults: YamlFault[] = [];
  readonly #document: Document.Parsed;
  #values = 0;
  #deepest = 0;
  /** What an anchored node became, how many values it holds, and in how many levels. */
  readonly #anchored = new Map<Node, { readonly tree: Tree; readonly size: number; readonly height: number }>();

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  convert(node: unknown, depth: number): Tree | undefined {
    const at = offsetOf(node);
    if (depth > LAB_LIMITS.depthMax) return this.#tooDeep(at);
    if (!this.#count(1, at)) return undefined;
    if (isAlias(node)) return this.#alias(node, depth, at);
    const [values, deepest] = [this.#values, this.#deepest];
    this.#deepest = depth;
    const tree = this.#collection(node, depth, at);
    if (tree !== undefined && isAnchored(node)) {
      this.#anchored.set(node, { tree, size: this.#values - values, height: this.#deepest - depth });
    }
    this.#deepest = Math.max(deepest, this.#deepest);
    return tree;
  }

  #collection(node: unknown, depth: number, at: number): Tree | undefined {
    if (isSeq(node)) {
      const items: Tree[] = [];
      for (const item of node.items) {
        const tree = this.convert(item, depth + 1);
        if (tree === undefined) return undefined;
        items.push(tree);
      }
      return { kind: "list", at, items };
    }
    if (isMap(node)) return this.#map(node.items, depth, at);
    return { kind: "scalar", at, value: scalarOf(node) };
  }

  #map(pairs: readonly { readonly key: unknown; readonly value: unknown }[], depth: number, at: number) {
    const keys: string[] = [];
    const keyAts: number[] = [];
    const values: Tree[] = [];
    const seen = new Set<string>();
    for (const pair of pairs) {
      const keyAt = offsetOf(pair.key, at);
      const key = keyOf(pair.key);
      if (key === undefined) return this.#fail("lab/bad-key", "a key must be plain text", keyAt);
      if (seen.has(key)) this.#fail("lab/duplicate-key", `"${key.slice(0, 64)}" stands twice in one map`, keyAt);
      seen.add(key);
      const value = this.convert(pair.value ?? null, depth + 1);
      if (value === undefined) return undefined;
      keys.push(key);
      keyAts.push(keyAt);
      values.push(value.at < 0 ? ({ ...value, at: keyAt } as Tree) : value);
    }
    return { kind: "map" as const, at, keys, keyAts, values };
  }

  #alias(alias: Alias, depth: number, at: number): Tree | undefined {
    const target: Node | undefined = alias.resolve(this.#document);
    const known = target === undefined ? undefined : this.#anchored.get(target);
    // An alias inside its own anchor has no end; its anchor is not yet known here.
    if (known === undefined) {
      return this.#fail("lab/bad-alias", `*${alias.source.slice(0, 64)} has no finished anchor before it`, at);
    }
    if (depth + known.height > LAB_LIMITS.depthMax) return this.#tooDeep(at);
    this.#deepest = Math.max(this.#deepest, depth + known.height);
    return this.#count(known.size, at) ? known.tree : undefined;
  }

  #tooDeep(at: number): undefined {
    return this.#fail("lab/too-deep", `nested more than ${LAB_LIMITS.depthMax} levels deep`, at);
  }

  #count(values: number, at: number): boolean {
    this.#values += values;
    if (this.#values <= LAB_LIMITS.valuesMax) return true;
    this.#fail("lab/too-many-values", `more than ${LAB_LIMITS.valuesMax} values once aliases are expanded`, at);
    return false;
  }

  #fail(code: string, title: string, at: number): undefined {
    if (this.faults.length < LAB_LIMITS.problemsMax) this.faults.push({ code, title, hint: "", at: Math.max(at, 0) });
    return undefined;
  }
}

const isAnchored = (node: unknown): node is Node =>
  (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined;

function offsetOf(node: unknown, otherwise = -1): number {
  const range = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range : undefined;
  return range?.[0] ?? otherwise;
}

function keyOf(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  const text = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
  return text === "__proto__" ? undefined : text;
}

function scalarOf(node: unknown): Scalar {
  const value: unknown = isScalar(node) ? node.value : null;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
