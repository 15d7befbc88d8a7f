/**
 * sysctl (procps 4): one, several or all parameters; `name=value` and -w set; -n prints values alone; -q prints
 * nothing.
 */
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { command, usageError, type CommandSpec } from "../lib/command.ts";
import { print, warn } from "../lib/output.ts";
import type { Arguments } from "../lib/options.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { Regex } from "../lib/regex.ts";
import { ask, change } from "./netlink.ts";

const SYSCTL: CommandSpec = {
  name: "sysctl",
  usage:
    "Usage:\n" +
    " sysctl [options] [variable[=value] ...]\n" +
    "\n" +
    "Options:\n" +
    "  -a  display all variables\n" +
    "  -e  ignore unknown variables errors\n" +
    "  -n  print only values\n" +
    "  -N  print only variable names\n" +
    "  -q  do not echo variable set\n" +
    "  -r PATTERN  select setting that match expression\n" +
    "  -w  enable writing a value to variable",
  short: "aAenNqr:wX",
  usageOnError: true,
};

export const sysctl = command(SYSCTL, function* (sys, args) {
  const all = args.has("a") || args.has("A");
  if (!all && args.operands.length === 0) return yield* usageError(sys, SYSCTL, "no variables specified");
  if (all) return yield* showAll(sys, args);
  let status = 0;
  for (let i = 0; i < args.operands.length; i++) {
    const operand = args.operands[i] ?? "";
    const equals = operand.indexOf("=");
    const name = (equals < 0 ? operand : operand.slice(0, equals)).trim().replaceAll("/", ".");
    const error =
      equals < 0 ? yield* showOne(sys, args, name) : yield* setOne(sys, args, name, operand.slice(equals + 1).trim());
    if (error < 0 && !(args.has("e") && error === -E.ENOENT)) status = 255;
  }
  return status;
});

const pathOf = (name: string): string => `/proc/sys/${name.replaceAll(".", "/")}`;

function textOf(args: Arguments, name: string, value: string): string {
  if (args.has("N")) return `${name}\n`;
  return args.has("n") ? `${value}\n` : `${name} = ${value}\n`;
}

function* showAll(sys: Sys, args: Arguments): Call<number> {
  const reply = yield* ask(sys, { kind: "sysctl-list" }, "sysctls");
  if (typeof reply === "number") return 255;
  const pattern = Regex.compile(args.value("r") ?? ".", { extended: true, ignoreCase: false });
  for (const { name, value } of reply.sysctls) {
    if (pattern.ok && pattern.value.test(name)) yield* print(sys, textOf(args, name, value));
  }
  return 0;
}

function* showOne(sys: Sys, args: Arguments, name: string): Call<number> {
  const reply = yield* ask(sys, { kind: "sysctl-get", name }, "sysctls");
  const value = typeof reply === "number" ? undefined : reply.sysctls[0]?.value;
  if (value === undefined) {
    const error = typeof reply === "number" ? reply : -E.ENOENT;
    if (!args.has("e")) yield* warn(sys, `sysctl: cannot stat ${pathOf(name)}: ${strerror(error)}\n`);
    return error;
  }
  yield* print(sys, textOf(args, name, value));
  return 0;
}

function* setOne(sys: Sys, args: Arguments, name: string, value: string): Call<number> {
  const error = yield* change(sys, { kind: "sysctl-set", name, value });
  if (error === -E.ENOENT) {
    if (!args.has("e")) yield* warn(sys, `sysctl: cannot stat ${pathOf(name)}: ${strerror(error)}\n`);
  } else if (error < 0) yield* warn(sys, `sysctl: setting key "${name}": ${strerror(error)}\n`);
  else if (!args.has("q")) yield* print(sys, textOf(args, name, value));
  return error;
}
