/** The table of builtins, and those that speak about the table. */
import { byCodeUnit } from "../glob.ts";
import { say, refuse, type Builtin } from "./builtin.ts";
import { breakLoop, cd, evaluate, exec, exit, no, returnFrom, source, yes } from "./control.ts";
import { background, foreground, jobs, kill, wait } from "./jobs.ts";
import { echo, history, printf, pwd } from "./output.ts";
import { test } from "./test.ts";
import { exportVariables, local, read, readonlyVariables, set, shift, unset } from "./variables.ts";

const type: Builtin = function* (shell, words, files) {
  let status = 0;
  for (const name of words.slice(1)) {
    if (shell.functions.has(name)) yield* say(shell, files, `${name} is a function\n`);
    else if (BUILTINS.has(name)) yield* say(shell, files, `${name} is a shell builtin\n`);
    else {
      const stat = yield* shell.sys.stat(`/bin/${name}`);
      if (typeof stat === "number") status = yield* refuse(shell, files, `type: ${name}: not found`);
      else yield* say(shell, files, `${name} is /bin/${name}\n`);
    }
  }
  return status;
};

const help: Builtin = function* (shell, _words, files) {
  const programs = yield* shell.sys.readdir("/bin");
  yield* say(shell, files, `Builtins:\n${wrap([...BUILTINS.keys()])}`);
  if (typeof programs !== "number") yield* say(shell, files, `Programs (NAME --help tells more):\n${wrap(programs)}`);
  return 0;
};

/** Names in lines of at most 76 columns. */
function wrap(names: readonly string[]): string {
  const lines: string[] = [];
  let line = " ";
  for (const name of [...names].sort(byCodeUnit)) {
    if (line.length + name.length > 75) {
      lines.push(line);
      line = " ";
    }
    line += ` ${name}`;
  }
  return `${[...lines, line].join("\n")}\n`;
}

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [".", source],
  [":", yes],
  ["[", test],
  ["bg", background],
  ["break", breakLoop],
  ["cd", cd],
  ["continue", breakLoop],
  ["echo", echo],
  ["eval", evaluate],
  ["exec", exec],
  ["exit", exit],
  ["export", exportVariables],
  ["false", no],
  ["fg", foreground],
  ["help", help],
  ["history", history],
  ["jobs", jobs],
  ["kill", kill],
  ["local", local],
  ["printf", printf],
  ["pwd", pwd],
  ["read", read],
  ["readonly", readonlyVariables],
  ["return", returnFrom],
  ["set", set],
  ["shift", shift],
  ["source", source],
  ["test", test],
  ["true", yes],
  ["type", type],
  ["unset", unset],
  ["wait", wait],
]);
