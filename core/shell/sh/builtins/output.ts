/** echo, printf, pwd, type, help, history. */
import { formatPrintf, unescape } from "../../lib/printf.ts";
import { refuse, say, type Builtin } from "./builtin.ts";

/** What `echo` prints: options only where they come first and are made of n, e and E. */
export function echoText(values: readonly string[]): string {
  let from = 0;
  let newline = true;
  let escapes = false;
  while (/^-[neE]+$/.test(values[from] ?? "")) {
    for (const letter of values[from]?.slice(1) ?? "") {
      if (letter === "n") newline = false;
      else escapes = letter === "e";
    }
    from++;
  }
  const line = values.slice(from).join(" ");
  if (!escapes) return newline ? `${line}\n` : line;
  const { text, stop } = unescape(line);
  return newline && !stop ? `${text}\n` : text;
}

export const echo: Builtin = (shell, words, files) => say(shell, files, echoText(words.slice(1)));

export const printf: Builtin = function* (shell, words, files) {
  const [format, ...values] = words.slice(words[1] === "--" ? 2 : 1);
  if (format === undefined) return yield* refuse(shell, files, "printf: usage: printf format [arguments]", 2);
  const result = formatPrintf(format, values);
  if (!result.ok) return yield* refuse(shell, files, `printf: ${result.error}`);
  const status = yield* say(shell, files, result.value.text);
  for (const problem of result.value.problems) yield* refuse(shell, files, `printf: ${problem}`);
  return result.value.problems.length > 0 ? 1 : status;
};

export const pwd: Builtin = function* (shell, _words, files) {
  return yield* say(shell, files, `${yield* shell.sys.getcwd()}\n`);
};

export const history: Builtin = function* (shell, words, files) {
  if (words[1] === "-c") {
    shell.history = [];
    return 0;
  }
  const from = words[1] === undefined ? 0 : Math.max(0, shell.history.length - Number(words[1]));
  const lines = shell.history.slice(from).map((line, i) => `${String(from + i + 1).padStart(5)}  ${line}\n`);
  return yield* say(shell, files, lines.join(""));
};
