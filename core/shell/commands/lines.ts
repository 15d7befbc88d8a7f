/** What the line-oriented filters share: their input files, in order, `-` being standard input. */
import { strerror } from "../../kernel/syscall/errno.ts";
import { O, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { LineReader } from "../lib/input.ts";
import { warn } from "../lib/output.ts";

/**
 * Opens each file and hands over a reader. `visit` returns false to go on to no further file.
 * @returns 0, or 1 when a file could not be read.
 */
export function* eachInput(
  sys: Sys,
  name: string,
  paths: readonly string[],
  visit: (reader: LineReader, path: string) => Call<boolean>,
): Call<number> {
  let status = 0;
  for (const path of paths.length === 0 ? ["-"] : paths) {
    const fd = path === "-" ? 0 : yield* sys.open(path, O.RDONLY);
    if (fd < 0) {
      yield* warn(sys, `${name}: ${path}: ${strerror(fd)}\n`);
      status = 1;
      continue;
    }
    const reader = new LineReader(sys, fd);
    const goOn = yield* visit(reader, path);
    if (reader.error < 0) {
      yield* warn(sys, `${name}: ${path}: ${strerror(reader.error)}\n`);
      status = 1;
    }
    if (fd !== 0) yield* sys.close(fd);
    if (!goOn) break;
  }
  return status;
}
