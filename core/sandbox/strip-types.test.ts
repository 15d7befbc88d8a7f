/** Types are taken away, and places in the JavaScript lead back to the TypeScript. */
import { transformSync } from "@swc/wasm-typescript";
import { describe, expect, it } from "vitest";
import { SourceMap } from "./source-map.ts";
import { TypeStripper } from "./strip-types.ts";

const stripper = new TypeStripper(transformSync);

/** Where `word` stands in a text, from 1. */
function find(text: string, word: string): { line: number; column: number } {
  const before = text.slice(0, text.indexOf(word)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function stripped(source: string): { code: string; backFrom(word: string): { line: number; column: number } } {
  const result = stripper.strip("a.ts", source);
  if (!result.ok) throw new Error(result.error.message);
  const { code } = result.value;
  return {
    code,
    backFrom: (word) => {
      const { line, column } = result.value.sourceOf({ file: "a.ts", ...find(code, word) });
      return { line, column };
    },
  };
}

describe("stripping", () => {
  it("leaves everything where it was", () => {
    const source = "interface A { x: number }\nconst f = (a: A): number =>\n  a.x satisfies number;\nexport { f };\n";
    const { code, backFrom } = stripped(source);
    expect(code.length).toBe(source.length);
    expect(code).not.toContain("number");
    expect(backFrom("a.x")).toEqual(find(source, "a.x"));
  });

  it("generates code for what is more than types, and maps it back", () => {
    const source = [
      "enum Vote { Commit, Abort }",
      "class Worker {",
      "  constructor(private readonly name: string) {}",
      "  vote(): Vote {",
      "    return this.name === 'a' ? Vote.Commit : decideElsewhere();",
      "  }",
      "}",
    ].join("\n");
    const { backFrom } = stripped(source);
    expect(backFrom("decideElsewhere")).toEqual(find(source, "decideElsewhere"));
  });

  it.each([
    ["let x = ;", 1, 9],
    ["\n\nconst y: = 1;", 3, 10],
    ["enum A { X }\nlet = 3;", 2, 1],
  ])("says where %j is wrong", (source, line, column) => {
    const result = stripper.strip("a.ts", source);
    expect(result.ok ? null : { line: result.error.line, column: result.error.column }).toEqual({ line, column });
  });
});

describe("source maps", () => {
  it("reads numbers of several digits, and both signs", () => {
    // Line 1: column 0 is line 1, column 1; column 5 is line 17, column 1. Line 2: column 2 is line 16, column 21.
    const map = new SourceMap(JSON.stringify({ mappings: "AAAA,KAgBA;EADoB" }));
    const sourceOf = (line: number, column: number): number[] => {
      const place = map.sourceOf({ file: "a.ts", line, column });
      return [place.line, place.column];
    };
    expect(sourceOf(1, 1)).toEqual([1, 1]);
    expect(sourceOf(1, 5)).toEqual([1, 1]);
    expect(sourceOf(1, 6)).toEqual([17, 1]);
    expect(sourceOf(2, 3)).toEqual([16, 21]);
    // Before the first segment, and behind the end: left as it is.
    expect(sourceOf(2, 1)).toEqual([2, 1]);
    expect(sourceOf(9, 1)).toEqual([9, 1]);
  });
});
