/** What the parts of ip(8) share: global options, the words left, output in lines or JSON, and its errors. */
import { bad, good, type Result } from "../../base/result.ts";
import { strerror } from "../../kernel/syscall/errno.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { parseCidr, parseIpv4, type Cidr } from "../../wire/address.ts";
import { print, warn } from "../lib/output.ts";

export type IpOptions = {
  /** Times -s was given. */
  readonly statistics: number;
  readonly brief: boolean;
  readonly oneLine: boolean;
  readonly json: boolean;
  readonly details: boolean;
};

/** Words consumed one after the other. */
export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /** The next word; undefined at the end. */
  next(): string | undefined {
    return this.#words[this.#at++];
  }

  peek(): string | undefined {
    return this.#words[this.#at];
  }

  skip(): void {
    this.#at++;
  }
}

/** iproute2 takes any abbreviation, and of several the first in its own order. */
export function complete<T extends string>(word: string, known: readonly T[]): T | null {
  return known.find((each) => each === word) ?? known.find((each) => word !== "" && each.startsWith(word)) ?? null;
}

/** Exit status 255: the command line is wrong. */
export function* wrongUse(sys: Sys, message: string): Call<number> {
  yield* warn(sys, `${message}\n`);
  return 255;
}

/** Exit status 2: the kernel refused. */
export function* refused(sys: Sys, error: number, text?: string): Call<number> {
  yield* warn(sys, `${text ?? `RTNETLINK answers: ${strerror(error)}`}\n`);
  return 2;
}

export function* noDevice(sys: Sys, device: string): Call<number> {
  yield* warn(sys, `Cannot find device "${device}"\n`);
  return 1;
}

/** `10.0.0.1/24`, or an address alone, which is a /32. `default` is 0.0.0.0/0. */
export function parsePrefix(text: string): Result<Cidr, string> {
  if (text === "default" || text === "any" || text === "all") {
    return good({ address: 0 as Cidr["address"], prefixLength: 0 });
  }
  const cidr = parseCidr(text);
  if (cidr.ok) return cidr;
  const address = parseIpv4(text);
  if (address.ok) return good({ address: address.value, prefixLength: 32 });
  return bad(`Error: any valid prefix is expected rather than "${text}".`);
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One line, as `ip -j` prints it. */
export function printJson(sys: Sys, value: Json): Call<number> {
  return print(sys, `${JSON.stringify(value)}\n`);
}
