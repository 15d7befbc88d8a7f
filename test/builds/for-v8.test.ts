/** What builds do to private names (.tools/vite/for-v8.mjs), on the core's own files: that they run is for test/cli. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vite";
import { describe, expect, test } from "vitest";
import { forV8 } from "../../.tools/vite/for-v8.mjs";

const CORE = join(import.meta.dirname, "../../core");

function built(file: string): string {
  const { transform } = forV8();
  if (typeof transform !== "function") throw new Error("a plugin with a function");
  const context = { parse: parseAst } as unknown as ThisParameterType<typeof transform>;
  const code = readFileSync(file, "utf8");
  const result = transform.call(context, code, file) as { readonly code: string } | null;
  return result?.code ?? code;
}

describe("private names in builds", () => {
  test("none is left in any file of the core", () => {
    const files = readdirSync(CORE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((file) => hasPrivate(parseAst(built(join(CORE, file)), { lang: "ts" })))).toEqual([]);
    expect(hasPrivate(parseAst("class A { #a = 1; }"))).toBe(true);
  });

  test("an heir's is another than that of the same name above it", () => {
    const names = [...built(join(CORE, "kernel/vfs/tmpfs.ts")).matchAll(/readonly (_fs\$\w+): Tmpfs;/g)];
    expect(names.length).toBe(3);
    expect(new Set(names.map(([, name]) => name)).size).toBe(3);
  });

  test("files of others stay as they are", () => {
    expect(built(join(CORE, "../renderer/main.ts"))).toBe(readFileSync(join(CORE, "../renderer/main.ts"), "utf8"));
  });
});

function hasPrivate(node: object): boolean {
  if ("type" in node && node.type === "PrivateIdentifier") return true;
  return Object.values(node).some((child) => typeof child === "object" && child !== null && hasPrivate(child));
}
