/** ls (GNU coreutils): -a, -A, -l, -1, -d. Everything belongs to root; times are the lab's wall clock. */
import { SECOND } from "../../base/time.ts";
import { strerror } from "../../kernel/syscall/errno.ts";
import type { Call, Stat, Sys } from "../../kernel/syscall/sys.ts";
import { command } from "../lib/command.ts";
import { civilTime, columns } from "../lib/format.ts";
import type { Arguments } from "../lib/options.ts";
import { print, warn } from "../lib/output.ts";
import { byCodeUnit } from "../sh/glob.ts";

type Entry = { readonly name: string; readonly stat: Stat };

const MODES: Readonly<Record<Stat["kind"], string>> = {
  file: "-rw-r--r--",
  directory: "drwxr-xr-x",
  pipe: "prw-r--r--",
  socket: "srwxr-xr-x",
  tty: "crw--w----",
  device: "crw-rw-rw-",
};
const TERMINAL_COLUMNS = 80;

export const ls = command(
  { name: "ls", usage: "Usage: ls [-aAdl1] [FILE]...", short: "aAdl1h", usageStatus: 2 },
  function* (sys, args) {
    let status = 0;
    const files: Entry[] = [];
    const directories: string[] = [];
    for (const path of args.operands.length === 0 ? ["."] : args.operands) {
      const stat = yield* sys.stat(path);
      if (typeof stat === "number") {
        yield* warn(sys, `ls: cannot access '${path}': ${strerror(stat)}\n`);
        status = 2;
      } else if (stat.kind === "directory" && !args.has("d")) directories.push(path);
      else files.push({ name: path, stat });
    }
    yield* show(sys, args, files);
    for (const [index, path] of directories.entries()) {
      if (index > 0 || files.length > 0) yield* print(sys, "\n");
      if (directories.length + files.length > 1) yield* print(sys, `${path}:\n`);
      const error = yield* listDirectory(sys, args, path);
      if (error !== 0) status = 2;
    }
    return status;
  },
);

function* listDirectory(sys: Sys, args: Arguments, path: string): Call<number> {
  const found = yield* sys.readdir(path);
  if (typeof found === "number") {
    yield* warn(sys, `ls: cannot open directory '${path}': ${strerror(found)}\n`);
    return found;
  }
  const dots = args.has("a") ? [".", ".."] : [];
  const hidden = args.has("a") || args.has("A");
  const names = [
    ...dots,
    ...found.filter((name) => name !== "." && name !== ".." && (hidden || !name.startsWith("."))),
  ];
  const entries: Entry[] = [];
  for (const name of names.sort(byCodeUnit)) {
    const stat = yield* sys.stat(path.endsWith("/") ? path + name : `${path}/${name}`);
    if (typeof stat !== "number") entries.push({ name, stat });
  }
  if (args.has("l")) yield* print(sys, "total 0\n");
  yield* show(sys, args, entries);
  return 0;
}

function* show(sys: Sys, args: Arguments, entries: readonly Entry[]): Call<void> {
  if (entries.length === 0) return;
  if (args.has("l")) {
    const rows = entries.map((entry) => longRow(sys, entry));
    yield* print(sys, columns(rows, 1, [1, 4]).join("\n") + "\n");
  } else if (args.has("1") || !(yield* sys.isatty(1))) {
    yield* print(sys, entries.map((entry) => `${entry.name}\n`).join(""));
  } else yield* print(sys, inColumns(entries.map((entry) => entry.name)));
}

function longRow(sys: Sys, { name, stat }: Entry): string[] {
  const born = sys.wallClock() - sys.now();
  const time = civilTime(Math.floor((born + stat.modified) / SECOND));
  const hour = String(Math.floor(time.seconds / 3600)).padStart(2, "0");
  const minute = String(Math.floor(time.seconds / 60) % 60).padStart(2, "0");
  const date = `${time.monthName} ${String(time.day).padStart(2)} ${hour}:${minute}`;
  return [MODES[stat.kind], String(stat.links), "root", "root", String(stat.size), date, name];
}

/** Down, then across, as narrow as the screen needs. */
function inColumns(names: readonly string[]): string {
  for (let rows = 1; rows < names.length; rows++) {
    const table: string[][] = [];
    for (let row = 0; row < rows; row++) table.push(names.filter((_, i) => i % rows === row));
    const lines = columns(table, 2);
    if (lines.every((line) => line.length <= TERMINAL_COLUMNS)) return `${lines.join("\n")}\n`;
  }
  return `${names.join("\n")}\n`;
}
