/** Arguments and results of system calls: numbers, words, strings, lists and structures, with `|` and `=`. */
import type { Expression, StructField } from "./ast.ts";
import type { TokenReader } from "./token-reader.ts";

/** `expression | expression ...`: as in packetdrill's grammar, `=` takes all to its right. */
export function parseExpression(reader: TokenReader): Expression {
  return reader.nested(() => {
    const left = parseOperand(reader);
    if (!reader.accept("|")) return left;
    return { kind: "or", left, right: parseExpression(reader), line: left.line, column: left.column };
  });
}

export function parseArguments(reader: TokenReader): Expression[] {
  reader.expect("(");
  return parseUntil(reader, ")");
}

/** Expressions with commas between them, up to the closing mark, which is taken. */
function parseUntil(reader: TokenReader, close: string): Expression[] {
  const items: Expression[] = [];
  if (reader.accept(close)) return items;
  for (;;) {
    items.push(parseExpression(reader));
    if (reader.accept(close)) return items;
    if (!reader.accept(",")) reader.fail(`',' or '${close}' expected`);
  }
}

function parseOperand(reader: TokenReader): Expression {
  const { kind, text, line, column } = reader.next;
  const place = { line, column };
  if (kind === "ellipsis") {
    reader.take();
    return { kind: "ellipsis", ...place };
  }
  if (kind === "integer" || kind === "hex") {
    reader.take();
    return { kind: "integer", value: Number(text), ...place };
  }
  if (kind === "string") return parseString(reader);
  if (kind === "word") return parseWord(reader);
  if (reader.accept("[")) return { kind: "list", items: parseUntil(reader, "]"), ...place };
  if (reader.is("{")) return { kind: "struct", fields: parseStruct(reader), ...place };
  return reader.fail("an expression expected");
}

/** Strings side by side are one; `"..."...` stands for any string that begins so. */
function parseString(reader: TokenReader): Expression {
  const { line, column } = reader.next;
  let text = "";
  while (reader.next.kind === "string") text += unescapeText(reader.take().text);
  const open = reader.next.kind === "ellipsis";
  if (open) reader.take();
  return { kind: "string", text, open, line, column };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["0", "\0"],
]);

const unescapeText = (text: string): string =>
  text.replace(/\\(?:x([0-9a-fA-F]{2})|([^]))/g, (_, hex: string | undefined, character: string | undefined) =>
    hex === undefined ? (ESCAPES.get(character ?? "") ?? character ?? "") : String.fromCharCode(parseInt(hex, 16)),
  );

function parseWord(reader: TokenReader): Expression {
  const { text: name, line, column } = reader.take();
  if (reader.accept("(")) {
    const argument = parseExpression(reader);
    reader.expect(")");
    return { kind: "apply", name, argument, line, column };
  }
  if (reader.accept("=")) return { kind: "assign", name, value: parseExpression(reader), line, column };
  return { kind: "word", name, line, column };
}

/** `{...}`: fields with or without name, in order. */
function parseStruct(reader: TokenReader): StructField[] {
  reader.expect("{");
  const fields: StructField[] = [];
  if (reader.accept("}")) return fields;
  for (;;) {
    fields.push(reader.nested(() => parseField(reader)));
    if (reader.accept("}")) return fields;
    if (!reader.accept(",")) reader.fail("',' or '}' expected");
  }
}

function parseField(reader: TokenReader): StructField {
  const { kind, text, line, column } = reader.next;
  const isNamed = kind === "word" && ["=", "("].includes(reader.ahead(1).text) && reader.ahead(1).kind === "mark";
  if (!isNamed) return { name: null, argument: null, value: parseExpression(reader), line, column };
  const begin = reader.take();
  let argument: Expression | null = null;
  if (reader.accept("(")) {
    argument = parseExpression(reader);
    reader.expect(")");
    // `{htons(80), ...}`: no name after all.
    if (!reader.is("=")) {
      const value = { kind: "apply", name: text, argument, line: begin.line, column: begin.column } as const;
      return { name: null, argument: null, value, line, column };
    }
  }
  reader.expect("=");
  return { name: text, argument, value: parseExpression(reader), line, column };
}
