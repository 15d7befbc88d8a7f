/**
 * The conditional command `[[ ... ]]` of bash: no splitting, patterns on the right of `==`, regular expressions for
 * `=~`.
 */
import type { TestExpression } from "unbash";
import type { Call } from "../../kernel/syscall/sys.ts";
import { Regex } from "../lib/regex.ts";
import { expandPattern, expandWord } from "./expand.ts";
import { matchesPattern } from "./pattern.ts";
import type { ShellState } from "./state.ts";
import { testBinary, testUnary } from "./test-expression.ts";

export function* evaluateTest(shell: ShellState, expression: TestExpression): Call<boolean> {
  switch (expression.type) {
    case "TestGroup":
      return yield* evaluateTest(shell, expression.expression);
    case "TestNot": {
      const truth = yield* evaluateTest(shell, expression.operand);
      return expression.negations.length % 2 === 1 ? !truth : truth;
    }
    case "TestLogical": {
      const decisive = expression.operator === "||";
      for (const operand of expression.operands) {
        if ((yield* evaluateTest(shell, operand)) === decisive) return decisive;
      }
      return !decisive;
    }
    case "TestUnary": {
      const operand = yield* expandWord(shell, expression.operand);
      if (expression.operator === "-v") return shell.get(operand) !== undefined;
      return yield* testUnary(shell.sys, expression.operator, operand);
    }
    case "TestBinary":
      return yield* binary(shell, expression);
  }
}

function* binary(shell: ShellState, node: Extract<TestExpression, { type: "TestBinary" }>): Call<boolean> {
  const left = yield* expandWord(shell, node.left);
  if (node.operator === "=" || node.operator === "==" || node.operator === "!=") {
    const matches = matchesPattern(left, yield* expandPattern(shell, node.right));
    return matches === (node.operator !== "!=");
  }
  const right = yield* expandWord(shell, node.right);
  if (node.operator === "=~") {
    const regex = Regex.compile(right, { extended: true, ignoreCase: false });
    if (regex.ok) return regex.value.test(left);
    shell.expansionError ??= `[[: invalid regular expression \`${right}': ${regex.error}`;
    return false;
  }
  const result = yield* testBinary(shell.sys, { left, operator: node.operator, right });
  if (!result.ok) shell.expansionError ??= `[[: ${result.error}`;
  return result.ok && result.value;
}
