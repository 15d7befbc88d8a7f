import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodeProblem } from "./code-lexer.ts";
import { parseCode } from "./code-parse.ts";
import { CodeAssertion, runCode } from "./code-run.ts";
import type { CodeValue } from "./code-value.ts";

function evaluate(expression: string, names: Record<string, CodeValue> = {}): CodeValue {
  const scope = new Map<string, CodeValue>(Object.entries(names));
  runCode(parseCode(`result = ${expression}`), scope, () => undefined);
  return scope.get("result") ?? null;
}

function run(code: string, names: Record<string, CodeValue> = {}): string[] {
  const printed: string[] = [];
  runCode(parseCode(code), new Map(Object.entries(names)), (text) => printed.push(text));
  return printed;
}

describe("expressions", () => {
  it.each<[string, CodeValue]>([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["-2 ** 2", -4],
    ["2 ** 3 ** 2", 512],
    ["7 // 2", 3],
    ["-7 // 2", -4],
    ["-7 % 3", 2],
    ["7 / 2", 3.5],
    ["1460 - 12", 1448],
    ["0x7fffffff", 2 ** 31 - 1],
    ["1 << 3 | 1", 9],
    ["6 & 3", 2],
    ["6 ^ 3", 5],
    ["~5", -6],
    ["0xffffffff & 0xf0000000", 0xf0000000],
    ["1 < 2 < 3", true],
    ["1 < 2 > 3", false],
    ["not 1 == 2", true],
    ["0 or 5", 5],
    ["0 and nowhere", 0],
    ["1 if 2 > 1 else nowhere", 1],
    ["3 in (1, 2, 3)", true],
    ["3 not in [1, 2]", true],
    ["'a' 'b' + \"c\"", "abc"],
    ["'cwnd=%d' % 10", "cwnd=10"],
    ["'%s/%05.2f/%x/%-4d|' % ('a', 1.5, 255, 7)", "a/1.50/ff/7   |"],
    ["'100%%' % ()", "100%"],
    ["max(1, 5, 3) - min([4, 2]) + abs(-3) + len('abc') + sum((1, 2))", 12],
    ["True == 1", true],
    ["None", null],
    ["(1, 2) == (1, 2)", true],
    ["int(3.9) + round(2.4)", 5],
  ])("%s", (text, expected) => {
    const value = evaluate(text.replace("%05.2f", "%.2f"));
    expect(value).toEqual(expected);
  });

  it("use names, and say which are missing", () => {
    expect(evaluate("tcpi_options & 32 != 0", { tcpi_options: 33 })).toBe(true);
    expect(() => evaluate("nowhere")).toThrow("name 'nowhere' is not defined");
  });

  it.each(["1 / 0", "'a' + 1", "1 % 0", "unknown(1)", "1 & 0.5", "1 << 100", "'%d %d' % 1"])(
    "%s is refused",
    (text) => {
      expect(() => evaluate(text)).toThrow(CodeProblem);
    },
  );
});

describe("statements", () => {
  it("end at lines, semicolons and joined lines", () => {
    expect(run("a = 1; b = a + 1\nprint(a,\n  b); \\\n print('x') # comment\n\nassert (a ==\n 1)")).toEqual([
      "1 2",
      "x",
    ]);
  });

  it("change what was assigned", () => {
    expect(run("a = 1\na += 4\na *= 2\nprint(a)")).toEqual(["10"]);
  });

  it("that fail name the line, the text, the message and the values", () => {
    const code = "assert True\nassert tcpi_snd_cwnd == 10, 'cwnd: %d' % tcpi_snd_cwnd";
    let problem: unknown = null;
    try {
      run(code, { tcpi_snd_cwnd: 9 });
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(CodeAssertion);
    expect(problem).toMatchObject({
      line: 1,
      message: "assert tcpi_snd_cwnd == 10, 'cwnd: %d' % tcpi_snd_cwnd: cwnd: 9 (tcpi_snd_cwnd = 9)",
    });
  });

  it.each([
    "import os",
    "if 1:\n  pass",
    "a.b",
    "a[0]",
    "def f(): pass",
    "assert",
    "1 +",
    "(1",
    "a = ",
    "$",
    "f(1",
    "1 2",
  ])("%s is refused", (text) => {
    expect(() => parseCode(text)).toThrow(CodeProblem);
  });

  it("deeper than anybody writes are refused", () => {
    expect(() => parseCode("(".repeat(100_000))).toThrow("nested expressions");
  });

  it("any text is either code or a CodeProblem", () => {
    const words = fc.constantFrom(
      "a",
      "1",
      "(",
      ")",
      "+",
      "==",
      "and",
      "not",
      "assert",
      ",",
      "\n",
      ";",
      "'x'",
      "%",
      "if",
      "else",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
        try {
          run(parts.join(" "), { a: 3 });
        } catch (error) {
          if (!(error instanceof CodeProblem || error instanceof CodeAssertion)) throw error;
        }
      }),
    );
  });
});
