/**
 * Comparisons of bytes and lengths in a filter: `ip[8] < 5`, `udp[4:2] > 100`, `icmp[icmptype] == icmp-echo`, `len >
 * 60`.
 */
import { u16, u32, u8 } from "../../base/bytes.ts";
import { bad, good, type Result } from "../../base/result.ts";
import { NESTING_MAX } from "../limits.ts";
import { syntaxError, type FilterInput } from "./filter-input.ts";
import { ETHERTYPES, IP_PROTOCOLS, type Test } from "./filter-primitives.ts";
import type { PacketView } from "./packet-view.ts";

/** Null when the packet does not have what is asked for: the comparison is then false. */
type Value = (view: (depth: number) => PacketView) => number | null;

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["icmptype", 0],
  ["icmpcode", 1],
  ["tcpflags", 13],
  ["icmp-echoreply", 0],
  ["icmp-unreach", 3],
  ["icmp-sourcequench", 4],
  ["icmp-redirect", 5],
  ["icmp-echo", 8],
  ["icmp-routeradvert", 9],
  ["icmp-routersolicit", 10],
  ["icmp-timxceed", 11],
  ["icmp-paramprob", 12],
  ["icmp-tstamp", 13],
  ["icmp-tstampreply", 14],
  ["tcp-fin", 1],
  ["tcp-syn", 2],
  ["tcp-rst", 4],
  ["tcp-push", 8],
  ["tcp-ack", 16],
  ["tcp-urg", 32],
]);

const isNumber = (word: string): boolean => /^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(word) || CONSTANTS.has(word);
const numberOf = (word: string): number => CONSTANTS.get(word) ?? Number(word);
const COMPARISONS = new Set(["=", "==", "!=", "<", ">", "<=", ">="]);
const OPERATORS = new Set(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"]);

/** Whether a comparison begins here rather than a primitive; a parenthesis needs a look at what it encloses. */
export function startsComparison(input: FilterInput): boolean {
  let ahead = 0;
  while (input.peek(ahead) === "(") ahead++;
  const word = input.peek(ahead);
  if (word === "len" || input.peek(ahead + 1) === "[") {
    // `(len > 5 and arp)` begins a list, `(len + 5) > 9` a comparison: tell by what follows the parenthesis.
    return ahead === 0 || closesIntoOperator(input);
  }
  if (!isNumber(word)) return false;
  const next = input.peek(ahead + 1);
  return COMPARISONS.has(next) || OPERATORS.has(next) ? ahead === 0 || closesIntoOperator(input) : false;
}

function closesIntoOperator(input: FilterInput): boolean {
  let level = 0;
  for (let ahead = 0; input.peek(ahead) !== ""; ahead++) {
    if (input.peek(ahead) === "(") level++;
    if (input.peek(ahead) === ")" && --level === 0) {
      const next = input.peek(ahead + 1);
      return COMPARISONS.has(next) || OPERATORS.has(next);
    }
  }
  return false;
}

export function parseComparison(input: FilterInput): Result<Test, string> {
  const left = parseSum(input);
  if (!left.ok) return left;
  const operator = input.peek();
  if (!COMPARISONS.has(operator)) return bad(syntaxError(input));
  input.take();
  const right = parseSum(input);
  if (!right.ok) return right;
  const [first, second] = [left.value, right.value];
  return good((view) => {
    const [a, b] = [first(view), second(view)];
    return a !== null && b !== null && compare(a, operator, b);
  });
}

function compare(a: number, operator: string, b: number): boolean {
  switch (operator) {
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    case ">=":
      return a >= b;
    default:
      return a === b;
  }
}

/** Operators of one rank, left to right; `*`, `/` and `&` bind tighter than the rest, as filters mostly use them. */
function parseSum(input: FilterInput): Result<Value, string> {
  return parseOperators(input, ["+", "-", "|", "^", "<<", ">>"], (each) =>
    parseOperators(each, ["*", "/", "%", "&"], parseTerm),
  );
}

function parseOperators(
  input: FilterInput,
  operators: readonly string[],
  next: (input: FilterInput) => Result<Value, string>,
): Result<Value, string> {
  let left = next(input);
  while (left.ok && operators.includes(input.peek()) && input.peek() !== "") {
    const operator = input.take();
    const first = left.value;
    const right = next(input);
    if (!right.ok) return right;
    const second = right.value;
    left = good((view) => {
      const [a, b] = [first(view), second(view)];
      return a === null || b === null ? null : calculate(a, operator, b);
    });
  }
  return left;
}

function calculate(a: number, operator: string, b: number): number | null {
  switch (operator) {
    case "+":
      return (a + b) >>> 0;
    case "-":
      return (a - b) >>> 0;
    case "*":
      return Math.imul(a, b) >>> 0;
    case "/":
      return b === 0 ? null : Math.floor(a / b);
    case "%":
      return b === 0 ? null : a % b;
    case "&":
      return (a & b) >>> 0;
    case "|":
      return (a | b) >>> 0;
    case "^":
      return (a ^ b) >>> 0;
    case "<<":
      return (a << (b & 31)) >>> 0;
    default:
      return a >>> (b & 31);
  }
}

function parseTerm(input: FilterInput): Result<Value, string> {
  if (++input.nesting > NESTING_MAX) return bad("expression is nested too deeply");
  const value = parseTermInside(input);
  input.nesting--;
  return value;
}

function parseTermInside(input: FilterInput): Result<Value, string> {
  const word = input.take();
  if (word === "(") {
    const inner = parseSum(input);
    if (!inner.ok) return inner;
    return input.accept(")") ? inner : bad(syntaxError(input));
  }
  if (word === "len") return good((view) => view(0).length);
  if (input.peek() === "[") return parseAccess(input, word);
  if (!isNumber(word)) {
    input.at--;
    return bad(syntaxError(input));
  }
  const number = numberOf(word);
  return good(() => number);
}

/** `protocol[offset]` or `protocol[offset:size]`. */
function parseAccess(input: FilterInput, protocol: string): Result<Value, string> {
  const base = baseOf(protocol, input.depth);
  if (base === null) return bad(`can't parse filter expression: unknown protocol '${protocol}'`);
  input.take();
  const offset = parseSum(input);
  if (!offset.ok) return offset;
  let size = 1;
  if (input.accept(":")) size = numberOf(input.take());
  if (size !== 1 && size !== 2 && size !== 4) return bad("can't parse filter expression: data size must be 1, 2, or 4");
  if (!input.accept("]")) return bad(syntaxError(input));
  const at = offset.value;
  return good((view) => {
    const start = base(view);
    const index = at(view);
    if (start === null || index === null) return null;
    const { bytes } = view(0);
    const from = start + index;
    if (from + size > bytes.length) return null;
    return size === 1 ? u8(bytes, from) : size === 2 ? u16(bytes, from) : u32(bytes, from);
  });
}

function baseOf(protocol: string, depth: number): Value | null {
  if (protocol === "ether") return (view) => (view(0).hasEthernet ? 0 : null);
  const type = ETHERTYPES.get(protocol);
  if (type !== undefined) return (view) => (view(depth).etherType === type ? view(depth).network : null);
  const number = IP_PROTOCOLS.get(protocol);
  if (number === undefined) return null;
  return (view) => {
    const packet = view(depth);
    return packet.protocol === number && packet.transport >= 0 ? packet.transport : null;
  };
}
