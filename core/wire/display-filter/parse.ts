/**
 * Display filters, in the part of Wireshark's language (wireshark-filter(4)) that the dissector can answer:
 * `tcp.flags.syn == 1 && ip.addr == 10.0.0.0/8`, `tcp.port in {80, 8000..8080}`, `not arp`, `tcp.flags & 0x12`.
 * A field that occurs several times fulfils a comparison when one of its values does; `!=` is fulfilled when all do, as
 * since Wireshark 4.0, and `~=` when one does.
 * Left out: slices, functions, `matches`, arithmetic, and fields that need other packets (relative sequence numbers,
 * tcp.analysis, streams).
 */
import { editDistance } from "../../base/edit-distance.ts";
import { bad, good, type Result } from "../../base/result.ts";
import { readFilterTokens, type FilterProblem, type FilterToken } from "./lexer.ts";
import { FILTER_ALIASES, FILTER_FIELDS, FILTER_PROTOCOLS } from "./fields.ts";
import { readFilterValue, type FilterValue } from "./value.ts";

export type CompareOperator = "==" | "===" | "!=" | "~=" | "<" | "<=" | ">" | ">=" | "contains";

export type Filter =
  | { readonly kind: "all" }
  | { readonly kind: "and" | "or" | "xor"; readonly left: Filter; readonly right: Filter }
  | { readonly kind: "not"; readonly of: Filter }
  | { readonly kind: "protocol"; readonly protocol: string }
  /** The field is there; with a mask, and has one of its bits. */
  | { readonly kind: "present"; readonly fields: readonly string[]; readonly mask: number | null }
  | {
      readonly kind: "compare";
      readonly fields: readonly string[];
      readonly mask: number | null;
      readonly operator: CompareOperator;
      readonly value: FilterValue;
    }
  /** One of the ranges, ends included; a single value is a range of one. */
  | {
      readonly kind: "in";
      readonly fields: readonly string[];
      readonly ranges: readonly (readonly [FilterValue, FilterValue])[];
    };

const COMPARE: ReadonlySet<string> = new Set(["==", "===", "!=", "~=", "<", "<=", ">", ">=", "contains"]);
/** Brackets and negations inside one another: far more than anybody writes, far less than the stack holds. */
const DEPTH_MAX = 100;
const LENGTH_MAX = 10_000;

/** An empty filter lets everything through. */
export function parseDisplayFilter(text: string): Result<Filter, FilterProblem> {
  if (text.length > LENGTH_MAX) {
    return bad({ from: LENGTH_MAX, to: text.length, message: `longer than ${LENGTH_MAX} characters` });
  }
  const tokens = readFilterTokens(text);
  if (!tokens.ok) return tokens;
  if (tokens.value.length === 1) return good({ kind: "all" });
  const parser = new Parser(tokens.value);
  const filter = parser.either(0);
  if (!filter.ok) return filter;
  const rest = parser.peek();
  if (rest.kind === "end") return filter;
  return bad({ from: rest.from, to: rest.to, message: `expected "and", "or" or the end, found "${rest.value}"` });
}

type Parsed = Result<Filter, FilterProblem>;

class Parser {
  readonly #tokens: readonly FilterToken[];
  #at = 0;

  constructor(tokens: readonly FilterToken[]) {
    this.#tokens = tokens;
  }

  peek(): FilterToken {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as FilterToken;
  }

  /** or, xor: they bind least. */
  either(depth: number): Parsed {
    let left = this.#both(depth);
    while (left.ok && (this.#isSign("or") || this.#isSign("xor"))) {
      const kind = this.#next().value as "or" | "xor";
      const right = this.#both(depth);
      if (!right.ok) return right;
      left = good({ kind, left: left.value, right: right.value });
    }
    return left;
  }

  #both(depth: number): Parsed {
    let left = this.#one(depth);
    while (left.ok && this.#isSign("and")) {
      this.#next();
      const right = this.#one(depth);
      if (!right.ok) return right;
      left = good({ kind: "and", left: left.value, right: right.value });
    }
    return left;
  }

  #one(depth: number): Parsed {
    const token = this.peek();
    if (depth > DEPTH_MAX) return problem(token, "nested too deeply");
    if (this.#isSign("not")) {
      this.#next();
      const of = this.#one(depth + 1);
      return of.ok ? good({ kind: "not", of: of.value }) : of;
    }
    if (this.#isSign("(")) {
      this.#next();
      const inner = this.either(depth + 1);
      if (!inner.ok) return inner;
      if (!this.#isSign(")")) return problem(this.peek(), 'expected ")"');
      this.#next();
      return inner;
    }
    if (token.kind !== "word") return problem(token, "expected a field or protocol");
    return this.#test(this.#next());
  }

  #test(name: FilterToken): Parsed {
    if (FILTER_PROTOCOLS.some((protocol) => protocol === name.value)) {
      return good({ kind: "protocol", protocol: name.value });
    }
    const fields = FILTER_ALIASES.get(name.value) ?? (FILTER_FIELDS.has(name.value) ? [name.value] : null);
    if (fields === null) return problem(name, `no field is called "${name.value}"${suggestion(name.value)}`);
    let mask: number | null = null;
    if (this.#isSign("&")) {
      this.#next();
      const word = this.#next();
      mask = /^(0x[0-9a-f]+|\d+)$/i.test(word.value) ? Number(word.value) : NaN;
      if (!(mask <= 0xffffffff)) return problem(word, "expected a number of at most 32 bits");
    }
    const operator = this.peek();
    if (this.#isSign("in")) return mask === null ? this.#set(fields) : problem(operator, '"in" takes no mask');
    if (operator.kind !== "sign" || !COMPARE.has(operator.value)) return good({ kind: "present", fields, mask });
    this.#next();
    const value = this.#value();
    if (!value.ok) return value;
    return good({ kind: "compare", fields, mask, operator: operator.value as CompareOperator, value: value.value });
  }

  #set(fields: readonly string[]): Parsed {
    this.#next();
    if (!this.#isSign("{")) return problem(this.peek(), 'expected "{"');
    this.#next();
    const ranges: (readonly [FilterValue, FilterValue])[] = [];
    while (!this.#isSign("}")) {
      const from = this.#value();
      if (!from.ok) return from;
      const to = this.#isSign("..") ? this.#valueBehindSign() : from;
      if (!to.ok) return to;
      ranges.push([from.value, to.value]);
      if (this.#isSign(",")) this.#next();
      else if (!this.#isSign("}")) return problem(this.peek(), 'expected "," or "}"');
    }
    if (ranges.length === 0) return problem(this.peek(), "expected a value");
    this.#next();
    return good({ kind: "in", fields, ranges });
  }

  #valueBehindSign(): Result<FilterValue, FilterProblem> {
    this.#next();
    return this.#value();
  }

  #value(): Result<FilterValue, FilterProblem> {
    const token = this.peek();
    if (token.kind !== "word" && token.kind !== "text") return problem(token, "expected a value");
    this.#next();
    return good(readFilterValue(token.value, token.kind === "text"));
  }

  #next(): FilterToken {
    const token = this.peek();
    this.#at++;
    return token;
  }

  #isSign(value: string): boolean {
    const token = this.peek();
    return token.kind === "sign" && token.value === value;
  }
}

function problem(token: FilterToken, message: string): { readonly ok: false; readonly error: FilterProblem } {
  const found = token.kind === "end" && !message.includes("found") ? ", found the end" : "";
  return { ok: false, error: { from: token.from, to: Math.max(token.to, token.from + 1), message: message + found } };
}

function suggestion(name: string): string {
  let best = "";
  let least = 3;
  for (const known of [...FILTER_PROTOCOLS, ...FILTER_FIELDS, ...FILTER_ALIASES.keys()]) {
    const distance = editDistance(name, known);
    if (distance < least) {
      least = distance;
      best = known;
    }
  }
  return best === "" ? "" : `; did you mean ${best}?`;
}
