import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { LabPrograms, placeBeside } from "./lab-programs.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "lastack-programs-")));
afterAll(() => rmSync(folder, { recursive: true }));

const LAB = "lastack: 1\nnodes: { h1: { kind: host, programs: [{ file: ../programs/a.ts }, { file: b.ts }] } }\n";
for (const name of ["labs", "others", "programs", "elsewhere"]) mkdirSync(join(folder, name));
const lab = join(folder, "labs/one.lab.yaml");
writeFileSync(lab, LAB);
writeFileSync(join(folder, "programs/a.ts"), 'import "./shared.ts";');
writeFileSync(join(folder, "programs/shared.ts"), "");
writeFileSync(join(folder, "labs/b.ts"), "");
writeFileSync(join(folder, "others/b.ts"), "");

describe("programs of a lab", () => {
  test("are known where they were read, and no other path is", async () => {
    const programs = new LabPrograms();
    expect(Object.keys(programs.read(lab, LAB)).sort()).toEqual(["../programs/a.ts", "../programs/shared.ts", "b.ts"]);
    expect(await programs.fileOf(lab, "../programs/a.ts")).toBe(join(folder, "programs/a.ts"));
    expect(await programs.fileOf(lab, "../programs/c.ts")).toBeNull();
    expect(await programs.fileOf(lab, "/etc/passwd")).toBeNull();
  });

  test("are found again for a lab that was not read in this run", async () => {
    expect(await new LabPrograms().fileOf(lab, "b.ts")).toBe(join(folder, "labs/b.ts"));
    await expect(new LabPrograms().fileOf(join(folder, "gone.lab.yaml"), "b.ts")).rejects.toThrow("ENOENT");
  });

  test("are the same from another place only where each is the same file", async () => {
    const programs = new LabPrograms();
    const from = (place: string, paths: string[]): Promise<boolean> =>
      programs.areFoundFrom(join(folder, place), lab, paths);
    expect(await from("labs/two.lab.yaml", ["../programs/a.ts", "b.ts"])).toBe(true);
    expect(await from("others/two.lab.yaml", ["../programs/a.ts"])).toBe(true);
    expect(await from("others/two.lab.yaml", ["../programs/a.ts", "b.ts"])).toBe(false);
    expect(await from("two.lab.yaml", ["../programs/a.ts"])).toBe(false);
  });
});

describe("a new program", () => {
  test("goes beside its lab, or below", async () => {
    expect(await placeBeside(lab, "new.ts")).toBe(join(folder, "labs/new.ts"));
    expect(await placeBeside(lab, "programs/two words/größe.ts")).toBe(
      join(folder, "labs/programs/two words/größe.ts"),
    );
    expect(readdirSync(join(folder, "labs/programs"))).toEqual(["two words"]);
  });

  test("does not go anywhere else, however its path is made", async () => {
    symlinkSync(join(folder, "elsewhere"), join(folder, "labs/link"));
    symlinkSync(join(folder, "elsewhere/target.ts"), join(folder, "labs/link.ts"));
    mkdirSync(join(folder, "labs/folder.ts"));
    const wrong = [
      "../a.ts",
      "/a.ts",
      "a/../../b.ts",
      "./a.ts",
      "a//b.ts",
      ".hidden.ts",
      "a\\b.ts",
      "a.js",
      "a.ts\0",
      "",
    ];
    for (const path of [...wrong, "link/a.ts", "link/b/c.ts", "link.ts", "folder.ts", "C:a.ts"]) {
      expect(await placeBeside(lab, path), path).toBeNull();
    }
    expect(readdirSync(join(folder, "elsewhere"))).toEqual([]);
  });

  test("stays in the folder for any path at all", async () => {
    const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "link", "\\", "~", "a.ts"), fc.string({ maxLength: 5 }));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        const place = await placeBeside(lab, `${parts.join("/")}.ts`).catch(() => null);
        expect(place === null || place.startsWith(join(folder, "labs/"))).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(readdirSync(join(folder, "elsewhere"))).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(["elsewhere", "labs", "others", "programs"]);
  });
});
