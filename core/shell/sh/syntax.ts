/** From text to a command tree, with errors worded as bash words them. The grammar is unbash's (Bash 5.3). */
import { forEachChild, parse, type ParsedScript, type ParseError, type SyntaxNode } from "unbash";
import { SCRIPT_CHARACTERS_MAX } from "../limits.ts";

export type Parsed =
  | { readonly kind: "ok"; readonly script: ParsedScript }
  /** More input could complete it. `message` is for when there is none. */
  | { readonly kind: "incomplete"; readonly message: string }
  | { readonly kind: "error"; readonly message: string };

/** Never throws, on any text. @param source without the final newline, or with it. */
export function parseScript(source: string): Parsed {
  if (source.length > SCRIPT_CHARACTERS_MAX) return { kind: "error", message: "command line too long" };
  const script = parse(source);
  const error = script.errors?.[0];
  if (error !== undefined) return describe(source, error);
  if (/(^|[^\\])(\\\\)*\\$/.test(source)) return { kind: "incomplete", message: "" };
  if (hasOpenHereDocument(source, script)) return { kind: "incomplete", message: "" };
  return { kind: "ok", script };
}

const QUOTES: readonly (readonly [pattern: RegExp, quote: string])[] = [
  [/single quote/, "'"],
  [/double quote/, '"'],
  [/backtick|backquote/, "`"],
  [/arithmetic|command substitution|parenthes/, ")"],
  [/parameter|brace expansion|\$\{/, "}"],
];

function describe(source: string, error: ParseError): Parsed {
  if (/^(unterminated|unclosed)/.test(error.message)) {
    const quote = QUOTES.find(([pattern]) => pattern.test(error.message))?.[1] ?? '"';
    return { kind: "incomplete", message: `unexpected EOF while looking for matching \`${quote}'` };
  }
  const rest = source.slice(error.pos);
  const lacks = /^expected/.test(error.message);
  if (lacks && rest.trim() === "") return { kind: "incomplete", message: "syntax error: unexpected end of file" };
  const token = /^[ \t]*(\n|&&|\|\||;;|[|&;()<>]|[^\s|&;()<>]+)/.exec(rest)?.[1] ?? "newline";
  return { kind: "error", message: `syntax error near unexpected token \`${token === "\n" ? "newline" : token}'` };
}

/** A here-document whose delimiter line has not come; the parser takes the end of input for it, as bash -c does. */
function hasOpenHereDocument(source: string, node: SyntaxNode): boolean {
  if (!source.includes("<<")) return false;
  if (node.type === "HereDoc") return node.closing === undefined;
  let found = false;
  forEachChild(node, (child) => {
    // Words are left unresolved: a here-document inside a substitution closes with it.
    if (!found && child.type !== "Word") found = hasOpenHereDocument(source, child);
  });
  return found;
}
