/**
 * What the word before the cursor may become, as bash and its completion scripts have it: commands where a command is
 * expected, then files, names of hosts and variables. Left out: options of commands, quotes that are open.
 */
import { utf8Decode } from "../../base/bytes.ts";
import type { Call } from "../../kernel/syscall/sys.ts";
import { readFile } from "../lib/input.ts";
import { byCodeUnit } from "./glob.ts";
import type { ShellState } from "./state.ts";

export interface Completion {
  /** What is there of the word, as it is typed. */
  readonly word: string;
  /** Whole words, quoted; those that end in `/` go on. */
  readonly candidates: readonly string[];
}

const KEYWORDS = [
  "case",
  "do",
  "done",
  "elif",
  "else",
  "esac",
  "fi",
  "for",
  "function",
  "if",
  "then",
  "until",
  "while",
];
/** Behind these a command begins: nothing, an operator, or a word that takes one. */
const COMMAND_FOLLOWS = /(?:^|[|;&({!]|\b(?:do|then|else|elif|if|while|until|time|sudo|watch|xargs|exec))\s*$/;
/** A word, with characters that a backslash quotes. */
const LAST_WORD = /(?:\\.|[^\s|;&()<>'"\\=])*$/;

export function* complete(shell: ShellState, before: string, builtins: Iterable<string>): Call<Completion> {
  const word = LAST_WORD.exec(before)?.[0] ?? "";
  const start = before.slice(0, before.length - word.length);
  const plain = word.replace(/\\(.)/g, "$1");
  const variable = /^\$(\w*)$/.exec(plain);
  let candidates: string[];
  if (variable !== null) candidates = [...shell.variables.keys()].map((name) => `$${name}`);
  else if (COMMAND_FOLLOWS.test(start) && !plain.includes("/")) candidates = yield* commands(shell, builtins);
  else {
    const isOfDirectories = /(?:^|[|;&]\s*)(?:cd|rmdir)\s+(?:.*\s)?$/.test(start);
    candidates = yield* files(shell, plain, isOfDirectories);
    if (!isOfDirectories && plain !== "" && !plain.includes("/")) candidates.push(...(yield* hosts(shell)));
  }
  const fitting = [...new Set(candidates)].filter((name) => name.startsWith(plain) && name !== "");
  const isShown = (name: string): boolean => !/(?:^|\/)\.[^/]*\/?$/.test(name) || /(?:^|\/)\.[^/]*$/.test(plain);
  const quoted = fitting.filter(isShown).map((name) => (variable === null ? quote(name) : name));
  return { word, candidates: quoted.sort(byCodeUnit) };
}

/** What all candidates begin with. */
export function commonPrefix(candidates: readonly string[]): string {
  const [first = "", ...others] = candidates;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  // Half a surrogate pair, or a backslash without what it quotes, is no text.
  return first.slice(0, length).replace(/[\ud800-\udbff]$|\\$/, "");
}

function* commands(shell: ShellState, builtins: Iterable<string>): Call<string[]> {
  const names = [...builtins, ...shell.functions.keys(), ...KEYWORDS];
  for (const directory of (shell.get("PATH") ?? "").split(":")) {
    const entries = yield* shell.sys.readdir(directory === "" ? "." : directory);
    if (typeof entries !== "number") names.push(...entries);
  }
  return names;
}

function* files(shell: ShellState, word: string, directoriesOnly: boolean): Call<string[]> {
  const prefix = word.slice(0, word.lastIndexOf("/") + 1);
  const home = shell.get("HOME") ?? "/root";
  const directory = prefix.startsWith("~/") ? home + prefix.slice(1) : prefix;
  const entries = yield* shell.sys.readdir(directory === "" ? "." : directory);
  if (typeof entries === "number") return [];
  const found: string[] = [];
  const begin = word.slice(prefix.length);
  for (const name of entries) {
    if (!name.startsWith(begin)) continue;
    const stat = yield* shell.sys.stat(directory + name);
    const isDirectory = typeof stat !== "number" && stat.kind === "directory";
    if (isDirectory || !directoriesOnly) found.push(prefix + name + (isDirectory ? "/" : ""));
  }
  return found;
}

function* hosts(shell: ShellState): Call<string[]> {
  const content = yield* readFile(shell.sys, "/etc/hosts");
  if (typeof content === "number") return [];
  return utf8Decode(content)
    .split("\n")
    .flatMap((line) => line.replace(/#.*/, "").trim().split(/\s+/).slice(1));
}

/** Characters that would mean something to the shell. A leading tilde does, and is meant. */
const quote = (name: string): string => name.replace(/[\s|;&()<>'"\\$`*?[\]{}!#]/g, "\\$&");
