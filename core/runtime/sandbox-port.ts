/**
 * What the runtime asks of a sandbox: to run programs that nobody trusts, one step at a time and the same way every
 * time. A guest runs until it has nothing left to do but wait for what it asked for; then it is given answers, and runs
 * on. Everything is synchronous. `core/sandbox` implements this; it knows neither system calls nor networks.
 *
 * A guest asks with a number for what is asked, an id for the answer, four more numbers, and bytes. What the numbers
 * mean is agreed between the runtime (operations.ts) and the library that runs in the guest.
 */
import type { Result } from "../base/result.ts";

/** A request, valid during the call it is handed to; one object serves for all of them. */
export interface GuestRequest {
  readonly operation: number;
  /** Of the answer; 0 when it is wanted at once. */
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** A copy of the bytes that came along. */
  bytes(): Uint8Array;
  /** They as text. */
  text(): string;
}

/** Answers to a guest, given by whoever started it. */
export interface GuestHost {
  /** For the guest's `Date`: us since 1970, a whole number. */
  wallClock(): number;
  /** @returns the answer when it is wanted at once; null to stop the guest, which asks for more than there is. */
  request(request: GuestRequest): number | null;
}

/** The answer to an earlier request. */
export interface GuestAnswer {
  readonly operation: number;
  readonly id: number;
  readonly value: number;
  readonly b?: number;
  readonly c?: number;
  readonly bytes?: Uint8Array;
}

export interface GuestFrame {
  /** Empty at the top level of a module. */
  readonly name: string;
  readonly file: string;
  /** From 1, of the TypeScript source. */
  readonly line: number;
  readonly column: number;
}

export type GuestErrorKind =
  /** The module is not valid TypeScript, or imports what does not exist. */
  | "syntax"
  /** An error that nobody caught. */
  | "thrown"
  /** It used up its steps. */
  | "steps"
  /** Its host would not take all the requests it has made. */
  | "requests"
  /** The memory of all programs together is used up. */
  | "memory"
  /** Another program that shares its instance was stopped in the middle of an operation. */
  | "neighbour"
  /** The engine itself broke down. */
  | "sandbox";

export interface GuestError {
  readonly kind: GuestErrorKind;
  /** `TypeError: x is not a function`. */
  readonly message: string;
  /** Innermost first; only frames of the program itself. */
  readonly frames: readonly GuestFrame[];
}

export type GuestState =
  | { readonly kind: "waiting" }
  /** Its main module has come to its end; requests may still be open. */
  | { readonly kind: "finished" }
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "failed"; readonly error: GuestError };

/** One running program. */
export interface Guest {
  /** Runs until nothing is left to do, on the steps that are left. Once it has failed or exited it stays so. */
  run(): GuestState;
  /** Gives it steps, up to the limit that it started with. */
  refill(steps: number): void;
  /** Gives an answer, which takes effect in the next `run`. Ignored once the guest has ended. */
  settle(answer: GuestAnswer): void;
  /** Steps used since the last call: a deterministic measure of work, about one per bytecode and loop turn. */
  takeSteps(): number;
  /** Must be called when nobody runs it any more. */
  dispose(): void;
}

export interface GuestOptions {
  /** TypeScript by path; imports are resolved among these, relative to the importing file. */
  readonly modules: ReadonlyMap<string, string>;
  readonly main: string;
  /** What the library is configured with: plain data. */
  readonly configuration: unknown;
  readonly host: GuestHost;
  readonly limits?: Partial<GuestLimits>;
}

export interface GuestLimits {
  /** Steps that a program may save up; it starts with all of them. */
  readonly stepsMax: number;
  readonly memoryBytesMax: number;
}

/** All guests of one world. Which memory a guest gets depends on the order of starts and ends alone. */
export interface Sandbox {
  start(options: GuestOptions): Result<Guest, GuestError>;
  /** Ends all guests. */
  close(): void;
}

/** One a process: holds the compiled engine, and memories for reuse. */
export interface SandboxEngine {
  open(): Sandbox;
}

/** Most bytes of a request or an answer; the library and engine/calls.c have the same number. */
export const GUEST_PAYLOAD_BYTES = 65_536;
