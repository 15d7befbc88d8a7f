import { execFile } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeAtomically } from "./atomic-write.ts";

const folder = mkdtempSync(join(tmpdir(), "lastack-atomic-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fileIn = (name: string, text?: string): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text, { mode: 0o640 });
  return path;
};
const leftovers = (): string[] => readdirSync(folder).filter((name) => name.endsWith(".tmp"));

describe("a file that is written atomically", () => {
  test("is new, or replaced with its permissions kept, and nothing is left beside it", async () => {
    const fresh = fileIn("fresh");
    await writeAtomically(fresh, "text");
    expect(readFileSync(fresh, "utf8")).toBe("text");
    const old = fileIn("old", "before");
    await writeAtomically(old, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(old)]).toEqual([1, 2, 3]);
    expect(statSync(old).mode & 0o777).toBe(0o640);
    expect(leftovers()).toEqual([]);
  });

  test("stays a link when it is one", async () => {
    const target = fileIn("target", "before");
    const link = fileIn("link");
    symlinkSync(target, link);
    await writeAtomically(link, "after");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("after");
  });

  test("is as it was when writing fails", async () => {
    await expect(writeAtomically(join(folder, "no/folder"), "x")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(writeAtomically(folder, "x")).rejects.toThrow();
    expect(leftovers()).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("is as it was when the disk is full", async () => {
    const path = fileIn("full", "before");
    const module = join(import.meta.dirname, "atomic-write.ts");
    // A limit on the size of files is met as a full disk is: in the middle of writing.
    const script = `import { writeAtomically } from ${JSON.stringify(module)};
      writeAtomically(${JSON.stringify(path)}, "x".repeat(1_000_000)).catch((error) => console.log(error.code));`;
    const tsx = `"${process.execPath}" --import tsx --input-type=module -e '${script}'`;
    await new Promise((resolve) => execFile("bash", ["-c", `ulimit -f 64; ${tsx}`], () => resolve(null)));
    expect(readFileSync(path, "utf8")).toBe("before");
  });

  test("is one of those that were written at the same time, whole", async () => {
    const path = fileIn("many", "before");
    const texts = Array.from({ length: 20 }, (_, at) => String(at).repeat(50_000));
    await Promise.all(texts.map((text) => writeAtomically(path, text)));
    expect(texts).toContain(readFileSync(path, "utf8"));
    expect(leftovers()).toEqual([]);
  });
});
