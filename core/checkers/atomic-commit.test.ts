/** Histories of decisions that are atomic, and such that are not. */
import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../contract/trace-event.ts";
import { AtomicCommitChecker } from "./atomic-commit.ts";

/** `w1 READY`, or with `!` a decision: `w1 COMMIT!`; about transaction T. */
function judge(history: string): AtomicCommitChecker {
  const checker = new AtomicCommitChecker(["w1", "w2"]);
  history.split(", ").forEach((word, index) => {
    const [place = "", mark = ""] = word.split(" ");
    const isDecision = mark.endsWith("!");
    const fields: TraceEvent["fields"] = isDecision
      ? { pid: 2, decision: mark.slice(0, -1), about: "T" }
      : { pid: 2, state: mark, about: "T" };
    checker.onEvent({
      id: index + 1,
      time: index,
      name: isDecision ? "program:decide" : "program:state",
      place,
      context: "process",
      cpu: 0,
      pid: 2,
      packet: 0,
      cause: 0,
      fields,
    });
  });
  return checker;
}

const VOTED = "w1 READY, w2 READY";

describe("atomic commit", () => {
  it.each([
    ["all commit", `${VOTED}, c COMMIT!, w1 COMMIT!, w2 COMMIT!`],
    ["all abort", "w1 READY, w2 ABORT!, c ABORT!, w1 ABORT!"],
    ["a decision said again after a crash", `${VOTED}, c COMMIT!, w1 COMMIT!, w1 COMMIT!, c COMMIT!`],
    ["blocked", VOTED],
  ])("holds: %s", (_, history) => {
    expect(judge(history).violations).toEqual([]);
  });

  it.each([
    ["AC1", `${VOTED}, c COMMIT!, w1 ABORT!`, "w1 decided ABORT, c COMMIT"],
    ["AC2", `${VOTED}, c COMMIT!, w1 COMMIT!, w1 ABORT!`, "w1 decided COMMIT and then ABORT"],
    ["AC3", "w1 READY, c COMMIT!", "c decided COMMIT without a vote of w2"],
    ["promise", "w1 READY, w1 ABORT!, c ABORT!, w2 ABORT!", "w1 promised to commit, and decided ABORT by itself"],
    ["promise", `${VOTED}, w2 COMMIT!, c COMMIT!`, "w2 promised to commit, and decided COMMIT by itself"],
    ["AC3", "c COMMIT!", "c decided COMMIT without a vote of w1, w2"],
  ])("%s is broken by %s", (property, history, text) => {
    expect(judge(history).violations).toMatchObject([{ property, transaction: "T", text }]);
  });

  it("tells who has not decided, and what was", () => {
    const checker = judge("c WAIT, w1 READY, w2 READY, c ABORT!, w2 ABORT!");
    expect(checker.undecided("T")).toEqual(["w1"]);
    expect([checker.outcome("T"), checker.outcome("U"), checker.transactions]).toEqual(["ABORT", null, ["T"]]);
  });
});
