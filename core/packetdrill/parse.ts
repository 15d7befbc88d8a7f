/**
 * A script's text as data (ast.ts). The grammar is google/packetdrill's: options, an optional first shell command,
 * events, an optional last shell command; newlines mean nothing.
 */
import { SECOND, type Nanoseconds } from "../base/time.ts";
import type { Action, CallAction, EventTime, Script, ScriptEvent, ScriptFlag, ShellCommand } from "./ast.ts";
import { tokenize, type Definitions } from "./lexer.ts";
import { parseArguments, parseExpression } from "./parse-expression.ts";
import { parsePacket } from "./parse-packet.ts";
import { TokenReader } from "./token-reader.ts";

/** @throws SyntaxProblem with the place and what was expected there. */
export function parseScript(text: string, definitions: Definitions): Script {
  const reader = new TokenReader(tokenize(text, definitions));
  const options = parseFlags(reader);
  const init = reader.next.kind === "shell" ? parseCommand(reader) : null;
  const events: ScriptEvent[] = [];
  while (reader.next.kind !== "end" && reader.next.kind !== "shell") events.push(parseEvent(reader));
  const cleanup = reader.next.kind === "shell" ? parseCommand(reader) : null;
  if (reader.next.kind !== "end") {
    reader.fail("the end of the file expected behind the last shell command, or a time in front of it");
  }
  if (events.length === 0) reader.fail("at least one event expected");
  return { options, init, events, cleanup };
}

/** Options alone: they say with which definitions the whole is to be read. */
export function parseFlagsOf(text: string): ScriptFlag[] {
  return parseFlags(new TokenReader(tokenize(text, new Map())));
}

function parseFlags(reader: TokenReader): ScriptFlag[] {
  const flags: ScriptFlag[] = [];
  while (reader.next.kind === "option") {
    const { text, line, column } = reader.take();
    const [, name = "", value = ""] = /^--(\w+)=?([^]*)$/.exec(text) ?? [];
    flags.push({ name, value: value.replace(/^"([^]*)"$/, "$1"), line, column });
  }
  return flags;
}

function parseCommand(reader: TokenReader): ShellCommand {
  const { text, line, column } = reader.take();
  return { kind: "command", text, line, column };
}

function parseEvent(reader: TokenReader): ScriptEvent {
  const { line, column } = reader.next;
  const time = parseTime(reader);
  const action = parseAction(reader, time);
  const isExpected = action.kind === "packet" && action.direction === "out";
  if (!isExpected && (time.kind === "any" || time.kind === "absolute-range" || time.kind === "relative-range")) {
    reader.failAt({ line, column }, "'*' and ranges of time are for expected packets only: one time expected");
  }
  return { time, action, line, column };
}

/** `1.5`, `+.1`, `*`, `1~2`, `+.1~+.2`. */
function parseTime(reader: TokenReader): EventTime {
  if (reader.accept("*")) return { kind: "any" };
  const isRelative = reader.accept("+");
  const start = reader.next;
  const at = parseSeconds(reader);
  if (!reader.accept("~")) return { kind: isRelative ? "relative" : "absolute", at };
  if (isRelative) reader.expect("+");
  const end = parseSeconds(reader);
  if (end < at) reader.failAt(start, "a range of time that does not go backwards expected");
  return { kind: isRelative ? "relative-range" : "absolute-range", at, end };
}

/** Seconds, exactly, in ns. */
function parseSeconds(reader: TokenReader): Nanoseconds {
  const { kind, text } = reader.next;
  if (kind !== "integer" && kind !== "float") reader.fail("a time in seconds expected");
  if (text.startsWith("-")) reader.fail("a time of 0 or more expected");
  const [whole = "", fraction = ""] = text.split(".");
  if (whole.length > 6 || fraction.length > 9) {
    reader.fail("a time below a million seconds, in whole nanoseconds, expected");
  }
  reader.take();
  return Number(whole) * SECOND + Number(fraction.padEnd(9, "0"));
}

function parseAction(reader: TokenReader, time: EventTime): Action {
  const { kind, text, line, column } = reader.next;
  if (kind === "shell") return parseCommand(reader);
  if (kind === "code") {
    reader.take();
    return { kind: "code", text, line, column };
  }
  if (reader.is("<") || reader.is(">")) return parsePacket(reader);
  if (kind === "ellipsis" || kind === "word") return parseCall(reader, time);
  return reader.fail("a packet, a system call, a shell command or a piece of code expected");
}

/** `...0.2 read(3, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)`. */
function parseCall(reader: TokenReader, time: EventTime): CallAction {
  const start = reader.next;
  let end: Nanoseconds | null = null;
  if (start.kind === "ellipsis") {
    reader.take();
    end = parseSeconds(reader);
    if (time.kind !== "any" && end < time.at) reader.failAt(start, "a call that returns after it began expected");
  }
  const name = reader.expectKind("word", "a system call").text;
  const args = parseArguments(reader);
  reader.expect("=");
  const result = parseExpression(reader);
  const errno = reader.next.kind === "word" ? reader.take().text : null;
  if (reader.is("(")) skipNote(reader);
  return { kind: "call", end, name, args, result, errno };
}

/** Free text in brackets. */
function skipNote(reader: TokenReader): void {
  reader.expect("(");
  while (!reader.accept(")")) {
    if (reader.next.kind === "end") reader.fail("')' expected");
    reader.take();
  }
}
