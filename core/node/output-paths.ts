/** Refuses to write one file twice, or over what is read, before anything is opened. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { CliFailure, EXIT } from "./exit-codes.ts";

/** What the user calls it, such as `--pcap`, and its path, if given. */
export type NamedPath = readonly [name: string, path: string | undefined];

/** @throws CliFailure when two of them are the same file. Devices may be shared: /dev/null takes everything. */
export function refuseSharedFiles(paths: readonly NamedPath[]): void {
  const owners = new Map<string, string>();
  for (const [name, path] of paths) {
    const identity = path === undefined ? null : identityOf(path);
    if (path === undefined || identity === null) continue;
    const owner = owners.get(identity);
    if (owner !== undefined) throw new CliFailure(EXIT.usage, `${path}: both ${owner} and ${name} name this file`);
    owners.set(identity, name);
  }
}

/** The same for two names of one file, links included; null for what is no regular file. */
function identityOf(path: string): string | null {
  if (path === "-") return null;
  try {
    const status = statSync(path, { bigint: true });
    return status.isFile() ? `${status.dev}:${status.ino}` : null;
  } catch {
    return resolve(path);
  }
}
