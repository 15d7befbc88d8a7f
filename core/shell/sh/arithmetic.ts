/**
 * Arithmetic expansion (POSIX.1-2024, XCU 2.6.4) over signed 64-bit integers that wrap, with C's operators and `**`.
 */
import { parse, type ArithmeticExpression } from "unbash";
import { bad, good, type Result } from "../../base/result.ts";
import { NESTED_EXPRESSIONS_MAX, NESTING_MAX } from "../limits.ts";

export type Variables = { get(name: string): string; set(name: string, value: string): void };

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);

const BINARY: ReadonlyMap<string, (a: bigint, b: bigint) => bigint> = new Map<string, (a: bigint, b: bigint) => bigint>(
  [
    ["+", (a, b) => a + b],
    ["-", (a, b) => a - b],
    ["*", (a, b) => a * b],
    ["/", (a, b) => a / b],
    ["%", (a, b) => a % b],
    ["**", (a, b) => power(a, b)],
    ["<<", (a, b) => a << (b & 63n)],
    [">>", (a, b) => a >> (b & 63n)],
    ["&", (a, b) => a & b],
    ["|", (a, b) => a | b],
    ["^", (a, b) => a ^ b],
    ["<", (a, b) => truth(a < b)],
    [">", (a, b) => truth(a > b)],
    ["<=", (a, b) => truth(a <= b)],
    [">=", (a, b) => truth(a >= b)],
    ["==", (a, b) => truth(a === b)],
    ["!=", (a, b) => truth(a !== b)],
    [",", (_, b) => b],
  ],
);

/** By squaring with wrap-around, so a huge exponent costs 64 steps and no memory. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = wrap(result * square);
    square = wrap(square * square);
  }
  return result;
}

/** What one evaluation may still do: expressions that stand in variables may double with each level of nesting. */
interface Scope extends Variables {
  nestedLeft: number;
}

/** @returns the value, or the text of bash's error. */
export function evaluate(expression: ArithmeticExpression, variables: Variables): Result<bigint, string> {
  return valueOf(expression, { ...variables, nestedLeft: NESTED_EXPRESSIONS_MAX }, 0);
}

function valueOf(expression: ArithmeticExpression, variables: Scope, depth: number): Result<bigint, string> {
  if (depth > NESTING_MAX) return bad("expression recursion level exceeded");
  switch (expression.type) {
    case "ArithmeticWord":
      return numberOf(expression.value, variables, depth);
    case "ArithmeticGroup":
      return valueOf(expression.expression, variables, depth + 1);
    case "ArithmeticTernary": {
      const test = valueOf(expression.test, variables, depth + 1);
      if (!test.ok) return test;
      return valueOf(test.value !== 0n ? expression.consequent : expression.alternate, variables, depth + 1);
    }
    case "ArithmeticUnary":
      return unary(expression, variables, depth);
    case "ArithmeticBinary":
      return binary(expression, variables, depth);
    case "ArithmeticCommandExpansion":
      // Whoever expands words has put its value there.
      return bad(`${expression.text}: syntax error: operand expected`);
  }
}

function numberOf(text: string, variables: Scope, depth: number): Result<bigint, string> {
  const word = text.trim();
  if (word === "") return good(0n);
  if (/^(0|[1-9]\d*)$/.test(word) || /^0[xX][0-9a-fA-F]+$/.test(word)) return good(wrap(BigInt(word)));
  if (/^0[0-7]+$/.test(word)) return good(wrap(BigInt(`0o${word.slice(1)}`)));
  if (/^\d\w*$/.test(word)) return bad(`${word}: value too great for base (error token is "${word}")`);
  if (/^-\d+$/.test(word)) return good(wrap(BigInt(word)));
  // A variable's value is itself an expression; names in it are followed, to a bounded depth.
  if (depth > NESTING_MAX) return bad(`${word}: expression recursion level exceeded (error token is "${word}")`);
  if (/^[A-Za-z_]\w*$/.test(word)) return numberOf(variables.get(word), variables, depth + 1);
  if (--variables.nestedLeft < 0) return bad(`${word}: expression recursion level exceeded (error token is "${word}")`);
  const inner = parsed(word);
  if (inner === null) return bad(`${word}: syntax error: operand expected (error token is "${word}")`);
  return valueOf(inner, variables, depth + 1);
}

/** Null: not an expression, or one that is nothing but a word again. */
function parsed(text: string): ArithmeticExpression | null {
  const [statement, ...more] = parse(`((${text}))`).commands;
  const command = statement?.command;
  if (more.length > 0 || command?.type !== "ArithmeticCommand" || command.end < text.length + 4) return null;
  const { expression = null } = command;
  return expression?.type === "ArithmeticWord" ? null : expression;
}

type Unary = Extract<ArithmeticExpression, { type: "ArithmeticUnary" }>;
type Binary = Extract<ArithmeticExpression, { type: "ArithmeticBinary" }>;

function unary(expression: Unary, variables: Scope, depth: number): Result<bigint, string> {
  const operand = valueOf(expression.operand, variables, depth + 1);
  if (!operand.ok) return operand;
  switch (expression.operator) {
    case "-":
      return good(wrap(-operand.value));
    case "!":
      return good(truth(operand.value === 0n));
    case "~":
      return good(~operand.value);
    case "++":
    case "--": {
      const name = nameOf(expression.operand);
      if (name === null) return bad(`syntax error: operand expected (error token is "${expression.operator}")`);
      const changed = wrap(operand.value + (expression.operator === "++" ? 1n : -1n));
      variables.set(name, String(changed));
      return good(expression.prefix ? changed : operand.value);
    }
    default:
      return operand;
  }
}

const nameOf = (expression: ArithmeticExpression): string | null =>
  expression.type === "ArithmeticWord" && /^[A-Za-z_]\w*$/.test(expression.value.trim())
    ? expression.value.trim()
    : null;

function binary(expression: Binary, variables: Scope, depth: number): Result<bigint, string> {
  const { operator } = expression;
  const assignment = /^(|\+|-|\*|\/|%|<<|>>|&|\||\^)=$/.exec(operator);
  if (assignment !== null) return assign(expression, assignment[1] ?? "", variables, depth);
  const left = valueOf(expression.left, variables, depth + 1);
  if (!left.ok) return left;
  if (operator === "&&" && left.value === 0n) return good(0n);
  if (operator === "||" && left.value !== 0n) return good(1n);
  const right = valueOf(expression.right, variables, depth + 1);
  if (!right.ok) return right;
  if (operator === "&&" || operator === "||") return good(truth(right.value !== 0n));
  return apply(operator, left.value, right.value);
}

function apply(operator: string, left: bigint, right: bigint): Result<bigint, string> {
  if ((operator === "/" || operator === "%") && right === 0n) return bad("division by 0");
  if (operator === "**" && right < 0n) return bad("exponent less than 0");
  const operation = BINARY.get(operator);
  return operation === undefined
    ? bad(`syntax error: invalid arithmetic operator`)
    : good(wrap(operation(left, right)));
}

function assign(expression: Binary, operator: string, variables: Scope, depth: number): Result<bigint, string> {
  const name = nameOf(expression.left);
  if (name === null) return bad("attempted assignment to non-variable");
  const right = valueOf(expression.right, variables, depth + 1);
  if (!right.ok) return right;
  const left = operator === "" ? good(0n) : numberOf(name, variables, depth + 1);
  if (!left.ok) return left;
  const result = operator === "" ? right : apply(operator, left.value, right.value);
  if (result.ok) variables.set(name, String(result.value));
  return result;
}
