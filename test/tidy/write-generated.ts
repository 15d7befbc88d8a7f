/** `npm run docs`: writes the generated files that are not current. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "./generated.ts";
import { ROOT } from "./tree.ts";

for (const { path, text } of generatedFiles()) {
  const whole = join(ROOT, path);
  const isCurrent = textOf(whole) === text;
  console.log(`${path}: ${isCurrent ? "current" : "written"}`);
  if (isCurrent) continue;
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
