/** The house rules hold over the whole tree, and the rules themselves find what they are for. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseLab } from "../../core/lab/parse.ts";
import { ENGINE, ENGINE_RECORD, engineRecord } from "./engine.ts";
import { generatedFiles } from "./generated.ts";
import { countDisabled, missingFolders, pathsOfMap, RULES, strangersAtTop, type SourceFile } from "./rules.ts";
import { ROOT, textFiles, trackedPaths } from "./tree.ts";

/** Reasoned exceptions in product code. The number may only fall. */
const DISABLED_MAX = 2;

const paths = trackedPaths();
const files = textFiles(paths ?? []);

describe.skipIf(paths === null)("the tree is tidy (needs a git checkout to know its files)", () => {
  it.each(Object.entries(RULES))("%s", (_name, rule) => {
    const offences = files.flatMap((file) => rule(file).map(({ line, message }) => `${file.path}:${line}: ${message}`));
    expect(offences).toEqual([]);
  });

  it("has no more lint exceptions than before", () => {
    const withSome = files.filter((file) => /^core\/.*\.ts$/.test(file.path) && countDisabled(file) > 0);
    const total = withSome.reduce((sum, file) => sum + countDisabled(file), 0);
    expect(total, withSome.map(({ path }) => path).join(", ")).toBeLessThanOrEqual(DISABLED_MAX);
  });

  it("has a line in core/README.md for each folder of core", () => {
    const folders = readdirSync(join(ROOT, "core"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const map = readFileSync(join(ROOT, "core/README.md"), "utf8");
    expect(
      missingFolders(
        folders.map(({ name }) => name),
        map,
      ),
    ).toEqual([]);
  });

  it("has what the map of core names", () => {
    const named = pathsOfMap(readFileSync(join(ROOT, "core/README.md"), "utf8"));
    expect(named.length).toBeGreaterThan(40);
    const gone = named.filter(({ candidates }) => !candidates.some((path) => existsSync(join(ROOT, path))));
    expect(gone.map(({ line, candidates: [path] }) => `core/README.md:${line}: ${path} is not there`)).toEqual([]);
  });

  it("has the folders of a machine and of TCP in the map of core", () => {
    const map = readFileSync(join(ROOT, "core/README.md"), "utf8");
    for (const part of ["core/kernel", "core/kernel/tcp"]) {
      const folders = readdirSync(join(ROOT, part), { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const names = folders.map(({ name }) => name);
      expect(missingFolders(names, map), part).toEqual([]);
      const section = map.split(`\`${part.replace("core/", "")}\`\n`)[1]?.split("\n## ")[0] ?? "";
      const rows = [...section.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, name = ""]) => name);
      expect(
        rows.filter((name) => !names.includes(name)),
        part,
      ).toEqual([]);
    }
  });

  it("has nothing strange at the top", () => {
    expect(strangersAtTop(paths ?? [])).toEqual([]);
  });
});

describe("generated files", () => {
  it.each(generatedFiles().map(({ path, text }) => [path, text]))("%s is current", (path, text) => {
    const whole = join(ROOT, path);
    const now = existsSync(whole) ? readFileSync(whole, "utf8") : "";
    expect(now === text, `${path} is not what the code says: npm run docs`).toBe(true);
  });
});

it("the sandbox's engine is made of the installed one: npm run engine", () => {
  expect(readFileSync(ENGINE_RECORD, "utf8")).toBe(engineRecord(readFileSync(ENGINE)));
});

describe("the README", () => {
  it("shows a lab that has no problems", () => {
    const blocks = readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```yaml\n([^]*?)^```$/gm);
    const labs = [...blocks].map(([, text = ""]) => parseLab(text, "README.md"));
    expect(labs.map((lab) => (lab.ok ? lab.value.warnings : lab.error))).toEqual([[]]);
  });
});

describe("the rules find what is planted", () => {
  const planted: readonly (readonly [rule: string, path: string, text: string, lines: readonly number[]])[] = [
    ["line length", "core/a.ts", `ok\n${"x".repeat(121)}\n${"x".repeat(120)}`, [2]],
    ["line length", "README.md", `| ${"x".repeat(200)} |`, []],
    ["line length", "core/a.json", "x".repeat(500), []],
    ["leftovers", "core/a.ts", `// ${"TO" + "DO"}: later\nconst fixme = 1;`, [1]],
    ["debugger", "core/a.ts", "a();\n  debugger;\n// a debugger helps", [2]],
    [
      "tests that do not run",
      "core/a.test.ts",
      `it.${"skip"}("x")\ndescribe.${"only"}("y")\nit.skipIf(a)("z")`,
      [1, 2],
    ],
    ["console in core", "core/base/a.ts", `${"console"}.log(1);\nconsole: number`, [1]],
    ["console in core", "core/node/a.ts", `${"console"}.log(1);`, []],
    [
      "names cut short",
      "core/a.ts",
      `const ${"pkt"} = 1;\nconst ${"pkt"}Length = 2;\nconst utilization = 3;\nreadonly ${"cfg"}: X;`,
      [1, 2, 4],
    ],
    ["machine paths", "a.md", `see /${"home"}/ada/lab\nls /${"work"}/x\n/homely\n~/lab`, [1, 2]],
    ["registry hosts", "package-lock.json", `"resolved": "https://registry.${"npmjs"}.org/x"\nnpm registry`, [1]],
  ];

  it.each(planted)("%s in %s", (name, path, text, lines) => {
    const file: SourceFile = { path, text };
    expect(RULES[name]?.(file).map(({ line }) => line)).toEqual(lines);
  });

  it("exceptions, folders without a line, strangers", () => {
    const disable = `// eslint-${"disable"}-next-line x\n`;
    expect(countDisabled({ path: "a.ts", text: disable + disable })).toBe(2);
    expect(missingFolders(["base", "new"], "| `base` | low |")).toEqual(["new"]);
    const map = "## One: `kernel`\n| `tcp` | `x` | `gone.ts` |\nsee `a/b.ts`, `word`\n## Two\nand `c/d.ts`";
    expect(pathsOfMap(map).map(({ line, candidates: [path] }) => `${line} ${path}`)).toEqual([
      "2 core/kernel/tcp/gone.ts",
      "3 core/kernel/a/b.ts",
      "5 core/c/d.ts",
    ]);
    expect(
      strangersAtTop(["core/a.ts", ".ci/run", "vite.config.ts", "tsconfig.base.json", "notes.txt", "src/x.ts"]),
    ).toEqual(["notes.txt", "src"]);
  });
});
