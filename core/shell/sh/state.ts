/**
 * What one shell knows: variables, functions, positional parameters, descriptors, jobs. A subshell is a copy of it in
 * another process. A jump (break, return, exit) is a field that the executor looks at after each command, not an
 * exception.
 */
import type { Function as FunctionNode, Statement } from "unbash";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import type { Job } from "./jobs.ts";

export type Variable = { value: string; exported: boolean; readonly: boolean };

export type Jump =
  | { readonly kind: "break" | "continue"; levels: number }
  | { readonly kind: "return" }
  | { readonly kind: "exit" }
  /** Ctrl-C: back to the prompt, or out of the script. */
  | { readonly kind: "interrupt" };

/** Descriptors a command will see, to descriptors of this process. */
export type Files = ReadonlyMap<number, number>;

export const STANDARD_FILES: Files = new Map([
  [0, 0],
  [1, 1],
  [2, 2],
]);

/** Runs command lists: how expansions and builtins reach the executor that itself uses them. */
export interface Executor {
  list(shell: ShellState, statements: readonly Statement[], files: Files): Call<number>;
  words(shell: ShellState, words: readonly string[], files: Files): Call<number>;
}

export class ShellState {
  readonly sys: Sys;
  readonly executor: Executor;
  readonly variables = new Map<string, Variable>();
  readonly functions = new Map<string, FunctionNode["body"]>();
  readonly jobs: Job[] = [];
  history: string[] = [];
  /** `$0`. */
  name = "sh";
  positional: readonly string[] = [];
  /** Descriptors that `exec` redirected for good. */
  files: Files = STANDARD_FILES;
  /** `$?`, `$!`, `$$` and the source text that positions of the tree refer to. */
  status = 0;
  background = 0;
  shellPid: number;
  source = "";
  interactive = false;
  /** set -e and set -x. */
  exitOnError = false;
  trace = false;
  /** Inside a condition, where set -e is off. */
  conditions = 0;
  jump: Jump | null = null;
  /** Message of an expansion that failed: the command is not run. */
  expansionError: string | null = null;
  /** Status of the last `$(...)` of a command, which a bare assignment takes over; -1 when there was none. */
  substitutionStatus = -1;
  nesting = 0;
  loops = 0;
  functionDepth = 0;
  /** Values that `local` hid, innermost function last. */
  readonly hidden: Map<string, Variable | undefined>[] = [];

  constructor(sys: Sys, executor: Executor) {
    this.sys = sys;
    this.executor = executor;
    this.shellPid = sys.pid;
    for (const [name, value] of sys.environment) this.variables.set(name, { value, exported: true, readonly: false });
  }

  /** The same state for a child process: `$$` stays the parent's, jobs do not follow. */
  copyTo(sys: Sys): ShellState {
    const copy = new ShellState(sys, this.executor);
    copy.variables.clear();
    for (const [name, variable] of this.variables) copy.variables.set(name, { ...variable });
    for (const [name, body] of this.functions) copy.functions.set(name, body);
    copy.name = this.name;
    copy.positional = this.positional;
    copy.status = this.status;
    copy.background = this.background;
    copy.shellPid = this.shellPid;
    copy.source = this.source;
    copy.exitOnError = this.exitOnError;
    copy.trace = this.trace;
    copy.nesting = this.nesting;
    copy.loops = this.loops;
    copy.functionDepth = this.functionDepth;
    return copy;
  }

  get(name: string): string | undefined {
    return this.variables.get(name)?.value;
  }

  /** @returns false when the variable is read-only. */
  set(name: string, value: string): boolean {
    const variable = this.variables.get(name);
    if (variable === undefined) this.variables.set(name, { value, exported: false, readonly: false });
    else if (variable.readonly) return false;
    else variable.value = value;
    return true;
  }

  environment(): Map<string, string> {
    const exported = new Map<string, string>();
    for (const [name, variable] of this.variables) if (variable.exported) exported.set(name, variable.value);
    return exported;
  }
}

/** The descriptor of this process behind a command's descriptor; -1, which no call accepts, when it is closed. */
export const descriptor = (files: Files, number: number): number => files.get(number) ?? -1;

export const isName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
