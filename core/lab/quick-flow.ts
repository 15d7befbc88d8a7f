/** Flow collections of the quick YAML reader: `{ kind: host, at: [1, 2] }`, over one line or several. */
import { LAB_LIMITS } from "./limits.ts";
import type { QuickCursor } from "./quick-cursor.ts";
import type { ListTree, MapTree, Tree } from "./tree.ts";

/** The cursor stands at `[` or `{`. Continuation lines are indented by more than `parent`. */
export function readFlow(cursor: QuickCursor, parent: number, depth: number): Tree | undefined {
  if (depth > LAB_LIMITS.depthMax) return undefined;
  return cursor.text.charAt(cursor.at) === "[" ? readList(cursor, parent, depth) : readMap(cursor, parent, depth);
}

function readValue(cursor: QuickCursor, parent: number, depth: number): Tree | undefined {
  const at = cursor.at;
  const first = cursor.text.charAt(at);
  if (first === "[" || first === "{") return readFlow(cursor, parent, depth);
  const value = cursor.scalar(true);
  return value === undefined ? undefined : { kind: "scalar", at, value };
}

function readList(cursor: QuickCursor, parent: number, depth: number): ListTree | undefined {
  const list: ListTree = { kind: "list", at: cursor.at, items: [] };
  cursor.at++;
  for (;;) {
    if (!cursor.skipFlowSpace(parent)) return undefined;
    if (cursor.take("]")) return list;
    const item = readValue(cursor, parent, depth + 1);
    if (item === undefined || !cursor.skipFlowSpace(parent)) return undefined;
    list.items.push(item);
    if (cursor.take("]")) return list;
    if (!cursor.take(",")) return undefined;
  }
}

/** Up to here, looking through the keys of a map for a duplicate beats a Set. */
const KEYS_FEW = 16;

function readMap(cursor: QuickCursor, parent: number, depth: number): MapTree | undefined {
  const map: MapTree = { kind: "map", at: cursor.at, keys: [], keyAts: [], values: [] };
  let seen: Set<string> | undefined;
  cursor.at++;
  for (;;) {
    if (!cursor.skipFlowSpace(parent)) return undefined;
    if (cursor.take("}")) return map;
    const keyAt = cursor.at;
    const key = cursor.flowKey();
    if (key === undefined || (seen?.has(key) ?? map.keys.includes(key))) return undefined;
    if (!cursor.skipFlowSpace(parent)) return undefined;
    const value = readMapValue(cursor, parent, depth);
    if (value === undefined || !cursor.skipFlowSpace(parent)) return undefined;
    map.keys.push(key);
    map.keyAts.push(keyAt);
    map.values.push(value);
    if (seen !== undefined || map.keys.length > KEYS_FEW) seen = (seen ?? new Set(map.keys)).add(key);
    if (cursor.take("}")) return map;
    if (!cursor.take(",")) return undefined;
  }
}

function readMapValue(cursor: QuickCursor, parent: number, depth: number): Tree | undefined {
  const at = cursor.at;
  if (!cursor.take(":")) return { kind: "scalar", at, value: null };
  if (!cursor.skipFlowSpace(parent)) return undefined;
  const next = cursor.text.charAt(cursor.at);
  if (next === "," || next === "}") return { kind: "scalar", at: cursor.at, value: null };
  return readValue(cursor, parent, depth + 1);
}
