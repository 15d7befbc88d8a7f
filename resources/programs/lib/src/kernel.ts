/**
 * The lowest layer of the library, started before any program: it talks to the host through one page of memory, keeps
 * the promises that wait for an answer, and takes away what two runs would not see alike. Programs cannot import it.
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

type Settler = (value: unknown) => void;
/** A tuple is made faster than an object with names. */
type Waiting = readonly [
  resolve: Settler,
  reject: Settler,
  finish: (value: number, context: unknown) => unknown,
  context: unknown,
];

export type Data = string | Uint8Array;

const globals = globalThis as unknown as {
  lastackHost?: (text?: string) => unknown;
  lastackBoot?: string;
};
const callHost = globals.lastackHost as (text?: string) => unknown;
const boot = JSON.parse(globals.lastackBoot as string) as Boot;
delete globals.lastackHost;
delete globals.lastackBoot;

export const OPERATION = Object.freeze(boot.operations);

// The page: eight numbers, then bytes. Of the numbers, 0 is the operation, 1 the id of the answer, 2 to 5 are a to d,
// and 6 is how many bytes come along (GUEST_PAGE in core/runtime/sandbox-port.ts). They stand here as they are: a name
// would be looked up at every access.
const HEADER_BYTES = 64;
/** Most bytes of one request or answer. */
export const PAYLOAD_BYTES = 65_536;
const BUILTIN = { encode: 1, decode: 2, bareError: 3, exit: 4 } as const;
/** A string of this many UTF-16 units fits whatever they are. */
export const TEXT_UNITS_MAX = Math.floor(PAYLOAD_BYTES / 3);

export const page = new ArrayBuffer(HEADER_BYTES + PAYLOAD_BYTES);
const slots = sealed(new Float64Array(page, 0, 8), {});
const payload = sealed(new Uint8Array(page, HEADER_BYTES), {
  set: Uint8Array.prototype.set,
  slice: Uint8Array.prototype.slice,
});
const NativePromise = Promise;
const NativeTypeError = TypeError;
const NativeBytes = Uint8Array;
const { setPrototypeOf, defineProperty } = Object;
const parse = JSON.parse;

/** Cuts an object off from prototypes that programs can change. */
function sealed<T extends object>(object: T, methods: object): T {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(object, name, { value });
  return Object.setPrototypeOf(object, null) as T;
}

/** Asks something that is answered at once. */
export function ask(operation: number, a = 0, b = 0): number {
  slots[0] = operation;
  slots[1] = 0;
  slots[2] = a;
  slots[3] = b;
  slots[6] = 0;
  callHost();
  return slots[2] as number;
}

/** Hands over a text, at once. */
export function tell(operation: number, text: string, a = 0): void {
  slots[0] = operation;
  slots[1] = 0;
  slots[2] = a;
  callHost(text);
}

// Promises that wait for an answer, by the id of their request.
const waiting = sealed(new Map<number, Waiting>(), {
  get: Map.prototype.get,
  set: Map.prototype.set,
  delete: Map.prototype.delete,
});
let lastId = 0;

let newResolve: Settler = () => undefined;
let newReject: Settler = () => undefined;

/** One executor for all promises: a closure for each would cost as much as the promise. */
function takeSettlers(resolve: (value: never) => void, reject: Settler): void {
  newResolve = resolve as Settler;
  newReject = reject;
}

/**
 * Asks something that is answered later; a negative answer is an errno. `finish` makes the result of the answer's value
 * and of `context`. The numbers are plain numbers, those left out arrive as 0, and the data is at most PAYLOAD_BYTES
 * long: who exports a function to programs checks.
 */
export function request<T, C>(
  operation: number,
  finish: (value: number, context: C) => T,
  context: C,
  data: Data | undefined,
  a?: number,
  b?: number,
  c?: number,
  d?: number,
): Promise<T> {
  const id = ++lastId;
  slots[0] = operation;
  slots[1] = id;
  slots[2] = a as number;
  slots[3] = b as number;
  slots[4] = c as number;
  slots[5] = d as number;
  if (typeof data === "string") callHost(data);
  else {
    slots[6] = 0;
    if (data !== undefined) {
      payload.set(data);
      slots[6] = data.length;
    }
    callHost();
  }
  const promise = new NativePromise<T>(takeSettlers);
  waiting.set(id, [newResolve, newReject, finish as Waiting[2], context]);
  return promise;
}

/** Called by the host: the answer to a request lies in the page. */
export function settle(): void {
  const id = slots[1] as number;
  const value = slots[2] as number;
  const entry = waiting.get(id);
  if (entry === undefined) return;
  waiting.delete(id);
  if (value >= 0) entry[0](entry[2](value, entry[3]));
  else entry[1](systemError(value, operationName(slots[0] as number)));
}

// What `finish` functions are made of

export const nothing = (): void => undefined;
export const asIs = (value: number): number => value;
export const answeredBytes = (length: number): Uint8Array => payload.slice(0, length);
export const answerB = (): number => slots[3] as number;
export const answerC = (): number => slots[4] as number;
export function answeredText(): string {
  slots[0] = BUILTIN.decode;
  return callHost() as string;
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
  slots[0] = 3;
  const error = setPrototypeOf(callHost(), SystemError.prototype) as SystemError;
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

/** UTF-8 of a string. */
export function encode(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const part of pieces(text)) {
    slots[0] = BUILTIN.encode;
    callHost(part);
    parts.push(payload.slice(0, slots[6]));
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts);
}

/** A string in parts that fit into the page; pairs of surrogates stay together. */
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

/** Text of UTF-8 bytes. */
export function decode(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  do {
    let end = Math.min(bytes.length, at + PAYLOAD_BYTES);
    // Not in the middle of a character: back to a byte that begins one.
    for (let back = 0; back < 3 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80; back++) end--;
    payload.set(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    slots[0] = BUILTIN.decode;
    slots[6] = end - at;
    text += callHost() as string;
    at = end;
  } while (at < bytes.length);
  return text;
}

export function exit(status: number): never {
  slots[0] = BUILTIN.exit;
  slots[2] = status;
  callHost();
  throw new NativeTypeError("the program has ended");
}

// Configuration

let configuration: Configuration | null = null;
const listeners: ((configuration: Configuration) => void)[] = [];

/** Called by the host before the program starts: its configuration lies in the page, as JSON. */
export function configure(): void {
  configuration = parse(answeredText()) as Configuration;
  for (const listener of listeners) listener(configuration);
}

export function onConfigure(listener: (configuration: Configuration) => void): void {
  listeners.push(listener);
  if (configuration !== null) listener(configuration);
}

// Seeded by the machine the program runs on, as /dev/urandom is.
Math.random = () => ask(OPERATION["random"] as number);
