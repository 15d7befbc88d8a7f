/** Module `lastack`: the program's surroundings. What each function does is said in lastack.d.ts. */
import { bytesOf, natural, string } from "./check.ts";
import {
  ask,
  exit as exitNow,
  nothing,
  onConfigure,
  OPERATION,
  pieces,
  request,
  tell,
  decode as decodeBytes,
  encode as encodeText,
} from "./kernel.ts";

export { SystemError } from "./kernel.ts";

export const encode = (text: string): Uint8Array => encodeText(string(text, "encode: the text"));
export const decode = (bytes: Uint8Array): string => decodeBytes(bytesOf(bytes, "decode"));

export let host = "";
export let args: readonly string[] = [];

onConfigure((configuration) => {
  host = configuration.host;
  args = Object.freeze(configuration.args);
});

const {
  now: NOW,
  sleep: SLEEP,
  random: RANDOM,
  print: PRINT,
  state: STATE,
  decide: DECIDE,
} = OPERATION as Record<"now" | "sleep" | "random" | "print" | "state" | "decide", number>;
const NS_PER_MS = 1e6;

export const now = (): number => ask(NOW) / NS_PER_MS;

export function sleep(milliseconds: number): Promise<void> {
  if (typeof milliseconds !== "number" || !(milliseconds >= 0)) {
    throw new TypeError(`sleep: the time is ${String(milliseconds)}, not a number of milliseconds`);
  }
  return request(SLEEP, nothing, undefined, undefined, Math.round(Math.min(milliseconds, 1e9) * NS_PER_MS));
}

export const random = (): number => ask(RANDOM);

export function randomInt(bound: number): number {
  const below = natural(bound, "randomInt: the bound");
  if (below === 0) throw new TypeError("randomInt: the bound is 0");
  return Math.floor(ask(RANDOM) * below);
}

const STDOUT = 1;
const STDERR = 2;

export function print(...values: unknown[]): void {
  write(STDOUT, values);
}

export function printError(...values: unknown[]): void {
  write(STDERR, values);
}

function write(fd: number, values: unknown[]): void {
  for (const piece of pieces(`${values.map(show).join(" ")}\n`)) tell(PRINT, piece, fd);
}

/** A value as a person wants to read it. */
function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return String(value);
  if (value instanceof Map || value instanceof Set) return JSON.stringify([...value]);
  if (value instanceof Uint8Array) return `Uint8Array(${value.length}) [${value.join(", ")}]`;
  return JSON.stringify(value) ?? String(value);
}

export function state(name: string, about = ""): void {
  tell(STATE, pairOf(string(name, "state: the name"), string(about, "state: what it is about")));
}

export function decide(value: string, about = ""): void {
  tell(DECIDE, pairOf(string(value, "decide: the decision"), string(about, "decide: what it is about")));
}

/** Two short texts in one; neither may hold a NUL. */
const pairOf = (first: string, second: string): string => `${first.slice(0, 200)}\0${second.slice(0, 200)}`;

export function exit(status = 0): never {
  exitNow(natural(status, "exit: the status"));
}

const console = {
  log: print,
  info: print,
  debug: print,
  warn: printError,
  error: printError,
};

class Utf8Encoder {
  readonly encoding = "utf-8";

  encode(text = ""): Uint8Array {
    return encode(text);
  }
}

Object.assign(globalThis, { console, TextEncoder: Utf8Encoder });
