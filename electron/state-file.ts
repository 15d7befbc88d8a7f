/** A small JSON file in the settings folder. One that is broken, or of another version, counts as not there. */
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { z } from "zod";
import { writeAtomically } from "./atomic-write.ts";
import { STATE_BYTES_MAX } from "./limits.ts";

export async function readState<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    if ((await stat(path)).size > STATE_BYTES_MAX) return null;
    return schema.safeParse(JSON.parse(await readFile(path, "utf8"))).data ?? null;
  } catch {
    return null;
  }
}

export async function writeState(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, JSON.stringify(value));
}
