/**
 * The filter of ss: `state established`, `exclude listening`, then an expression such as
 * `( dport = :80 or sport = :80 ) and dst 10.0.0.0/24`. Left out: `autobound`, `fwmark`, `cgroup`, `dev`.
 */
import { bad, good, type Result } from "../../base/result.ts";
import type { SocketInfo } from "../../kernel/syscall/netlink.ts";
import { maskOf, parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import type { Hosts } from "../lib/hosts.ts";
import { parsePortName } from "../lib/services.ts";
import { FILTER_TOKENS_MAX, NESTING_MAX } from "../limits.ts";

export type SocketTest = (socket: SocketInfo) => boolean;

const CONNECTED = "ESTAB SYN-SENT SYN-RECV FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSE-WAIT LAST-ACK CLOSING".split(" ");
export const ALL_STATES: readonly string[] = [...CONNECTED, "LISTEN", "UNCONN"];

const without = (states: readonly string[], ...left: string[]): readonly string[] =>
  states.filter((state) => !left.includes(state));

/** Names on the command line to the states they stand for. */
const STATE_NAMES = new Map<string, readonly string[]>([
  ["established", ["ESTAB"]],
  ["syn-sent", ["SYN-SENT"]],
  ["syn-recv", ["SYN-RECV"]],
  ["fin-wait-1", ["FIN-WAIT-1"]],
  ["fin-wait-2", ["FIN-WAIT-2"]],
  ["time-wait", ["TIME-WAIT"]],
  ["closed", ["UNCONN"]],
  ["unconnected", ["UNCONN"]],
  ["close-wait", ["CLOSE-WAIT"]],
  ["last-ack", ["LAST-ACK"]],
  ["listening", ["LISTEN"]],
  ["listen", ["LISTEN"]],
  ["closing", ["CLOSING"]],
  ["all", ALL_STATES],
  ["connected", CONNECTED],
  ["synchronized", without(CONNECTED, "SYN-SENT")],
  ["bucket", ["SYN-RECV", "TIME-WAIT"]],
  ["big", without(ALL_STATES, "SYN-RECV", "TIME-WAIT")],
]);

/** What ss shows of each protocol when no state is asked for. */
export const TCP_DEFAULT_STATES = without(CONNECTED, "TIME-WAIT", "SYN-RECV");

export interface SsFilter {
  /** Null when no state was named. */
  readonly states: ReadonlySet<string> | null;
  readonly test: SocketTest;
}

/** @returns the filter, or what is wrong with it as ss says it. */
export function parseSsFilter(words: readonly string[], hosts: Hosts): Result<SsFilter, string> {
  let states: Set<string> | null = null;
  let at = 0;
  for (; words[at] === "state" || words[at] === "exclude"; at += 2) {
    const named = STATE_NAMES.get((words[at + 1] ?? "").toLowerCase());
    if (named === undefined) return bad(`ss: wrong state name: ${words[at + 1] ?? ""}`);
    const isExcluded = words[at] === "exclude";
    states ??= new Set(isExcluded ? ALL_STATES : []);
    for (const state of named) {
      if (isExcluded) states.delete(state);
      else states.add(state);
    }
  }
  const tokens = words.slice(at).join(" ").match(TOKEN) ?? [];
  if (tokens.length === 0) return good({ states, test: () => true });
  if (tokens.length > FILTER_TOKENS_MAX) return bad("ss: filter is too long");
  const test = new Expression(tokens, hosts).parse();
  return test === null
    ? bad('ss: bison bellows (while parsing filter): "syntax error!" Sorry.')
    : good({ states, test });
}

const TOKEN = /[()]|!=|==|>=|<=|&&|\|\||[!&|=<>]|[^\s()!=<>&|]+/g;

const COMPARISONS = new Map<string, (a: number, b: number) => boolean>();
for (const [names, compare] of [
  ["= == eq is", (a: number, b: number): boolean => a === b],
  ["!= ne neq not", (a: number, b: number): boolean => a !== b],
  [">= ge geq", (a: number, b: number): boolean => a >= b],
  ["<= le leq", (a: number, b: number): boolean => a <= b],
  ["> gt", (a: number, b: number): boolean => a > b],
  ["< lt", (a: number, b: number): boolean => a < b],
] as const) {
  for (const name of names.split(" ")) COMPARISONS.set(name, compare);
}

/** Recursive descent: or binds less than and, and two terms side by side mean and. Null for what makes no sense. */
class Expression {
  readonly #tokens: readonly string[];
  readonly #hosts: Hosts;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[], hosts: Hosts) {
    this.#tokens = tokens;
    this.#hosts = hosts;
  }

  parse(): SocketTest | null {
    const test = this.#or();
    return this.#at === this.#tokens.length ? test : null;
  }

  #next(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(...wanted: string[]): boolean {
    const found = wanted.includes(this.#next() ?? "");
    if (found) this.#at++;
    return found;
  }

  #or(): SocketTest | null {
    const terms: SocketTest[] = [];
    do {
      const term = this.#and();
      if (term === null) return null;
      terms.push(term);
    } while (this.#take("or", "|", "||"));
    return (socket) => terms.some((term) => term(socket));
  }

  #and(): SocketTest | null {
    const terms: SocketTest[] = [];
    for (;;) {
      const term = this.#term();
      if (term === null) return null;
      terms.push(term);
      const isLinked = this.#take("and", "&", "&&");
      const next = this.#next();
      if (!isLinked && (next === undefined || next === ")" || next === "or" || next.startsWith("|"))) break;
    }
    return (socket) => terms.every((term) => term(socket));
  }

  #term(): SocketTest | null {
    if (++this.#depth > NESTING_MAX) return null;
    if (this.#take("not", "!")) {
      const term = this.#term();
      return term === null ? null : (socket) => !term(socket);
    }
    if (this.#take("(")) {
      const inner = this.#or();
      return inner !== null && this.#take(")") ? inner : null;
    }
    const word = this.#tokens[this.#at++] ?? "";
    if (word === "sport" || word === "dport") return this.#port(word === "sport" ? "local" : "peer");
    if (word === "src" || word === "dst") return this.#host(word === "src" ? "local" : "peer");
    return null;
  }

  #comparison(): ((a: number, b: number) => boolean) | null {
    const compare = COMPARISONS.get(this.#next() ?? "") ?? null;
    if (compare !== null) this.#at++;
    return compare;
  }

  #port(side: "local" | "peer"): SocketTest | null {
    const compare = this.#comparison();
    const port = parsePortName((this.#tokens[this.#at++] ?? "").replace(/^\*?:/, ""));
    if (compare === null || port === null) return null;
    return (socket) => compare(socket[side].port, port);
  }

  /** `10.0.0.1`, `10.0.0.0/24`, `h2:80`, `:80`, `*`. */
  #host(side: "local" | "peer"): SocketTest | null {
    const compare = this.#comparison() ?? ((a: number, b: number): boolean => a === b);
    const word = this.#tokens[this.#at++];
    const match = /^([^:/]*)(?:\/(\d{1,2}))?(?::(.*))?$/.exec(word ?? "");
    if (word === undefined || match === null) return null;
    const [, host = "", length = "32", portText = "*"] = match;
    const prefix = this.#prefix(host, Number(length));
    const port = portText === "*" || portText === "" ? -1 : parsePortName(portText);
    if (prefix === null || port === null) return null;
    const { network, mask } = prefix;
    return (socket) => {
      const end = socket[side];
      const isThere = (end.address & mask) >>> 0 === network && (port < 0 || end.port === port);
      return compare(Number(isThere), 1);
    };
  }

  #prefix(host: string, length: number): { network: number; mask: number } | null {
    if (length > 32) return null;
    if (host === "" || host === "*") return { network: 0, mask: 0 };
    const literal = parseIpv4(host);
    const address: Ipv4Address | null = literal.ok ? literal.value : this.#hosts.resolve(host);
    const mask = maskOf(length);
    return address === null ? null : { network: (address & mask) >>> 0, mask };
  }
}
