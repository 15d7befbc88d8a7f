/**
 * sh: interactive on a terminal, or running a string, a file, or its standard input. On a terminal that TERM says can
 * move its cursor, lines are edited here; elsewhere the terminal's canonical mode delivers whole lines.
 */
import { utf8Decode } from "../../base/bytes.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { SIGNALS, type Call, type Program, type Sys } from "../../kernel/syscall/sys.ts";
import { readFile } from "../lib/input.ts";
import { print, warn, writeText } from "../lib/output.ts";
import { interrupted } from "../lib/signals.ts";
import { HISTORY_LINES_MAX, LINE_BYTES_MAX, SCRIPT_CHARACTERS_MAX } from "../limits.ts";
import { EXECUTOR } from "./execute.ts";
import { EditedLines } from "./edited-lines.ts";
import { reportJobs } from "./jobs.ts";
import { ShellState } from "./state.ts";
import { parseScript } from "./syntax.ts";

const USAGE = "Usage: sh [-e] [-x] [-i] [-c command [name [argument...]]] [file [argument...]]";

type Mode = { command: string | undefined; interactive: boolean; flags: string; operands: readonly string[] };

export const sh: Program = function* (sys, argv) {
  const mode = parseArguments(argv);
  if (typeof mode === "string") {
    if (mode === "") return (yield* print(sys, `${USAGE}\n`)) < 0 ? 1 : 0;
    yield* warn(sys, `sh: ${mode}\n${USAGE}\n`);
    return 2;
  }
  const shell = new ShellState(sys, EXECUTOR);
  shell.exitOnError = mode.flags.includes("e");
  shell.trace = mode.flags.includes("x");
  if (shell.get("PATH") === undefined) shell.set("PATH", "/bin");
  // Caught even in scripts: the shell waits for its child and then does as the child did.
  yield* sys.sigaction(SIGNALS.INT, "catch");
  if (mode.command !== undefined) {
    shell.name = mode.operands[0] ?? "sh";
    shell.positional = mode.operands.slice(1);
    return yield* runScript(shell, mode.command, "-c: ");
  }
  const [file, ...rest] = mode.operands;
  if (file !== undefined) {
    const content = yield* readFile(sys, file);
    if (typeof content === "number") {
      yield* warn(sys, `sh: ${file}: ${strerror(content)}\n`);
      return content === -E.ENOENT ? 127 : 126;
    }
    shell.name = file;
    shell.positional = rest;
    return yield* runScript(shell, utf8Decode(content), "");
  }
  shell.interactive = mode.interactive || (yield* sys.isatty(0));
  return yield* new Reader(shell).run();
};

/** @returns a message for a wrong command line, or "" for --help. */
function parseArguments(argv: readonly string[]): Mode | string {
  const mode: Mode = { command: undefined, interactive: false, flags: "", operands: [] };
  let at = 1;
  for (; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (word === "--help") return "";
    if (word === "--" || word === "-" || !word.startsWith("-")) break;
    for (const letter of word.slice(1)) {
      if (letter === "c") mode.command = "";
      else if (letter === "i") mode.interactive = true;
      else if ("exls".includes(letter)) mode.flags += letter;
      else return `-${letter}: invalid option`;
    }
  }
  if (argv[at] === "--") at++;
  if (mode.command === undefined) return { ...mode, operands: mode.flags.includes("s") ? [] : argv.slice(at) };
  const command = argv[at];
  return command === undefined ? "-c: option requires an argument" : { ...mode, command, operands: argv.slice(at + 1) };
}

/** All of a script, statement by statement, so that `exec > file` holds for what follows it. */
function* runScript(shell: ShellState, text: string, origin: string): Call<number> {
  const parsed = parseScript(text);
  if (parsed.kind !== "ok" && parsed.message !== "") {
    yield* warn(shell.sys, `${shell.name}: ${origin}${parsed.message}\n`);
    return 2;
  }
  if (parsed.kind !== "ok") {
    // Only a final backslash or an open here-document is missing: the end of the text completes it.
    return yield* runScript(shell, text.endsWith("\\") ? text.slice(0, -1) : closeHereDocuments(text), origin);
  }
  shell.source = text;
  yield* runStatements(shell, parsed.script.commands);
  return exitStatus(shell);
}

/** Appends the delimiter lines that are missing, in order. */
function closeHereDocuments(text: string): string {
  const delimiters = [...text.matchAll(/<<-?\s*(["']?)([\w.+-]+)\1/g)].map((match) => match[2] ?? "");
  let closed = text;
  for (const delimiter of delimiters) closed += `\n${delimiter}`;
  return parseScript(closed).kind === "ok" ? closed : "";
}

function* runStatements(
  shell: ShellState,
  statements: readonly Parameters<typeof EXECUTOR.list>[1][number][],
): Call<void> {
  for (const statement of statements) {
    yield* EXECUTOR.list(shell, [statement], shell.files);
    if (shell.jump !== null) return;
  }
}

const exitStatus = (shell: ShellState): number => (shell.jump?.kind === "interrupt" ? 130 : shell.status & 255);

/** Commands from standard input: read until they are complete, run, and again. */
class Reader {
  readonly #shell: ShellState;
  readonly #sys: Sys;
  readonly #isTerminal: boolean;
  /** Null where lines are not edited. */
  #edited: EditedLines | null = null;

  constructor(shell: ShellState) {
    this.#shell = shell;
    this.#sys = shell.sys;
    this.#isTerminal = shell.interactive;
  }

  *run(): Call<number> {
    const shell = this.#shell;
    if (shell.interactive) yield* this.#takeTerminal();
    const terminal = shell.get("TERM") ?? "dumb";
    if (shell.interactive && terminal !== "dumb" && (yield* this.#sys.isatty(0))) this.#edited = new EditedLines(shell);
    for (;;) {
      const text = yield* this.#command();
      if (text === null) break;
      shell.jump = null;
      yield* this.#runText(text);
      const jump = shell.jump as ShellState["jump"];
      if (jump?.kind === "exit" || (jump !== null && !shell.interactive)) break;
      if (jump?.kind === "interrupt") shell.status = 130;
      shell.jump = null;
    }
    return exitStatus(shell);
  }

  /** Job control: a group of its own, in front. */
  *#takeTerminal(): Call<void> {
    yield* this.#sys.setpgid(0, 0);
    yield* this.#sys.tcsetpgrp(0, this.#sys.pid);
    // Caught and dropped rather than ignored: children would inherit that.
    for (const signal of [SIGNALS.TSTP, SIGNALS.QUIT, SIGNALS.TERM]) yield* this.#sys.sigaction(signal, "catch");
  }

  *#runText(text: string): Call<void> {
    const shell = this.#shell;
    if (text.trim() === "") return;
    if (shell.interactive) {
      shell.history.push(text.replace(/\n$/, ""));
      if (shell.history.length > HISTORY_LINES_MAX) shell.history.shift();
    }
    const parsed = parseScript(text);
    if (parsed.kind !== "ok") {
      if (parsed.message !== "") yield* warn(this.#sys, `${shell.name}: ${parsed.message}\n`);
      shell.status = 2;
      return;
    }
    shell.source = text;
    yield* runStatements(shell, parsed.script.commands);
  }

  /** A complete command, of several lines perhaps; null at the end of the input. */
  *#command(): Call<string | null> {
    yield* reportJobs(this.#shell);
    let text = "";
    for (;;) {
      const prompt = this.#shell.interactive ? yield* this.#prompt(text !== "") : "";
      const line = this.#edited === null ? yield* this.#line(prompt) : yield* this.#edited.next(prompt);
      if (line === "interrupted") {
        text = "";
        continue;
      }
      if (line === null) {
        if (text !== "") return text;
        if (this.#shell.interactive) yield* print(this.#sys, "exit\n");
        return null;
      }
      text += line.text;
      if (text.length > SCRIPT_CHARACTERS_MAX || parseScript(text).kind !== "incomplete") return text;
    }
  }

  *#prompt(continued: boolean): Call<string> {
    const host = yield* this.#sys.hostname();
    const directory = yield* this.#sys.getcwd();
    const home = this.#shell.get("HOME") ?? "/root";
    const shown =
      directory === home ? "~" : directory.startsWith(`${home}/`) ? `~${directory.slice(home.length)}` : directory;
    return continued ? "> " : `root@${host}:${shown}# `;
  }

  /** One line with its newline. Bytewise unless from a terminal, so that commands find the rest of the input. */
  *#line(prompt: string): Call<{ readonly text: string } | "interrupted" | null> {
    if (prompt !== "") yield* writeText(this.#sys, 2, prompt);
    const buffer = new Uint8Array(this.#isTerminal ? 4096 : 1);
    const bytes: number[] = [];
    while (bytes.length < LINE_BYTES_MAX) {
      const count = yield* this.#sys.read(0, buffer);
      if (count === -E.EINTR) {
        if (!(yield* interrupted(this.#sys))) continue;
        if (!this.#shell.interactive) {
          this.#shell.jump = { kind: "interrupt" };
          return null;
        }
        yield* writeText(this.#sys, 2, "\n");
        this.#shell.status = 130;
        return "interrupted";
      }
      if (count <= 0) break;
      for (let i = 0; i < count; i++) bytes.push(buffer[i] ?? 0);
      if (bytes.at(-1) === 10) break;
    }
    return bytes.length === 0 ? null : { text: utf8Decode(Uint8Array.from(bytes)) };
  }
}
