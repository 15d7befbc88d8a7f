/**
 * The lowest layer of the library, started before any program: what it shares with the engine, which keeps the promises
 * that wait for an answer (core/sandbox/engine). It takes away what two runs would not see alike. Programs
 * cannot import it.
 *
 * A program may change any global object, so nothing here looks one up after the start: what is called on the way to
 * the host is held in constants, or is an own property of an object that programs never see.
 */

interface Boot {
  readonly operations: Readonly<Record<string, number>>;
  /** Number, symbol and text of each errno. */
  readonly errors: readonly (readonly [number: number, symbol: string, text: string])[];
}

export interface Configuration {
  readonly host: string;
  readonly args: readonly string[];
}

/** Makes the result of an answer's value and of the request's context: a function, or a number below. */
export type Finish<T, C = unknown> = ((value: number, context: C) => T) | (number & { readonly result?: T });

export type Data = string | Uint8Array;

/** The engine's half. */
interface Native {
  /** Plain data, as JSON. */
  readonly boot: string;
  readonly ask: (operation: number, a?: number, b?: number) => number;
  readonly tell: (operation: number, text: string, a?: number) => void;
  readonly request: <T, C>(
    operation: number,
    finish: Finish<T, C>,
    context: C,
    data: Data | undefined,
    a?: number,
    b?: number,
    c?: number,
    d?: number,
  ) => Promise<T>;
  readonly answeredBytes: () => Uint8Array;
  readonly answeredText: () => string;
  readonly answerB: () => number;
  readonly answerC: () => number;
  readonly encode: (text: string) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => string;
  /** An error that gets its stack where it is thrown next. */
  readonly bareError: () => Error;
  readonly exit: (status: number) => never;
  readonly serve: (makeError: (errno: number, operation: number) => Error, configure: () => void) => void;
}

const globals = globalThis as unknown as { lastackHost?: Native };
const native = globals.lastackHost as Native;
delete globals.lastackHost;

export const {
  /** Asks something that is answered at once. */
  ask,
  /** Hands over a text, which nobody waits for. */
  tell,
  /**
   * Asks something that is answered later; a negative answer is an errno. The numbers are plain numbers, those left out
   * arrive as 0, and the data is at most PAYLOAD_BYTES long: who exports a function to programs checks.
   */
  request,
  // What `finish` functions are made of: the answer that is being given
  answeredBytes,
  answeredText,
  answerB,
  answerC,
  /** UTF-8 of a string. */
  encode,
  /** Text of UTF-8 bytes. */
  decode,
} = native;
export const exit: (status: number) => never = native.exit;

/** Most bytes of one request or answer (GUEST_PAYLOAD_BYTES in core/runtime/sandbox-port.ts). */
export const PAYLOAD_BYTES = 65_536;
/** A string of this many UTF-16 units fits whatever they are. */
export const TEXT_UNITS_MAX = Math.floor(PAYLOAD_BYTES / 3);

// Results that the engine makes by itself; calls.c has the same numbers.
export const nothing = 0 as Finish<void>;
/** The answer's value. */
export const asIs = 1 as Finish<number>;
/** The bytes that came with it. */
export const itsBytes = 2 as Finish<Uint8Array>;

const boot = JSON.parse(native.boot) as Boot;
export const OPERATION = Object.freeze(boot.operations);

const NativePromise = Promise;
const NativeBytes = Uint8Array;
const { setPrototypeOf, defineProperty } = Object;
const parse = JSON.parse;

/** Cuts an object off from prototypes that programs can change. */
function sealed<T extends object>(object: T, methods: object): T {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(object, name, { value });
  return Object.setPrototypeOf(object, null) as T;
}

// Errors

export class SystemError extends Error {
  override name = "SystemError";
  code = "";
  errno = 0;
  call = "";
}

const errors = sealed(new Map(boot.errors.map(([number, symbol, text]) => [number, { symbol, text }])), {
  get: Map.prototype.get,
});
const names = sealed(new Map(Object.entries(boot.operations).map(([name, number]) => [number, name])), {
  get: Map.prototype.get,
});

const operationName = (operation: number): string => names.get(operation) ?? "call";

/** An error that gets its stack where it is thrown next: at the `await` in the program. */
export function systemError(errno: number, call: string): SystemError {
  const number = errno < 0 ? -errno : errno;
  const { symbol, text } = errors.get(number) ?? { symbol: `E${number}`, text: `error ${number}` };
  const error = setPrototypeOf(native.bareError(), SystemError.prototype) as SystemError;
  const put = (name: string, value: unknown): void => {
    defineProperty(error, name, { value, writable: true, configurable: true });
  };
  put("name", "SystemError");
  put("message", `${call}: ${text} (${symbol})`);
  put("code", symbol);
  put("errno", number);
  put("call", call);
  return error;
}

/** A promise of the library for a program: an error of a step in here is raised anew at the program's `await`. */
export function outward<T>(inner: Promise<T>): Promise<T> {
  return new NativePromise<T>((resolve, reject) => {
    inner.then(resolve, (error: unknown) => {
      reject(error instanceof SystemError ? systemError(error.errno, error.call) : error);
    });
  });
}

// Text and bytes

/** A string in parts that fit into a request; pairs of surrogates stay together. */
export function pieces(text: string): string[] {
  if (text.length <= TEXT_UNITS_MAX) return [text];
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + TEXT_UNITS_MAX);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last < 0xdc00) end--;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new NativeBytes(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// Configuration

let configuration: Configuration | null = null;
const listeners: ((configuration: Configuration) => void)[] = [];

/** Called before the program starts: its configuration is the answer, as JSON. */
function configure(): void {
  configuration = parse(answeredText()) as Configuration;
  for (const listener of listeners) listener(configuration);
}

export function onConfigure(listener: (configuration: Configuration) => void): void {
  listeners.push(listener);
  if (configuration !== null) listener(configuration);
}

native.serve((errno, operation) => systemError(errno, operationName(operation)), configure);

// Seeded by the machine the program runs on, as /dev/urandom is.
Math.random = () => ask(OPERATION["random"] as number);
