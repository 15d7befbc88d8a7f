/**
 * Shell commands of scripts, taken apart: lists with `;`, `&&`, `||` and newlines, pipelines, quotes, redirections,
 * comments, `$((...))` and `$NAME`. They are interpreted (shell-commands.ts), never given to a shell.
 * Left out: everything that has to do with control flow, globs and assignments.
 */
import { bad, good, type Result } from "../base/result.ts";

export interface SimpleCommand {
  readonly words: readonly string[];
  /** `> path` and `>> path` of standard output; null goes on. */
  readonly output: string | null;
}

export interface Pipeline {
  /** Whether it runs depends on how the one before ended. */
  readonly runs: "always" | "on-success" | "on-failure";
  readonly negated: boolean;
  readonly commands: readonly SimpleCommand[];
}

/** @returns the pipelines in order, or what is not understood. */
export function parseShell(text: string): Result<readonly Pipeline[], string> {
  const words = splitWords(text);
  return words.ok ? assemble(words.value) : words;
}

type ShellWord = { readonly text: string; readonly isOperator: boolean };

/** Longest first. */
const OPERATORS = ["&&", "||", ">>", "\n", ";", "|", ">", "<", "&"];

function splitWords(text: string): Result<ShellWord[], string> {
  const words: ShellWord[] = [];
  let word: string | null = null;
  const flush = (): void => {
    if (word !== null) words.push({ text: word, isOperator: false });
    word = null;
  };
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const character = text.charAt(at);
    const operator = OPERATORS.find((mark) => rest.startsWith(mark));
    if (rest.startsWith("\\\n")) at += 2;
    else if (operator !== undefined) {
      // `2> file`: the digits belong to the redirection.
      if (operator.startsWith(">") && word !== null && /^[0-9]$/.test(word)) {
        words.push({ text: `${word}${operator}`, isOperator: true });
        word = null;
      } else {
        flush();
        words.push({ text: operator, isOperator: true });
      }
      at += operator.length;
    } else if (/\s/.test(character)) {
      flush();
      at++;
    } else if (character === "#" && word === null) {
      at += rest.split("\n", 1)[0]?.length ?? rest.length;
    } else {
      const piece = readPiece(rest);
      if (!piece.ok) return piece;
      word = (word ?? "") + piece.value.text;
      at += piece.value.length;
    }
  }
  flush();
  return good(words);
}

/** One quoted or plain piece of a word. */
function readPiece(rest: string): Result<{ text: string; length: number }, string> {
  const single = /^'([^']*)'/.exec(rest);
  if (single !== null) return good({ text: single[1] ?? "", length: single[0].length });
  const double = /^"((?:\\[^]|[^"\\])*)"/.exec(rest);
  if (double !== null) {
    const inner = expand((double[1] ?? "").replace(/\\(["\\$`\n])/g, (_, mark: string) => (mark === "\n" ? "" : mark)));
    return inner.ok ? good({ text: inner.value, length: double[0].length }) : inner;
  }
  if (/^["']/.test(rest)) return bad("a quote does not end");
  const escaped = /^\\([^])/.exec(rest);
  if (escaped !== null) return good({ text: escaped[1] ?? "", length: 2 });
  if (/^`|^\$\((?!\()/.test(rest)) return bad("command substitution is not understood");
  const [raw] = /^\$\(\([^]*?\)\)|^\$\{\w+\}|^\$\w+/.exec(rest) ?? [rest.charAt(0)];
  const expanded = expand(raw);
  return expanded.ok ? good({ text: expanded.value, length: raw.length }) : expanded;
}

/** Arithmetic and variables; there is one variable, PPID. */
function expand(text: string): Result<string, string> {
  let problem: string | null = null;
  const expanded = text.replace(
    /\$\(\(([^]*?)\)\)|\$\{(\w+)\}|\$(\w+)/g,
    (whole, sum: string | undefined, a: string | undefined, b: string | undefined) => {
      if (sum !== undefined) {
        const value = arithmetic(sum);
        if (value === null) problem = `$((${sum})) is not understood`;
        return String(value);
      }
      if ((a ?? b) !== "PPID") problem = `${whole} is not known`;
      return "1";
    },
  );
  if (/\$\(|`/.test(expanded)) problem ??= "command substitution is not understood";
  return problem === null ? good(expanded) : bad(problem);
}

/** Whole numbers, + - * / % and brackets; null for anything else. */
function arithmetic(text: string): number | null {
  const tokens = text.match(/\d+|[-+*/%()]|\S/g) ?? [];
  let at = 0;
  const level = (operators: readonly string[], next: () => number): number => {
    let value = next();
    while (operators.includes(tokens[at] ?? "")) {
      const operator = tokens[at++];
      const right = next();
      if (operator === "*") value *= right;
      else if (operator === "/") value = Math.trunc(value / right);
      else if (operator === "%") value %= right;
      else value += operator === "-" ? -right : right;
    }
    return value;
  };
  const atom = (): number => {
    const token = tokens[at++] ?? "";
    if (token === "-") return -atom();
    if (token !== "(") return /^\d+$/.test(token) ? Number(token) : NaN;
    const value = sum();
    return tokens[at++] === ")" ? value : NaN;
  };
  const sum = (): number => level(["+", "-"], () => level(["*", "/", "%"], atom));
  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? value : null;
}

function assemble(words: readonly ShellWord[]): Result<readonly Pipeline[], string> {
  const pipelines: Pipeline[] = [];
  let runs: Pipeline["runs"] = "always";
  let commands: SimpleCommand[] = [];
  let command: { words: string[]; output: string | null } = { words: [], output: null };
  const endCommand = (): boolean => {
    const isEmpty = command.words.length === 0;
    if (!isEmpty) commands.push(command);
    command = { words: [], output: null };
    return !isEmpty;
  };
  const endPipeline = (next: Pipeline["runs"]): void => {
    endCommand();
    const [first, ...others] = commands;
    if (first !== undefined) {
      const negated = first.words[0] === "!";
      const stripped = negated ? { ...first, words: first.words.slice(1) } : first;
      pipelines.push({ runs, negated, commands: [stripped, ...others] });
    }
    commands = [];
    runs = next;
  };
  for (let at = 0; at < words.length; at++) {
    const { text, isOperator } = words[at] as ShellWord;
    if (!isOperator) command.words.push(text);
    else if (text === "\n" || text === ";") endPipeline("always");
    else if (text === "&&") endPipeline("on-success");
    else if (text === "||") endPipeline("on-failure");
    else if (text === "|") {
      if (!endCommand()) return bad("a command expected in front of '|'");
    } else {
      if (text === "&" || text === "<") return bad(`'${text}' is not understood`);
      // `2>&1` comes as `2>`, `&`, `1`.
      const isDuplicate = words[at + 1]?.text === "&";
      const target = words[at + (isDuplicate ? 2 : 1)];
      if (target === undefined || target.isOperator) return bad("a file expected behind '>'");
      if (!isDuplicate && !text.startsWith("2")) command.output = target.text;
      at += isDuplicate ? 2 : 1;
    }
  }
  endPipeline("always");
  return good(pipelines);
}
