/**
 * Runs command trees: lists, conditionals, loops, functions (POSIX.1-2024, XCU 2.9). Every function returns an exit
 * status and leaves `shell.jump` set when control should go elsewhere. Left out: `select`, `coproc`.
 */
import type { Case, CommandNode, CompoundList, For, If, Statement, While } from "unbash";
import { unreachable } from "../../base/assert.ts";
import type { Call } from "../../kernel/syscall/sys.ts";
import { writeText } from "../lib/output.ts";
import { interrupted } from "../lib/signals.ts";
import { LOOP_TURN_NS, NESTING_MAX } from "../limits.ts";
import { arithmetic, expandPattern, expandWord, expandWords } from "./expand.ts";
import { matchesPattern } from "./pattern.ts";
import { runPipeline, startBackground } from "./pipeline.ts";
import { closeAll, redirect } from "./redirect.ts";
import { runSimple, runWords } from "./simple.ts";
import { descriptor, type Executor, type Files, type ShellState } from "./state.ts";
import { spawnSubshell } from "./subshell.ts";
import { evaluateTest } from "./test-command.ts";
import { waitForeground } from "./foreground.ts";

export const EXECUTOR: Executor = { list: runList, words: runWords };

export function* runList(shell: ShellState, statements: readonly Statement[], files: Files): Call<number> {
  for (const statement of statements) {
    shell.status = yield* runStatement(shell, statement, files);
    if (shell.jump !== null) break;
  }
  return shell.status;
}

function* runStatement(shell: ShellState, statement: Statement, files: Files): Call<number> {
  if (statement.background === true) {
    const text = shell.source.slice(statement.command.pos, statement.command.end);
    return yield* startBackground(shell, statement.command, files, { text, runNode });
  }
  const status = yield* runNode(shell, statement.command, files);
  const tested = statement.command.type === "AndOr" || isNegated(statement.command);
  if (status !== 0 && shell.exitOnError && shell.conditions === 0 && !tested) shell.jump ??= { kind: "exit" };
  return status;
}

const isNegated = (node: Statement["command"]): boolean =>
  node.type === "Pipeline" && node.prefixes.some((each) => each.type === "Negation");

/** Any node. @returns its exit status. */
export function* runNode(shell: ShellState, node: Statement["command"], files: Files): Call<number> {
  if (++shell.nesting > NESTING_MAX) {
    shell.nesting--;
    shell.jump ??= { kind: "exit" };
    yield* complain(shell, files, "commands nested too deeply");
    return 2;
  }
  const status =
    node.type === "AndOr"
      ? yield* runAndOr(shell, node, files)
      : node.type === "Pipeline"
        ? yield* runPipeline(shell, node, files, runNode)
        : yield* runCommand(shell, node, files);
  shell.nesting--;
  shell.status = status;
  return status;
}

function* runAndOr(
  shell: ShellState,
  node: Extract<Statement["command"], { type: "AndOr" }>,
  files: Files,
): Call<number> {
  let status = 0;
  for (const [index, each] of node.commands.entries()) {
    const operator = index === 0 ? undefined : node.operators[index - 1];
    if ((operator === "&&" && status !== 0) || (operator === "||" && status === 0)) continue;
    const last = index === node.commands.length - 1;
    if (!last) shell.conditions++;
    status = yield* runNode(shell, each, files);
    if (!last) shell.conditions--;
    if (shell.jump !== null) return status;
  }
  return status;
}

function* runCommand(shell: ShellState, node: CommandNode, files: Files): Call<number> {
  switch (node.type) {
    case "Command":
      return yield* runSimple(shell, node, files);
    case "Redirected":
      return yield* runRedirected(shell, node, files);
    case "Function":
      shell.functions.set(node.name.value, node.body);
      return 0;
    case "BraceGroup":
      return yield* runList(shell, node.body.commands, files);
    case "Subshell":
      return yield* runSubshell(shell, node.body, files);
    case "If":
      return yield* runIf(shell, node, files);
    case "For":
      return yield* runFor(shell, node, files);
    case "While":
      return yield* runWhile(shell, node, files);
    case "Case":
      return yield* runCase(shell, node, files);
    case "ArithmeticCommand": {
      const value = yield* arithmetic(shell, node.expression, node.body);
      return (yield* reportExpansion(shell, files)) ? 1 : value === "0" ? 1 : 0;
    }
    case "ArithmeticFor":
      return yield* runArithmeticFor(shell, node, files);
    case "TestCommand": {
      const truth = yield* evaluateTest(shell, node.expression);
      return (yield* reportExpansion(shell, files)) ? 2 : truth ? 0 : 1;
    }
    case "Select":
    case "Coproc":
      yield* complain(shell, files, `${node.type.toLowerCase()}: not supported`);
      return 2;
    default:
      return unreachable(node);
  }
}

export function* complain(shell: ShellState, files: Files, message: string): Call<void> {
  yield* writeText(shell.sys, descriptor(files, 2), `${shell.name}: ${message}\n`);
}

/** Prints and clears a failed expansion. @returns whether there was one. A script ends with it, a prompt does not. */
export function* reportExpansion(shell: ShellState, files: Files): Call<boolean> {
  const message = shell.expansionError;
  if (message === null) return false;
  shell.expansionError = null;
  yield* complain(shell, files, message);
  if (!shell.interactive) shell.jump ??= { kind: "exit" };
  return true;
}

function* runRedirected(
  shell: ShellState,
  node: Extract<CommandNode, { type: "Redirected" }>,
  files: Files,
): Call<number> {
  const redirected = yield* redirect(shell, node.redirects, files);
  if (!redirected.ok) {
    if (!(yield* reportExpansion(shell, files))) yield* complain(shell, files, redirected.message);
    return 1;
  }
  const status = yield* runCommand(shell, node.command, redirected.files);
  yield* closeAll(shell, redirected.opened);
  return status;
}

function* runSubshell(shell: ShellState, body: CompoundList, files: Files): Call<number> {
  const group = shell.interactive ? 0 : undefined;
  const pid = yield* spawnSubshell(shell, { files, group }, (child) => runList(child, body.commands, child.files));
  if (pid < 0) {
    yield* complain(shell, files, "cannot start a subshell");
    return 126;
  }
  return yield* waitForeground(shell, [pid], pid, shell.source.slice(body.pos, body.end));
}

function* condition(shell: ShellState, list: CompoundList, files: Files): Call<boolean> {
  shell.conditions++;
  const status = yield* runList(shell, list.commands, files);
  shell.conditions--;
  return status === 0;
}

function* runIf(shell: ShellState, node: If, files: Files): Call<number> {
  for (const branch of [node, ...node.elif]) {
    const chosen = yield* condition(shell, branch.clause, files);
    if (shell.jump !== null) return shell.status;
    if (chosen) return yield* runList(shell, branch.then.commands, files);
  }
  if (node.else === undefined) return 0;
  return yield* runList(shell, node.else.commands, files);
}

/** Takes a `break` or `continue` that ends here. @returns whether the loop goes on. */
function* nextTurn(shell: ShellState): Call<boolean> {
  yield* shell.sys.compute(LOOP_TURN_NS);
  if (shell.jump === null && (yield* interrupted(shell.sys))) shell.jump = { kind: "interrupt" };
  const { jump } = shell;
  if (jump === null) return true;
  if (jump.kind !== "break" && jump.kind !== "continue") return false;
  if (jump.levels > 1) {
    jump.levels--;
    return false;
  }
  shell.jump = null;
  return jump.kind === "continue";
}

function* runFor(shell: ShellState, node: For, files: Files): Call<number> {
  const values = node.wordlist === undefined ? shell.positional : yield* expandWords(shell, node.wordlist);
  if (yield* reportExpansion(shell, files)) return 1;
  let status = 0;
  shell.loops++;
  for (const value of values) {
    shell.set(node.name.value, value);
    status = yield* runList(shell, node.body.commands, files);
    if (!(yield* nextTurn(shell))) break;
  }
  shell.loops--;
  return status;
}

function* runWhile(shell: ShellState, node: While, files: Files): Call<number> {
  let status = 0;
  shell.loops++;
  for (;;) {
    const truth = yield* condition(shell, node.clause, files);
    if (shell.jump !== null) {
      if (!(yield* nextTurn(shell))) break;
      continue;
    }
    if (truth !== (node.kind === "while")) break;
    status = yield* runList(shell, node.body.commands, files);
    if (!(yield* nextTurn(shell))) break;
  }
  shell.loops--;
  return status;
}

function* runArithmeticFor(
  shell: ShellState,
  node: Extract<CommandNode, { type: "ArithmeticFor" }>,
  files: Files,
): Call<number> {
  let status = 0;
  yield* arithmetic(shell, node.initialize, "");
  shell.loops++;
  for (;;) {
    if (node.test !== undefined && (yield* arithmetic(shell, node.test, "")) === "0") break;
    if (shell.expansionError !== null) break;
    status = yield* runList(shell, node.body.commands, files);
    if (!(yield* nextTurn(shell))) break;
    yield* arithmetic(shell, node.update, "");
  }
  shell.loops--;
  return (yield* reportExpansion(shell, files)) ? 1 : status;
}

function* runCase(shell: ShellState, node: Case, files: Files): Call<number> {
  const text = yield* expandWord(shell, node.word);
  let status = 0;
  let fallen = false;
  for (const item of node.items) {
    let hit = fallen;
    for (const pattern of item.pattern) {
      hit ||= matchesPattern(text, yield* expandPattern(shell, pattern));
    }
    if (yield* reportExpansion(shell, files)) return 1;
    if (!hit) continue;
    status = yield* runList(shell, item.body.commands, files);
    if (shell.jump !== null || item.terminator === undefined || item.terminator === ";;") return status;
    fallen = item.terminator === ";&";
  }
  return status;
}
