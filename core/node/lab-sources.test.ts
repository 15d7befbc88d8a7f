import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLabSources } from "./lab-sources.ts";

const folder = mkdtempSync(join(tmpdir(), "lastack-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));

const labWith = (file: string): string => `
lastack: 1
name: Programs
nodes:
  h1: { kind: host, programs: [{ name: main, file: ${JSON.stringify(file)} }] }
`;

mkdirSync(join(folder, "place/labs"), { recursive: true });
mkdirSync(join(folder, "place/programs"));
writeFileSync(join(folder, "place/programs/main.ts"), `import { help } from "./help.ts";\nhelp();\n`);
writeFileSync(join(folder, "place/programs/help.ts"), "export const help = (): void => undefined;\n");
writeFileSync(join(folder, "place/programs/notes.txt"), "secret");
writeFileSync(join(folder, "outside.ts"), "secret");
symlinkSync(join(folder, "outside.ts"), join(folder, "place/programs/link.ts"));
const lab = join(folder, "place/labs/a.lab.yaml");
writeFileSync(lab, "");

test("programs of a lab are read with what they import", () => {
  const sources = readLabSources(lab, labWith("../programs/main.ts"));
  expect(sources.map(({ path }) => path)).toEqual(["../programs/main.ts", "../programs/help.ts"]);
  expect(sources[0]).toMatchObject({ file: join(folder, "place/programs/main.ts") });
});

test("nothing else is: no other kind of file, and none from farther away", () => {
  for (const path of [
    "../programs/notes.txt",
    "../../outside.ts",
    "../programs/link.ts",
    join(folder, "outside.ts"),
    "/etc/passwd",
    "../programs",
    "gone.ts",
  ]) {
    expect(readLabSources(lab, labWith(path)), path).toEqual([]);
  }
  expect(readLabSources(lab, "programs: [")).toEqual([]);
});
