/**
 * The primaries of test(1) (POSIX.1-2024), shared by `test`, `[` and `[[ ]]`. Everybody is root: -r and -w hold for
 * what exists.
 */
import { bad, good, type Result } from "../../base/result.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";

export const UNARY = new Set([
  "-e",
  "-f",
  "-d",
  "-p",
  "-S",
  "-c",
  "-s",
  "-r",
  "-w",
  "-x",
  "-n",
  "-z",
  "-t",
  "-h",
  "-L",
]);
export const BINARY = new Set(["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot"]);

export function* testUnary(sys: Sys, operator: string, operand: string): Call<boolean> {
  if (operator === "-n") return operand !== "";
  if (operator === "-z") return operand === "";
  if (operator === "-t") return /^\d{1,4}$/.test(operand) && (yield* sys.isatty(Number(operand)));
  const stat = yield* sys.stat(operand);
  if (typeof stat === "number") return false;
  switch (operator) {
    case "-f":
      return stat.kind === "file";
    case "-d":
      return stat.kind === "directory";
    case "-p":
      return stat.kind === "pipe";
    case "-S":
      return stat.kind === "socket";
    case "-c":
      return stat.kind === "device" || stat.kind === "tty";
    case "-s":
      return stat.size > 0;
    case "-h":
    case "-L":
      return false;
    default:
      return true;
  }
}

type Comparison = { readonly left: string; readonly operator: string; readonly right: string };

/** @returns the truth, or `X: integer expression expected`. */
export function* testBinary(sys: Sys, { left, operator, right }: Comparison): Call<Result<boolean, string>> {
  switch (operator) {
    case "=":
    case "==":
      return good(left === right);
    case "!=":
      return good(left !== right);
    case "<":
      return good(left < right);
    case ">":
      return good(left > right);
    case "-nt":
    case "-ot": {
      const [a, b] = [yield* sys.stat(left), yield* sys.stat(right)];
      const [first, second] = [typeof a === "number" ? -1 : a.modified, typeof b === "number" ? -1 : b.modified];
      return good(operator === "-nt" ? first > second : first < second);
    }
    default:
      return compareNumbers(left, operator, right);
  }
}

function compareNumbers(left: string, operator: string, right: string): Result<boolean, string> {
  for (const each of [left, right]) {
    if (!/^\s*[+-]?\d{1,15}\s*$/.test(each)) return bad(`${each}: integer expression expected`);
  }
  const difference = Number(left) - Number(right);
  switch (operator) {
    case "-eq":
      return good(difference === 0);
    case "-ne":
      return good(difference !== 0);
    case "-lt":
      return good(difference < 0);
    case "-le":
      return good(difference <= 0);
    case "-gt":
      return good(difference > 0);
    default:
      return good(difference >= 0);
  }
}
