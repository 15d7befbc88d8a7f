/**
 * Writes a file so that at any moment, also after a crash or on a full disk, the old or the new text is there, whole:
 * beside the file first, forced to disk, then renamed over it.
 */
import { randomUUID } from "node:crypto";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** @throws what the file system says; the file is as it was then. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  // A link stays a link: what it points to is what is written.
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    const mode = await stat(target).then(
      (stats) => stats.mode & 0o777,
      () => 0o666,
    );
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(target));
}

/** The new name is in the folder, which has to reach the disk as well. Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r").catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
