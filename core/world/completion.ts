/**
 * What a word at a terminal may become when Tab is pressed: commands at the beginning, then files of the machine and
 * names of the lab. Only looks; a shell in raw mode would ask its own readline.
 */
import { Directory } from "../kernel/vfs/inode.ts";
import type { Machine } from "./machine.ts";

export interface Completion {
  /** Where the completed word begins in the line. */
  readonly from: number;
  readonly words: readonly string[];
}

/** Characters that end one command and begin another, so that the next word is a command again. */
const COMMAND_FOLLOWS = /(^|[|;&(])\s*$/;

export function completionOf(
  machine: Machine,
  at: {
    readonly line: string;
    readonly cursor: number;
    readonly directory: Directory;
    readonly names: readonly string[];
  },
): Completion {
  const before = at.line.slice(0, at.cursor);
  const word = /[^\s|;&()<>'"]*$/.exec(before)?.[0] ?? "";
  const from = at.cursor - word.length;
  const isCommand = COMMAND_FOLLOWS.test(before.slice(0, from)) && !word.includes("/");
  const candidates = isCommand
    ? commandsOf(machine, at.directory)
    : [...filesOf(machine, word, at.directory), ...at.names];
  const words = [...new Set(candidates)].filter((candidate) => candidate.startsWith(word));
  return { from, words: words.sort(byCodeUnits) };
}

function commandsOf(machine: Machine, from: Directory): string[] {
  const bin = machine.kernel.userland.vfs.directory(from, "/bin");
  return typeof bin === "number" ? [] : bin.names();
}

/** A directory ends in `/`, so that one more Tab looks into it. */
function filesOf(machine: Machine, word: string, from: Directory): string[] {
  const { vfs } = machine.kernel.userland;
  const prefix = word.slice(0, word.lastIndexOf("/") + 1);
  const directory = vfs.directory(from, prefix === "" ? "." : prefix);
  if (typeof directory === "number") return [];
  return directory.names().map((name) => {
    const isDirectory = vfs.resolve(directory, name) instanceof Directory;
    return `${prefix}${name}${isDirectory ? "/" : ""}`;
  });
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
