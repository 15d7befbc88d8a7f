/** The tokens of a filter while it is parsed. */
import type { Hosts } from "../lib/hosts.ts";
import type { Direction } from "./filter-primitives.ts";

export type Kind = "host" | "net" | "port" | "portrange" | "proto";
export type Qualifiers = {
  readonly protocol: string | null;
  readonly direction: Direction;
  readonly kind: Kind;
};

/** Tokens with a cursor, and what parsing changes on its way: the number of VLAN tags passed. */
export class FilterInput {
  readonly tokens: readonly string[];
  readonly hosts: Hosts;
  at = 0;
  depth = 0;
  nesting = 0;
  /** Qualifiers of the primitive before: `port 53 or 80`. */
  last: Qualifiers | null = null;

  constructor(tokens: readonly string[], hosts: Hosts) {
    this.tokens = tokens;
    this.hosts = hosts;
  }

  peek(ahead = 0): string {
    return this.tokens[this.at + ahead] ?? "";
  }

  take(): string {
    return this.tokens[this.at++] ?? "";
  }

  accept(...words: readonly string[]): boolean {
    if (!words.includes(this.peek()) || this.peek() === "") return false;
    this.at++;
    return true;
  }
}

export function syntaxError(input: FilterInput): string {
  const token = input.peek();
  return `can't parse filter expression: syntax error${token === "" ? " at the end" : ` at '${token}'`}`;
}
