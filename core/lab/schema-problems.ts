/** What the schema found, put in words: expected, found, and the nearest valid name. */
import type { z } from "zod";
import { suggest } from "./nearest.ts";
import type { ProblemList } from "./problem-list.ts";
import { formatPath, treeValue, type Tree, type TreePath } from "./tree.ts";
import { member } from "./tree.ts";

type Issue = z.core.$ZodIssue;

const FOUND_CHARACTERS_MAX = 40;
const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
  tuple: "a list",
};

export function addSchemaProblems(issues: readonly Issue[], problems: ProblemList): void {
  for (const issue of issues) addIssue(issue, [], problems);
}

function addIssue(issue: Issue, base: TreePath, problems: ProblemList): void {
  if (problems.full) {
    problems.error({ code: "lab/bad-value", title: "", path: [] }); // only counted
    return;
  }
  const path = [...base, ...issue.path.map((step) => (typeof step === "symbol" ? "" : step))];
  const value = valueAt(problems.tree, path);
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      const valid = issue.message.split(" ");
      problems.error({
        code: "lab/unknown-key",
        title: `unknown key "${clip(key)}"`,
        hint: suggest(key, valid),
        path,
        key,
      });
    }
  } else if (issue.code === "invalid_key") {
    const key = String(path.at(-1) ?? "");
    const title = `"${clip(key)}" cannot be a name here: ${wordsOf(issue.issues[0] ?? issue)}`;
    problems.error({ code: "lab/bad-name", title, path: path.slice(0, -1), key });
  } else if (value === undefined) {
    problems.error({
      code: "lab/missing",
      title: `"${formatPath(path.slice(-1))}" is missing`,
      hint: wordsOf(issue),
      path,
    });
  } else if (issue.code === "invalid_union" && !issue.message.startsWith("expected") && issue.errors.length > 0) {
    addUnion(issue.errors, path, problems);
  } else {
    const title = `${wordsOf(issue)}, found ${describe(value)}`;
    problems.error({ code: "lab/bad-value", title, hint: hintOf(issue, value), path });
  }
}

/** Of several forms a value may have, the one that it comes nearest to is the one to complain about. */
function addUnion(branches: readonly (readonly Issue[])[], path: TreePath, problems: ProblemList): void {
  const scored = branches.map((issues) => ({ issues, score: issues.reduce((sum, issue) => sum + weightOf(issue), 0) }));
  const best = scored.reduce((least, next) => (next.score < least.score ? next : least));
  if (best.score < WRONG_KIND) {
    for (const issue of best.issues) addIssue(issue, path, problems);
    return;
  }
  const words = branches.map((issues) => (issues[0] === undefined ? "" : wordsOf(issues[0]).replace(/^expected /, "")));
  const title = `expected ${words.join(" or ")}, found ${describe(valueAt(problems.tree, path))}`;
  problems.error({ code: "lab/bad-value", title, path });
}

const WRONG_KIND = 1000;

function weightOf(issue: Issue): number {
  const wrongKind =
    issue.code === "invalid_type" || (issue.code === "invalid_union" && issue.message.startsWith("exp"));
  if (issue.path.length === 0 && wrongKind) return WRONG_KIND;
  return issue.code === "unrecognized_keys" ? 2 * issue.keys.length : 1;
}

function wordsOf(issue: Issue): string {
  if (issue.message.startsWith("expected ")) return issue.message;
  if (issue.code === "invalid_type") return `expected ${KINDS[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") return `expected ${issue.values.map(String).join(", ")}`;
  if (issue.code === "invalid_union") return `expected ${optionsOf(issue).join(", ")}`;
  if (issue.code === "too_small") return `expected at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
  if (issue.code === "too_big") return `expected at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
  return "expected something else";
}

const unitOf = (origin: string): string => (origin === "string" ? " characters" : origin === "array" ? " entries" : "");

function optionsOf(issue: Issue): readonly string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  // Of a discriminated union: what its `kind` may be.
  return issue.code === "invalid_union" && "options" in issue ? (issue.options as unknown[]).map(String) : [];
}

function hintOf(issue: Issue, value: unknown): string {
  const options = optionsOf(issue);
  return options.length > 0 && typeof value === "string" ? suggest(value, options) : "";
}

function valueAt(tree: Tree, path: TreePath): unknown {
  let here: Tree | undefined = tree;
  for (const step of path) here = member(here, step);
  if (here === undefined) return undefined;
  return here.kind === "scalar" ? treeValue(here) : here.kind === "list" ? [] : {};
}

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? `"${clip(value)}"` : clip(String(value));
}

const clip = (text: string): string =>
  text.length > FOUND_CHARACTERS_MAX ? `${text.slice(0, FOUND_CHARACTERS_MAX)}...` : text;
