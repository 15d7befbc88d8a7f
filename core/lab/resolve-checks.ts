/** What is expected of the lab: commands and their output, counters, who reaches whom. */
import { counterOf } from "./resolve-counters.ts";
import { findHost, machineOf, type LabDraft } from "./draft.ts";
import type { LabCheck, LabCounterCheck, LabReachCheck, LabRunCheck } from "./model.ts";
import type { CheckFile } from "./schema.ts";
import { member, type TreePath } from "./tree.ts";

export function resolveChecks(draft: LabDraft, durationNs: number): readonly LabCheck[] {
  const list = member(draft.problems.tree, "checks");
  return (draft.file.checks ?? []).flatMap((file, i): LabCheck[] => {
    const path = ["checks", i];
    const body = bodyOf(draft, file, path);
    // Counters are read when all is over; commands start at once.
    const atNs = file.at ?? ("counter" in file ? durationNs : 0);
    if (atNs > durationNs) {
      const hint = "raise duration, or check earlier";
      draft.problems.warning({
        code: "lab/after-end",
        title: "this is after the end of the run",
        hint,
        path: [...path, "at"],
      });
    }
    if (body === undefined) return [];
    return [{ name: file.name ?? nameOf(file), atNs, source: draft.problems.place(member(list, i)), ...body }];
  });
}

function nameOf(file: CheckFile): string {
  if ("run" in file) return `${file.on}: ${file.run}`;
  if ("counter" in file) return file.counter;
  return `reach ${typeof file.reach === "string" ? file.reach : file.reach.join(", ")}`;
}

function bodyOf(
  draft: LabDraft,
  file: CheckFile,
  path: TreePath,
): LabRunCheck | LabCounterCheck | LabReachCheck | undefined {
  if ("run" in file) return runCheck(draft, file, path);
  if ("counter" in file) return counterCheck(draft, file, path);
  return reachCheck(draft, file, path);
}

type RunFile = Extract<CheckFile, { run: string }>;
type CounterFile = Extract<CheckFile, { counter: string }>;
type ReachFile = Exclude<CheckFile, RunFile | CounterFile>;

function runCheck(draft: LabDraft, file: RunFile, path: TreePath): LabRunCheck | undefined {
  const node = findHost(draft, file.on, [...path, "on"]);
  const { output = [], status = null, within = null } = file.expect;
  if (file.expect.output === undefined && status === null && within === null) nothingExpected(draft, path);
  const patterns = typeof output === "string" ? [output] : output;
  return node && { kind: "run", node: node.index, command: file.run, output: patterns, status, withinNs: within };
}

function counterCheck(draft: LabDraft, file: CounterFile, path: TreePath): LabCounterCheck | undefined {
  const { equals = null, atLeast = null, atMost = null } = file.expect;
  if (equals === null && atLeast === null && atMost === null) nothingExpected(draft, path);
  const counter = counterOf(draft, file.counter, [...path, "counter"]);
  return counter && { kind: "counter", counter, equals, atLeast, atMost };
}

function nothingExpected(draft: LabDraft, path: TreePath): void {
  draft.problems.error({ code: "lab/empty-check", title: "this check expects nothing", path: [...path, "expect"] });
}

function reachCheck(draft: LabDraft, file: ReachFile, path: TreePath): LabReachCheck {
  const nodes =
    typeof file.reach === "string"
      ? draft.nodes.filter((node) => machineOf(node) !== undefined)
      : file.reach.flatMap((name, i) => findHost(draft, name, [...path, "reach", i]) ?? []);
  return { kind: "reach", nodes: nodes.map((node) => node.index), expect: file.expect ?? true };
}
