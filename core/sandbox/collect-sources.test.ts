/** Which files a program is made of. */
import { describe, expect, it } from "vitest";
import { collectSources } from "./collect-sources.ts";

const FILES = new Map([
  ["a.ts", 'import { b } from "./lib/b";\nimport "./c.js";\nimport type { T } from "lastack";'],
  ["lib/b.ts", 'export * from "../d.ts"; const late = await import("./e.ts");'],
  ["c.ts", "const text = `from './no.ts'`;"],
  ["d.ts", 'import "./a.ts"; import { x } from "../outside.ts";'],
  ["lib/e.ts", ""],
  ["../outside.ts", ""],
]);
const read = (path: string): string | null => FILES.get(path) ?? null;

describe("sources of programs", () => {
  it("follows relative imports, in circles too", () => {
    const { sources, missing } = collectSources(["a.ts"], read);
    expect([...sources.keys()].sort()).toEqual(["../outside.ts", "a.ts", "c.ts", "d.ts", "lib/b.ts", "lib/e.ts"]);
    expect(missing).toEqual([]);
  });

  it("names a missing program, and leaves a missing import to the loader", () => {
    expect(collectSources(["nope.ts", "c.ts"], read).missing).toEqual(["nope.ts"]);
  });

  it("follows imports of programs that stand in the lab", () => {
    const inline = new Map([["main.ts", 'import { b } from "./lib/b.ts";']]);
    const { sources } = collectSources([], read, inline);
    expect(sources.has("lib/b.ts")).toBe(true);
    expect(sources.has("main.ts")).toBe(false);
  });

  it("reads no more files than it may", () => {
    const endless = (path: string): string => `import "./x${path}"`;
    expect(collectSources(["a.ts"], endless).sources.size).toBe(1000);
  });
});
