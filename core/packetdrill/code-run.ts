/** Runs the code of scripts (code-parse.ts): statement by statement, over named values. No eval. */
import { unreachable } from "../base/assert.ts";
import type { CodeExpression, CodeStatement } from "./code-parse.ts";
import { CodeScope, type CodePrinter } from "./code-scope.ts";
import { codeText, isTrue, type CodeValue } from "./code-value.ts";

/** An assertion that does not hold; `line` from 0. */
export class CodeAssertion extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * Runs statements; assignments stay in `names` for the pieces that follow.
 * @throws CodeAssertion for an assertion that fails, CodeProblem for what cannot be computed.
 */
export function runCode(statements: readonly CodeStatement[], names: Map<string, CodeValue>, print: CodePrinter): void {
  for (const statement of statements) {
    const scope = new CodeScope(names, print, statement.line);
    switch (statement.kind) {
      case "assert":
        if (isTrue(scope.evaluate(statement.test))) break;
        throw new CodeAssertion(statement.line, explain(statement, scope));
      case "assign": {
        const value = scope.evaluate(statement.value);
        const old = names.get(statement.name);
        if (statement.operator === "") names.set(statement.name, value);
        else names.set(statement.name, scope.binary(statement.operator, scope.known(statement.name, old), value));
        break;
      }
      case "expression":
        scope.evaluate(statement.value);
        break;
      case "pass":
        break;
      default:
        unreachable(statement);
    }
  }
}

/** The assertion's text, its message, and the values of the names in it. */
function explain(statement: CodeStatement & { readonly kind: "assert" }, scope: CodeScope): string {
  const values = [...namesIn(statement.test)].map(
    (name) => `${name} = ${codeText(scope.evaluate({ kind: "name", name }))}`,
  );
  const message = statement.message === null ? "" : `: ${codeText(scope.evaluate(statement.message))}`;
  const seen = values.length === 0 ? "" : ` (${values.join(", ")})`;
  return `${statement.text.replace(/\s+/g, " ")}${message}${seen}`;
}

function namesIn(expression: CodeExpression, into = new Set<string>()): Set<string> {
  switch (expression.kind) {
    case "name":
      return into.add(expression.name);
    case "unary":
      return namesIn(expression.operand, into);
    case "binary":
    case "logical":
      namesIn(expression.left, into);
      return namesIn(expression.right, into);
    case "compare":
      for (const { operand } of expression.rest) namesIn(operand, into);
      return namesIn(expression.first, into);
    case "sequence":
      for (const item of expression.items) namesIn(item, into);
      return into;
    case "call":
      for (const item of expression.args) namesIn(item, into);
      return into;
    case "choice":
      for (const part of [expression.test, expression.yes, expression.no]) namesIn(part, into);
      return into;
    case "value":
      return into;
    default:
      return unreachable(expression);
  }
}
