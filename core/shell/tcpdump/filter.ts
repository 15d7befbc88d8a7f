/**
 * Capture filters (pcap-filter(7)), compiled to a predicate: host, net, port and portrange with directions and
 * protocols, ether, vlan, length and byte comparisons, and/or/not. `and` and `or` have equal rank and associate to the
 * left, as in libpcap. Left out: IPv6, MPLS, gateway, names of services, `inbound`.
 */
import { bad, good, type Result } from "../../base/result.ts";
import { FILTER_TOKENS_MAX, NESTING_MAX } from "../limits.ts";
import type { Hosts } from "../lib/hosts.ts";
import { FilterInput, syntaxError } from "./filter-input.ts";
import { parseComparison, startsComparison } from "./filter-arithmetic.ts";
import type { Test } from "./filter-primitives.ts";
import { readPrimitive } from "./filter-qualified.ts";
import { PacketView } from "./packet-view.ts";

export type Filter = (bytes: Uint8Array, length: number, linkType: number) => boolean;

/** @returns the predicate, or what is wrong in libpcap's words and where. Never throws. */
export function compileFilter(text: string, hosts: Hosts): Result<Filter, string> {
  const tokens = tokenize(text);
  if (!tokens.ok) return tokens;
  if (tokens.value.length === 0) return good(() => true);
  if (tokens.value.length > FILTER_TOKENS_MAX) return bad("expression is too long");
  const input = new FilterInput(tokens.value, hosts);
  const test = parseList(input);
  if (!test.ok) return test;
  if (input.at < input.tokens.length) return bad(syntaxError(input));
  return good(asFilter(test.value, input.depth));
}

/** One view per VLAN depth that occurs, made when first asked for. */
function asFilter(test: Test, depthMax: number): Filter {
  return (bytes, length, linkType) => {
    const views: (PacketView | undefined)[] = new Array<PacketView | undefined>(depthMax + 1).fill(undefined);
    return test((depth) => (views[depth] ??= new PacketView(bytes, length, linkType, depth)));
  };
}

function tokenize(text: string): Result<string[], string> {
  const tokens: string[] = [];
  const operator = /&&|\|\||==|!=|<=|>=|<<|>>|[()[\]!=<>&|+*%^:]|\/(?=\s)|-(?=\s)/;
  const word = /[A-Za-z0-9_][A-Za-z0-9_.:/-]*/;
  const shape = new RegExp(`\\s*(?:(${operator.source})|(${word.source})|\\\\([a-z]+))`, "y");
  const end = text.trimEnd().length;
  let at = 0;
  while (at < end) {
    shape.lastIndex = at;
    const match = shape.exec(text);
    if (match === null) return bad(`can't parse filter expression: illegal token: ${text.slice(at).trim().charAt(0)}`);
    tokens.push(...splitWord(match[1] ?? match[2] ?? match[3] ?? "", tokens));
    at = shape.lastIndex;
  }
  return good(tokens);
}

/** Inside brackets a word such as `0:2` is an offset and a size, outside it may be a MAC address. */
function splitWord(word: string, before: readonly string[]): string[] {
  if (before.lastIndexOf("[") <= before.lastIndexOf("]")) return [word];
  return word.split(/([:+*/-])/).filter((part) => part !== "");
}

function parseList(input: FilterInput): Result<Test, string> {
  if (++input.nesting > NESTING_MAX) return bad("expression is nested too deeply");
  let left = parseFactor(input);
  while (left.ok) {
    const and = input.accept("and", "&&");
    if (!and && !input.accept("or", "||")) break;
    const first = left.value;
    const right = parseFactor(input);
    if (!right.ok) return right;
    const second = right.value;
    left = good(and ? (view) => first(view) && second(view) : (view) => first(view) || second(view));
  }
  input.nesting--;
  return left;
}

function parseFactor(input: FilterInput): Result<Test, string> {
  if (input.accept("not", "!")) {
    if (++input.nesting > NESTING_MAX) return bad("expression is nested too deeply");
    const inner = parseFactor(input);
    input.nesting--;
    if (!inner.ok) return inner;
    const test = inner.value;
    return good((view) => !test(view));
  }
  if (startsComparison(input)) return parseComparison(input);
  if (input.accept("(")) {
    const inner = parseList(input);
    if (!inner.ok) return inner;
    return input.accept(")") ? inner : bad(syntaxError(input));
  }
  return readPrimitive(input);
}
