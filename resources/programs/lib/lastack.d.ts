/**
 * LastAck's library for the programs that run on its hosts. A program is a TypeScript module; it may import other files
 * by relative path (`import { f } from "./other.ts"`) and the modules declared here.
 *
 * Time in a program is virtual: it passes while the program waits, and never by itself. Every function that has to wait
 * for the machine returns a promise: write `await`. Several calls may be under way at once (`Promise.all`, or functions
 * that are not awaited); they are made in the order in which they were begun. Calls that fail throw a `SystemError`.
 */
declare module "lastack" {
  /** Name of the host that the program runs on. */
  export const host: string;
  /** Arguments of the program. */
  export const args: readonly string[];

  /** Virtual time in milliseconds since the lab was switched on, with a fraction down to the nanosecond. */
  export function now(): number;
  /** Waits for so many milliseconds of virtual time; fractions count. */
  export function sleep(milliseconds: number): Promise<void>;

  /** A random number from 0 up to, but not including, 1. The lab's seed decides it; so does it `Math.random()`. */
  export function random(): number;
  /** A random whole number from 0 up to, but not including, `bound`. */
  export function randomInt(bound: number): number;

  /** Prints a line on the program's terminal; values other than strings as JSON. `console.log` does the same. */
  export function print(...values: unknown[]): void;
  /** The same, as standard error. */
  export function printError(...values: unknown[]): void;

  /**
   * Tells the lab which state of its state machine the program is in now, such as `state("READY", "transaction 7")`. It
   * is drawn at the host and kept in the trace.
   * @param about what is in that state, when there are several things at once.
   */
  export function state(name: string, about?: string): void;
  /**
   * Tells the lab that the program has decided something for good, such as `decide("COMMIT", "transaction 7")`. Checks
   * look at decisions: all that are about the same thing have to agree.
   */
  export function decide(value: string, about?: string): void;

  /** Ends the program at once. A status other than 0 says that it failed. */
  export function exit(status?: number): never;

  /** UTF-8 bytes of a text. */
  export function encode(text: string): Uint8Array;
  /** Text of UTF-8 bytes. */
  export function decode(bytes: Uint8Array): string;

  /** What a call throws when the machine says no, as `errno` does in C. */
  export class SystemError extends Error {
    /** Symbol of the error, such as `"ECONNREFUSED"`. */
    readonly code: string;
    /** Its number in Linux. */
    readonly errno: number;
    /** Name of the call that failed, such as `"connect"`. */
    readonly call: string;
  }
}

/** Prints lines, as `print` and `printError` of module `lastack` do. */
declare const console: {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
};
