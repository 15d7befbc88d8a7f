/**
 * Versions of the lab document. A reader knows its own version and how to bring older ones up to it, step by step;
 * it refuses newer ones instead of guessing. There is only version 1 so far, so no step exists yet.
 */
import { bad, good, type Result } from "../base/result.ts";
import { LAB_VERSION } from "./schema.ts";
import { member, treeValue, type Tree } from "./tree.ts";

/** From the version that is the key to the next one. */
const STEPS: ReadonlyMap<number, (tree: Tree) => Tree> = new Map();

export type VersionFault = { readonly code: string; readonly title: string; readonly hint: string };

export function migrate(tree: Tree): Result<Tree, VersionFault> {
  const version = member(tree, "lastack");
  if (tree.kind !== "map" || version === undefined) {
    const hint = `a lab is a map that starts with "lastack: ${LAB_VERSION}"`;
    return bad({ code: "lab/no-version", title: "not a LastAck lab", hint });
  }
  const number = treeValue(version);
  if (typeof number !== "number" || !Number.isInteger(number) || number < 1) {
    return bad({
      code: "lab/bad-version",
      title: "the version is not a whole number",
      hint: `write lastack: ${LAB_VERSION}`,
    });
  }
  if (number > LAB_VERSION) {
    const hint = `it has version ${number}; this LastAck reads up to ${LAB_VERSION}`;
    return bad({ code: "lab/newer-version", title: "made by a newer LastAck", hint });
  }
  let current = tree as Tree;
  for (let v = number; v < LAB_VERSION; v++) current = STEPS.get(v)?.(current) ?? current;
  return good(current);
}
