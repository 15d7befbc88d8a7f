/** Expressions of the code in scripts over named values, with Python's meaning of the operators. */
import { unreachable } from "../base/assert.ts";
import { CodeProblem } from "./code-lexer.ts";
import type { CodeExpression, Comparison } from "./code-parse.ts";
import { codeText, isEqual, isTrue, type CodeValue } from "./code-value.ts";

/** What a piece of code prints. */
export type CodePrinter = (text: string) => void;

export class CodeScope {
  readonly #names: ReadonlyMap<string, CodeValue>;
  readonly #print: CodePrinter;
  readonly #line: number;

  constructor(names: ReadonlyMap<string, CodeValue>, print: CodePrinter, line: number) {
    this.#names = names;
    this.#print = print;
    this.#line = line;
  }

  evaluate(expression: CodeExpression): CodeValue {
    switch (expression.kind) {
      case "value":
        return expression.value;
      case "name":
        return this.known(expression.name, this.#names.get(expression.name));
      case "sequence":
        return expression.items.map((item) => this.evaluate(item));
      case "unary":
        return this.#unary(expression.operator, this.evaluate(expression.operand));
      case "binary":
        return this.binary(expression.operator, this.evaluate(expression.left), this.evaluate(expression.right));
      case "logical": {
        const left = this.evaluate(expression.left);
        return isTrue(left) === (expression.operator === "or") ? left : this.evaluate(expression.right);
      }
      case "compare":
        return this.#compare(this.evaluate(expression.first), expression.rest);
      case "choice":
        return this.evaluate(isTrue(this.evaluate(expression.test)) ? expression.yes : expression.no);
      case "call":
        return this.#call(
          expression.name,
          expression.args.map((argument) => this.evaluate(argument)),
        );
      default:
        return unreachable(expression);
    }
  }

  known(name: string, value: CodeValue | undefined): CodeValue {
    if (value === undefined) this.#fail(`name '${name}' is not defined`);
    return value;
  }

  #fail(message: string): never {
    throw new CodeProblem(this.#line, message);
  }

  #number(value: CodeValue): number {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value !== "number") this.#fail(`a number expected, ${codeText(value)} found`);
    return value;
  }

  #unary(operator: string, operand: CodeValue): CodeValue {
    if (operator === "not") return !isTrue(operand);
    const value = this.#number(operand);
    return operator === "-" ? -value : operator === "~" ? -value - 1 : value;
  }

  binary(operator: string, left: CodeValue, right: CodeValue): CodeValue {
    if (operator === "%" && typeof left === "string") return this.#format(left, right);
    if (operator === "+" && typeof left === "string" && typeof right === "string") return left + right;
    const a = this.#number(left);
    const b = this.#number(right);
    if (["/", "//", "%"].includes(operator) && b === 0) this.#fail("division by zero");
    switch (operator) {
      case "+":
        return a + b;
      case "-":
        return a - b;
      case "*":
        return a * b;
      case "/":
        return a / b;
      case "//":
        return Math.floor(a / b);
      case "%":
        return a - b * Math.floor(a / b);
      case "**":
        return a ** b;
      default:
        return this.#bitwise(operator, a, b);
    }
  }

  /** Exact for whatever 64-bit counters hold below 2^53, which 32-bit operators are not. */
  #bitwise(operator: string, left: number, right: number): number {
    if (!Number.isInteger(left) || !Number.isInteger(right)) this.#fail(`whole numbers expected around '${operator}'`);
    const isShift = operator === "<<" || operator === ">>";
    if (isShift && (right < 0 || right > 64)) this.#fail("a shift by 0 to 64 expected");
    const a = BigInt(left);
    const b = BigInt(right);
    if (operator === "&") return Number(a & b);
    if (operator === "|") return Number(a | b);
    if (operator === "^") return Number(a ^ b);
    return Number(operator === "<<" ? a << b : a >> b);
  }

  /** `a < b < c` compares each pair of neighbours. */
  #compare(first: CodeValue, rest: readonly Comparison[]): boolean {
    let left = first;
    for (const { operator, operand } of rest) {
      const right = this.evaluate(operand);
      if (!this.#holds(operator, left, right)) return false;
      left = right;
    }
    return true;
  }

  #holds(operator: string, left: CodeValue, right: CodeValue): boolean {
    if (operator === "==" || operator === "!=") return isEqual(left, right) === (operator === "==");
    if (operator === "in" || operator === "not in") {
      const isIn = Array.isArray(right)
        ? right.some((item: CodeValue) => isEqual(item, left))
        : typeof right === "string" && typeof left === "string" && right.includes(left);
      return isIn === (operator === "in");
    }
    const isText = typeof left === "string" && typeof right === "string";
    const a = isText ? left : this.#number(left);
    const b = isText ? right : this.#number(right);
    if (operator === "<") return a < b;
    if (operator === "<=") return a <= b;
    return operator === ">" ? a > b : a >= b;
  }

  /** `'cwnd=%d of %s' % (a, b)`. */
  #format(text: string, value: CodeValue): string {
    const values = Array.isArray(value) ? [...(value as readonly CodeValue[])] : [value];
    return text.replace(/%[-0 +#]*\d*(?:\.\d+)?[sdiurxXfg%]/g, (directive) => {
      const [, flags = "", width = "", digits, kind = ""] = /^%([-0 +#]*)(\d*)(?:\.(\d+))?(.)$/.exec(directive) ?? [];
      if (kind === "%") return "%";
      const next = values.shift();
      if (next === undefined) this.#fail("not enough values for the text");
      return pad(this.#formatOne(next, kind, digits), flags, Number(width));
    });
  }

  #formatOne(value: CodeValue, kind: string, digits: string | undefined): string {
    if (kind === "s" || kind === "r") return codeText(value);
    const number = this.#number(value);
    if (kind === "f") return number.toFixed(Number(digits ?? 6));
    if (kind === "g") return String(number);
    const hex = Math.trunc(number).toString(16);
    return kind === "x" ? hex : kind === "X" ? hex.toUpperCase() : String(Math.trunc(number));
  }

  #call(name: string, args: readonly CodeValue[]): CodeValue {
    const [first = null, second] = args;
    const numbers = (): number[] =>
      (Array.isArray(first) ? first : args).map((value: CodeValue) => this.#number(value));
    switch (name) {
      case "print":
        this.#print(args.map(codeText).join(" "));
        return null;
      case "abs":
        return Math.abs(this.#number(first));
      case "int":
        return Math.trunc(typeof first === "string" ? Number(first) : this.#number(first));
      case "float":
        return this.#number(first);
      case "round": {
        const scale = 10 ** this.#number(second ?? 0);
        return Math.round(this.#number(first) * scale) / scale;
      }
      case "str":
        return codeText(first);
      case "bool":
        return isTrue(first);
      case "len":
        return typeof first === "string" || Array.isArray(first)
          ? first.length
          : this.#fail("len of text or a list expected");
      case "min":
        return Math.min(...numbers());
      case "max":
        return Math.max(...numbers());
      case "sum":
        return numbers().reduce((sum, value) => sum + value, 0);
      default:
        return this.#fail(`function '${name}' is not known here`);
    }
  }
}

function pad(text: string, flags: string, width: number): string {
  if (flags.includes("-")) return text.padEnd(width);
  return flags.includes("0") ? text.padStart(width, "0") : text.padStart(width);
}
