/** The sample labs about TCP. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../core/lab/model.ts";
import { readLab } from "../real/probe.ts";

const folder = join(import.meta.dirname, "../../resources/labs");

export const TCP_LABS = readdirSync(folder)
  .filter((name) => /^tcp-.*[.]lab[.]yaml$/.test(name))
  .map((name) => name.replace(".lab.yaml", ""));

export function sampleLab(name: string): Lab {
  const file = join(folder, `${name}.lab.yaml`);
  return readLab(readFileSync(file, "utf8"), file);
}
