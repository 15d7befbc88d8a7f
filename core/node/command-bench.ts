/**
 * `lastack bench`: runs the benchmarks of the checkout this was built in. They need its sources, so nothing else has
 * them.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CliFailure, EXIT } from "./exit-codes.ts";

export interface BenchOptions {
  readonly json?: boolean;
  readonly peers?: boolean;
}

export async function benchCommand(options: BenchOptions): Promise<number> {
  const root = checkoutRoot();
  if (root === null) {
    throw new CliFailure(EXIT.file, "the benchmarks are in the source checkout (test/bench/run.ts), which is not here");
  }
  const flags = [...(options.json === true ? ["--json"] : []), ...(options.peers === true ? ["--peers"] : [])];
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "test/bench/run.ts"), ...flags], {
    cwd: root,
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? EXIT.internal));
  });
}

/** The folder above this file that holds the benchmarks; null outside a checkout. */
function checkoutRoot(): string | null {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 3; up++, folder = dirname(folder)) {
    if (existsSync(join(folder, "test/bench/run.ts"))) return folder;
  }
  return null;
}
