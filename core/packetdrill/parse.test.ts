import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TH } from "../wire/tcp.ts";
import type { CallAction, PacketAction, Script } from "./ast.ts";
import { tokenize } from "./lexer.ts";
import { parseScript } from "./parse.ts";
import { SyntaxProblem } from "./problem.ts";
import { specText } from "./packet-text.ts";
import { DEFAULT_DEFINITIONS } from "./settings.ts";

const parse = (text: string): Script => parseScript(text, DEFAULT_DEFINITIONS);
const kinds = (text: string): string[] =>
  tokenize(text, new Map())
    .slice(0, -1)
    .map(({ kind, text: word }) => `${kind} ${word}`);

/** The packet of a script with that one event. */
function packet(text: string): PacketAction {
  const [event] = parse(`0 ${text}`).events;
  if (event?.action.kind !== "packet") throw new Error("no packet");
  return event.action;
}

function call(text: string): CallAction {
  const [event] = parse(`0 ${text}`).events;
  if (event?.action.kind !== "call") throw new Error("no call");
  return event.action;
}

function problem(text: string): { line: number; column: number; message: string } {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return { ...error.place, message: error.message };
    throw error;
  }
  throw new Error("no problem");
}

describe("the lexer", () => {
  it("splits times, ranges, numbers and flags where packetdrill's does", () => {
    expect(kinds("+0...0.200 1:1001(1000)")).toEqual([
      "mark +",
      "integer 0",
      "ellipsis ...",
      "float 0.200",
      "integer 1",
      "mark :",
      "integer 1001",
      "mark (",
      "integer 1000",
      "mark )",
    ]);
    expect(kinds(".1 -1 0x2f 10.0.0.1 S. SEW.5 3021b9d8")).toEqual([
      "float .1",
      "integer -1",
      "hex 0x2f",
      "address 10.0.0.1",
      "word S",
      "mark .",
      "word SEW",
      "float .5",
      "word 3021b9d8",
    ]);
  });

  it("passes over comments, but not inside quotes", () => {
    expect(kinds('a // b\n/* c\n * d */ e "//" `# no // comment`')).toEqual([
      "word a",
      "word e",
      "string //",
      "shell # no // comment",
    ]);
  });

  it("knows where it is", () => {
    const last = tokenize("a\n\n  /* x\n */ b", new Map()).at(-2);
    expect(last).toMatchObject({ text: "b", line: 4, column: 5 });
  });

  it("puts in definitions and follows #ifdef", () => {
    const definitions = new Map([
      ["A", '"text"'],
      ["B", "`true`"],
      ["C", "17"],
    ]);
    const text = "A B C D\n#ifdef A\nx\n#else\ny\n#endif\n#ifndef A\nz\n#endif";
    const found = tokenize(text, definitions).map(({ kind, text: word }) => `${kind} ${word}`);
    expect(found).toEqual(["string text", "shell true", "integer 17", "word D", "word x", "end "]);
  });

  it.each([
    ["/* no end", "a comment does not end"],
    ["%{ no end", "a piece of code does not end"],
    ['"no end', "a string does not end"],
    ["`no end", "a shell command does not end"],
    ["#endif", "#endif without #ifdef"],
    ["#ifdef A", "#endif expected before the end of the file"],
  ])("refuses %s", (text, message) => {
    expect(() => tokenize(text, new Map())).toThrow(message);
  });
});

describe("packets", () => {
  it("have flags, numbers, window, urgent pointer and options", () => {
    const { direction, packet: tcp } = packet("< FP. 1:1001(1000) ack 5 win 7 urg 3 <nop,nop,TS val 1 ecr 2>");
    expect(direction).toBe("in");
    expect(tcp).toMatchObject({
      flags: TH.FIN | TH.PSH | TH.ACK,
      seq: 1,
      payload: 1000,
      ack: 5,
      window: 7,
      urgent: 3,
    });
  });

  it.each([
    "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>",
    ". 1:1(0) ack 1 <nop,nop,sack 1001:2001 4001:5001>",
    "S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,FO 3021b9d889017eeb,nop,nop>",
    "S 0:0(0) <mss 1460,FOEXP>",
    "- 1:1(0)",
    "R 7:7(0)",
    "SEW 0:0(0) <...>",
    "[ect0] P. 1:11(10) ack 1",
    "[tos 0x10,ttl 3] . 1:1(0) ack 1",
    "udp(100)",
  ])("%s is read and written alike", (text) => {
    expect(specText(packet(`> ${text}`))).toBe(text);
  });

  it("may name a cookie, which may look like a number", () => {
    expect(specText(packet("> S 0:0(0) <FO TFO_COOKIE,nop,nop>"))).toBe("S 0:0(0) <FO 3021b9d889017eeb,nop,nop>");
    expect(specText(packet("> S 0:0(0) <FO 11223344,nop,nop>"))).toBe("S 0:0(0) <FO 11223344,nop,nop>");
  });

  it("may have AccECN's counter, ports, and no flags but ACK", () => {
    expect(packet("> .5 1:1(0) ack 1").packet).toMatchObject({ ace: 5, flags: TH.ACK | TH.AE | TH.ECE });
    expect(packet("< 80 > 90 . 1:1(0) ack 1").packet).toMatchObject({
      ports: { source: 80, target: 90 },
      flags: TH.ACK,
    });
  });

  it("may be ICMP errors that quote a segment or a datagram", () => {
    expect(packet("< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]").packet).toEqual({
      protocol: "icmp",
      type: 3,
      code: 4,
      mtu: 1200,
      id: 0,
      quote: { protocol: "tcp", seq: 1, payload: 1460 },
    });
    expect(packet("< icmp time_exceeded code_1 [udp(8)]").packet).toMatchObject({
      type: 11,
      code: 1,
      quote: { protocol: "udp", payload: 8 },
    });
  });
});

describe("calls", () => {
  it("have arguments of all forms", () => {
    const { args } = call('f(..., -1, 0x10, A|B, [1, "x"], "a" "b", "c"..., htons(80), x=3, {}) = 0');
    expect(args.map((argument) => argument.kind)).toEqual([
      "ellipsis",
      "integer",
      "integer",
      "or",
      "list",
      "string",
      "string",
      "apply",
      "assign",
      "struct",
    ]);
  });

  it("have structures with and without names", () => {
    const { args } = call(
      "sendmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 5},{...,6}], msg_flags=0}, MSG_DONTWAIT) = 11",
    );
    const [, message] = args;
    expect(message?.kind === "struct" && message.fields.map((field) => field.name)).toEqual([
      "msg_name",
      "msg_iov",
      "msg_flags",
    ]);
  });

  it("have results, error numbers and notes", () => {
    expect(call("read(3, ..., 10) = -1 EAGAIN (Resource temporarily: unavailable)")).toMatchObject({
      name: "read",
      errno: "EAGAIN",
      end: null,
      result: { kind: "integer", value: -1 },
    });
    expect(call("fcntl(3, F_GETFL) = 0x02 (flags O_RDWR)")).toMatchObject({ errno: null, result: { value: 2 } });
    expect(parse("0...0.25 read(3, ..., 10) = 1").events[0]?.action).toMatchObject({ end: 250_000_000 });
  });
});

describe("scripts", () => {
  it("have options, a first and a last command, and events in between", () => {
    const script = parse(
      "--mss=1000\n--strict_segments\n`first`\n0 `second`\n+.5 %{ x = 1 }% * > . 1:1(0) ack 1\n`last`",
    );
    expect(script.options.map(({ name, value }) => [name, value])).toEqual([
      ["mss", "1000"],
      ["strict_segments", ""],
    ]);
    expect(script.init?.text).toBe("first");
    expect(script.events.map(({ action }) => action.kind)).toEqual(["command", "code", "packet"]);
    expect(script.cleanup?.text).toBe("last");
  });

  it("have times of five forms", () => {
    const { events } = parse("0 `a` 1.5~2 > . 1:1(0) +.25 `b` +.1~+.2 > . 1:1(0) * > . 1:1(0)");
    expect(events.map(({ time }) => time)).toEqual([
      { kind: "absolute", at: 0 },
      { kind: "absolute-range", at: 1_500_000_000, end: 2_000_000_000 },
      { kind: "relative", at: 250_000_000 },
      { kind: "relative-range", at: 100_000_000, end: 200_000_000 },
      { kind: "any" },
    ]);
  });

  it.each([
    ["0 < S 0:0(0) <mss 1460,nop>", 1, 14, "5 bytes of options"],
    ["0 < S 0:0(0) <...>", 1, 19, "<...> stands for options of expected packets only"],
    ["0 > P. 1:10(10)", 1, 8, "1:11(10) expected"],
    ["0 > X 1:1(0)", 1, 5, "'X' is no TCP flag"],
    ["0 > S 0:0(0) <mss 70000>", 1, 19, "a segment size from 0 to 65535 expected, '70000' found"],
    ["0 > S 0:0(0) <foo>", 1, 15, "'foo' is no TCP option"],
    ["0 > . 1:1(0)\n* < . 1:1(0)", 2, 1, "'*' and ranges of time are for expected packets only"],
    ["0 > . 1:1(0)\n+.2~+.1 > . 1:1(0)", 2, 2, "does not go backwards"],
    ["0 socket(..., SOCK_STREAM IPPROTO_TCP) = 3", 1, 27, "',' or ')' expected, 'IPPROTO_TCP' found"],
    ["0 close(3)", 1, 11, "'=' expected, the end of the file found"],
    ["0 close(3) = 0 (no end", 1, 23, "')' expected"],
    ["0\n+0 close(3) = 0", 2, 1, "a packet, a system call, a shell command or a piece of code expected, '+' found"],
    ["", 1, 1, "at least one event expected"],
    ["0 `a`\n`b`\n`c`", 3, 1, "the end of the file expected"],
    ["0 < icmp nonsense", 1, 10, "'nonsense' is no ICMP type"],
    ["0 < icmp unreachable nonsense", 1, 22, "'nonsense' is no code"],
    ["0 > [ect7] . 1:1(0)", 1, 6, "ect0, ect1, ce, noecn, ect01, tos or ttl expected"],
    ["0...-1 close(3) = 0", 1, 5, "a time of 0 or more expected"],
    ["0 > S 0:0(0) <FO 123>", 1, 18, "an even number of hexadecimal digits expected"],
  ])("%s is refused at %i:%i", (text, line, column, message) => {
    expect(problem(text)).toEqual({ line, column, message: expect.stringContaining(message) });
  });

  it("deeper than anybody writes are refused, not run into the ground", () => {
    expect(problem(`0 f(${"[".repeat(100_000)}`).message).toContain("nested brackets");
    expect(problem(`0 f(${"{".repeat(100_000)}`).message).toContain("nested brackets");
    expect(problem(`0 f(${"a|".repeat(100_000)}`).message).toContain("nested brackets");
  });
});

const OUTSIDE = join(import.meta.dirname, "../../../shared/packetdrill/scripts");

describe("scripts of others", () => {
  it.skipIf(!existsSync(OUTSIDE))("are all understood (only where ../shared/packetdrill is)", () => {
    const names = readdirSync(OUTSIDE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".pkt"));
    expect(names).toHaveLength(233);
    for (const name of names) {
      const text = readFileSync(join(OUTSIDE, name), "utf8");
      expect(() => parse(text), name).not.toThrow();
    }
  });
});
