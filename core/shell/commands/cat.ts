/** cat (GNU coreutils): files or standard input, as they come. -n numbers lines. */
import { strerror } from "../../kernel/syscall/errno.ts";
import { O, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { command } from "../lib/command.ts";
import { copyStream, LineReader } from "../lib/input.ts";
import { print, warn } from "../lib/output.ts";

export const cat = command({ name: "cat", usage: "Usage: cat [-n] [FILE]...", short: "nu" }, function* (sys, args) {
  let status = 0;
  let line = 0;
  for (const path of args.operands.length === 0 ? ["-"] : args.operands) {
    const fd = path === "-" ? 0 : yield* sys.open(path, O.RDONLY);
    if (fd < 0) {
      yield* warn(sys, `cat: ${path}: ${strerror(fd)}\n`);
      status = 1;
      continue;
    }
    if (args.has("n")) line = yield* numbered(sys, fd, line);
    else {
      const { error, side } = yield* copyStream(sys, fd, 1);
      if (error < 0) {
        yield* warn(sys, `cat: ${side === "write" ? "write error" : path}: ${strerror(error)}\n`);
        status = 1;
      }
    }
    if (fd !== 0) yield* sys.close(fd);
  }
  return status;
});

function* numbered(sys: Sys, fd: number, from: number): Call<number> {
  const reader = new LineReader(sys, fd);
  let number = from;
  for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
    yield* print(sys, `${String(++number).padStart(6)}\t${line}${reader.terminated ? "\n" : ""}`);
  }
  return number;
}
