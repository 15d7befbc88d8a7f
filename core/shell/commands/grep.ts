/** grep (GNU): basic and extended regular expressions, -i -v -c -n -q -l -o -w -F -e. Status 1 when nothing matched. */
import { good, type Result } from "../../base/result.ts";
import { command, usageError, type CommandSpec } from "../lib/command.ts";
import { fail } from "../lib/command.ts";
import type { LineReader } from "../lib/input.ts";
import type { Arguments } from "../lib/options.ts";
import { print } from "../lib/output.ts";
import { Regex } from "../lib/regex.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { eachInput } from "./lines.ts";

const GREP: CommandSpec = {
  name: "grep",
  usage: "Usage: grep [-EFicnoqvwlh] [-e PATTERN] PATTERN [FILE]...",
  short: "EFGicnoqvwlhHse:",
  usageStatus: 2,
};

export const grep = command(GREP, function* (sys, args) {
  const explicit = args.value("e");
  const pattern = explicit ?? args.operand(0);
  if (pattern === undefined) {
    return yield* usageError(sys, { ...GREP, usageOnError: true }, "");
  }
  const files = explicit === undefined ? args.operands.slice(1) : args.operands;
  const regex = compile(pattern, args);
  if (!regex.ok) return yield* fail(sys, `grep: ${regex.error}`, 2);
  let matched = false;
  const named = (files.length > 1 || args.has("H")) && !args.has("h");
  const problem = yield* eachInput(sys, "grep", files, function* (reader, path) {
    const count = yield* scan(sys, { reader, regex: regex.value, args, prefix: named ? `${path}:` : "" });
    matched ||= count > 0;
    if (args.has("c")) yield* print(sys, `${named ? `${path}:` : ""}${count}\n`);
    if (args.has("l") && count > 0) yield* print(sys, `${path === "-" ? "(standard input)" : path}\n`);
    return !(args.has("q") && matched);
  });
  if (matched && args.has("q")) return 0;
  return problem !== 0 ? 2 : matched ? 0 : 1;
});

function compile(pattern: string, args: Arguments): Result<readonly Regex[], string> {
  const regexes: Regex[] = [];
  for (const line of pattern.split("\n")) {
    const text = args.has("F") ? line.replace(/[.[\]*^$\\]/g, "\\$&") : line;
    const extended = args.has("E") && !args.has("F");
    const whole = args.has("w") ? (extended ? `\\<(${text})\\>` : `\\<\\(${text}\\)\\>`) : text;
    const regex = Regex.compile(whole, { extended, ignoreCase: args.has("i") });
    if (!regex.ok) return regex;
    regexes.push(regex.value);
  }
  return good(regexes);
}

type Scan = {
  readonly reader: LineReader;
  readonly regex: readonly Regex[];
  readonly args: Arguments;
  readonly prefix: string;
};

/** @returns the number of selected lines. */
function* scan(sys: Sys, { reader, regex, args, prefix }: Scan): Call<number> {
  const quiet = args.has("c") || args.has("q") || args.has("l");
  let count = 0;
  let number = 0;
  for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
    number++;
    const text = line;
    if (regex.some((each) => each.test(text)) === args.has("v")) continue;
    count++;
    if (args.has("q") || args.has("l")) return count;
    if (quiet) continue;
    const label = prefix + (args.has("n") ? `${number}:` : "");
    if (!args.has("o")) yield* print(sys, `${label}${text}\n`);
    else for (const each of regex) yield* printMatches(sys, each, text, label);
  }
  return count;
}

function* printMatches(sys: Sys, regex: Regex, text: string, label: string): Call<void> {
  for (let at = 0; at <= text.length;) {
    const found = regex.find(text, at);
    if (found === null) return;
    if (found.end > found.start) yield* print(sys, `${label}${text.slice(found.start, found.end)}\n`);
    at = Math.max(found.end, found.start + 1);
  }
}
