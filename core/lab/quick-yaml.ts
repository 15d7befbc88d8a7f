/**
 * The part of YAML 1.2 (core schema) in which labs are written, read in one pass: block and flow collections,
 * one-line scalars, literal blocks, comments. It is some thirty times as fast as the complete reader, which a
 * 1,000-host lab notices, and takes linear time whatever it is given.
 * Left out, and handed to full-yaml.ts: anchors, aliases, tags, directives, documents after the first, folded blocks,
 * scalars over several lines, complex keys, tabs between things, and everything that is wrong. So where this reader
 * answers, its answer is that of the complete one; a property test compares them.
 */
import { LAB_LIMITS } from "./limits.ts";
import { readFlow } from "./quick-flow.ts";
import { QuickCursor } from "./quick-cursor.ts";
import type { ListTree, MapTree, Tree } from "./tree.ts";

export type QuickReading = { readonly ok: true; readonly tree: Tree } | { readonly ok: false; readonly at: number };

/** `text` has no carriage returns. On failure, where the other reader is needed. */
export function readQuickYaml(text: string): QuickReading {
  const cursor = new QuickCursor(text);
  const indent = cursor.nextLine();
  if (indent < 0) return cursor.broken ? failure(cursor) : { ok: true, tree: { kind: "scalar", at: 0, value: null } };
  const tree = readNode(cursor, { column: indent, parent: -1, depth: 1 });
  if (tree === undefined || cursor.nextLine() >= 0 || cursor.broken) return failure(cursor);
  return { ok: true, tree };
}

const failure = (cursor: QuickCursor): QuickReading => ({ ok: false, at: Math.min(cursor.at, cursor.text.length) });

/** Where a node starts: its column, the indentation of what holds it, and how deep that is. */
type Spot = { readonly column: number; readonly parent: number; readonly depth: number };

/** Ends at the start of a line. */
function readNode(cursor: QuickCursor, spot: Spot): Tree | undefined {
  if (spot.depth > LAB_LIMITS.depthMax) return undefined;
  if (cursor.atEntry()) return readList(cursor, spot);
  if (cursor.atKey()) return readMap(cursor, spot);
  return readInline(cursor, spot.parent, spot.depth);
}

function readMap(cursor: QuickCursor, { column, depth }: Spot): MapTree | undefined {
  const map: MapTree = { kind: "map", at: cursor.at, keys: [], keyAts: [], values: [] };
  const seen = new Set<string>();
  for (;;) {
    const keyAt = cursor.at;
    const key = cursor.key();
    if (key === undefined || seen.has(key)) return undefined;
    seen.add(key);
    const value = readMapValue(cursor, column, depth + 1);
    if (value === undefined) return undefined;
    map.keys.push(key);
    map.keyAts.push(keyAt);
    map.values.push(value);
    const indent = cursor.nextLine();
    if (indent < column) {
      cursor.backToLineStart();
      return cursor.broken ? undefined : map;
    }
    if (indent > column || cursor.atEntry() || !cursor.atKey()) return undefined;
  }
}

/** After the colon. A list may stand at the indentation of its key. */
function readMapValue(cursor: QuickCursor, column: number, depth: number): Tree | undefined {
  const at = cursor.at;
  if (!cursor.skipToContent()) return readInline(cursor, column, depth);
  const indent = cursor.nextLine();
  if (indent > column) return readNode(cursor, { column: indent, parent: column, depth });
  if (indent === column && cursor.atEntry()) return readNode(cursor, { column, parent: column - 1, depth });
  cursor.backToLineStart();
  return { kind: "scalar", at, value: null };
}

function readList(cursor: QuickCursor, { column, depth }: Spot): ListTree | undefined {
  const list: ListTree = { kind: "list", at: cursor.at, items: [] };
  for (;;) {
    const item = readListItem(cursor, column, depth + 1);
    if (item === undefined) return undefined;
    list.items.push(item);
    const indent = cursor.nextLine();
    if (indent < column || (indent === column && !cursor.atEntry())) {
      cursor.backToLineStart();
      return cursor.broken ? undefined : list;
    }
    if (indent > column) return undefined;
  }
}

function readListItem(cursor: QuickCursor, column: number, depth: number): Tree | undefined {
  cursor.at++; // the hyphen
  const at = cursor.at;
  if (!cursor.skipToContent()) return readNode(cursor, { column: cursor.column(), parent: column, depth });
  const indent = cursor.nextLine();
  if (indent > column) return readNode(cursor, { column: indent, parent: column, depth });
  cursor.backToLineStart();
  return { kind: "scalar", at, value: null };
}

/** A scalar, flow collection or literal block, from here to the end of its line. */
function readInline(cursor: QuickCursor, parent: number, depth: number): Tree | undefined {
  const at = cursor.at;
  const first = cursor.text.charAt(at);
  if (first === "|") {
    const value = cursor.literalBlock(parent);
    return value === undefined ? undefined : { kind: "scalar", at, value };
  }
  if (first === "[" || first === "{") {
    const tree = readFlow(cursor, parent, depth);
    return tree !== undefined && cursor.endLine() ? tree : undefined;
  }
  const value = cursor.scalar(false);
  return value !== undefined && cursor.endLine() ? { kind: "scalar", at, value } : undefined;
}
