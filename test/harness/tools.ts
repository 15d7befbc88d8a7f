/** Outside tools that some tests compare with. A test that lacks one is skipped, and its title says why. */
import { spawnSync } from "node:child_process";

const known = new Map<string, boolean>();

/** Whether the program can be run here. LASTACK_NO_TSHARK stands for a machine without Wireshark's tools. */
export function hasTool(name: string): boolean {
  let found = known.get(name);
  if (found === undefined) {
    const without = process.env["LASTACK_NO_TSHARK"] !== undefined && ["tshark", "capinfos", "mergecap"].includes(name);
    found = !without && spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0;
    known.set(name, found);
  }
  return found;
}

/** What the tool prints. @throws when it fails. */
export function runTool(name: string, args: readonly string[]): string {
  const done = spawnSync(name, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (done.status !== 0) throw new Error(`${name} ${args.join(" ")}: ${done.stderr}`);
  return done.stdout;
}
