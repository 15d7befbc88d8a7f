/** An answer as curl reads it (RFC 9112, sections 4, 6, 7): its head, and its body by length, by chunks, to the end. */
import { strerror, E } from "../../kernel/syscall/errno.ts";
import type { Call } from "../../kernel/syscall/sys.ts";
import { HTTP_HEAD_BYTES_MAX } from "../limits.ts";
import type { CurlConnection } from "./curl-connection.ts";
import { endOfHead, headLines, latin1, valuesOf, wordsOf, type Fields } from "./http-message.ts";

/** curl's exit status and message; an empty one says nothing. */
export interface CurlError {
  readonly status: number;
  readonly message: string;
}

export interface Head {
  readonly raw: Uint8Array;
  readonly lines: readonly string[];
  /** `1.1`. */
  readonly version: string;
  readonly status: number;
  readonly fields: Fields;
}

/** What a transfer was told of time: for the message when it is over. */
export interface Clock {
  readonly deadline: number;
  /** ms since the transfer began. */
  elapsed(): number;
}

export const isError = (value: object | number): value is CurlError => typeof value === "object" && "message" in value;

function readError(result: number, clock: Clock, received: { bytes: number; total: number }): CurlError {
  if (result === -E.EAGAIN) {
    const out = received.total < 0 ? "" : ` out of ${received.total}`;
    const what = `with ${received.bytes}${out} bytes received`;
    return { status: 28, message: `Operation timed out after ${clock.elapsed()} milliseconds ${what}` };
  }
  return { status: 56, message: `Recv failure: ${strerror(result)}` };
}

const STATUS_LINE = /^HTTP\/(\d\.\d) (\d{3})(?: .*)?$/;

/** Reads up to the empty line. Interim answers (1xx) are the caller's to skip. */
export function* readHead(connection: CurlConnection, clock: Clock): Call<Head | CurlError> {
  for (;;) {
    const end = endOfHead(connection.buffered);
    if (end >= 0) return parseHead(connection.take(end));
    const { buffered } = connection;
    const start = latin1(buffered.subarray(0, 5));
    if (buffered.length > 0 && !"HTTP/".startsWith(start)) {
      return { status: 1, message: "Received HTTP/0.9 when not allowed" };
    }
    if (buffered.length > HTTP_HEAD_BYTES_MAX * 12) {
      return { status: 56, message: `Too large response headers: ${buffered.length} > ${HTTP_HEAD_BYTES_MAX * 12}` };
    }
    const count = yield* connection.fill(clock.deadline);
    if (count < 0) return readError(count, clock, { bytes: 0, total: 0 });
    if (count === 0) {
      return buffered.length === 0
        ? { status: 52, message: "Empty reply from server" }
        : { status: 56, message: "Recv failure: Connection reset by peer" };
    }
  }
}

function parseHead(raw: Uint8Array): Head | CurlError {
  const lines = headLines(raw);
  const [, version, status] = STATUS_LINE.exec(lines[0] ?? "") ?? [];
  if (version === undefined || status === undefined) {
    return { status: 1, message: "Received HTTP/0.9 when not allowed" };
  }
  const fields = lines.slice(1).map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, Math.max(0, at)).trim().toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  return { raw, lines, version, status: Number(status), fields };
}

/** Whether the connection can serve another request after this answer. */
export function staysOpen(head: Head): boolean {
  const words = wordsOf(head.fields, "connection");
  if (head.version === "1.0") return words.includes("keep-alive");
  return !words.includes("close");
}

/** Takes pieces of the body. @returns null, or why it cannot take more. */
export type Sink = (bytes: Uint8Array) => Call<CurlError | null>;

type Body = { readonly connection: CurlConnection; readonly clock: Clock; readonly sink: Sink };

/** @returns whether the end was marked, so that the connection may go on; or what went wrong. */
export function* readBody(head: Head, body: Body): Call<boolean | CurlError> {
  if (wordsOf(head.fields, "transfer-encoding").includes("chunked")) return yield* readChunks(body);
  const [text] = valuesOf(head.fields, "content-length");
  if (text === undefined) return yield* readToEnd(body);
  if (!/^\d{1,15}$/.test(text)) return { status: 8, message: `Invalid Content-Length: value` };
  return (yield* readLength(body, Number(text))) ?? true;
}

function* readToEnd({ connection, clock, sink }: Body): Call<boolean | CurlError> {
  let bytes = 0;
  for (;;) {
    const piece = connection.take(connection.buffered.length);
    bytes += piece.length;
    const refused = piece.length === 0 ? null : yield* sink(piece);
    if (refused !== null) return refused;
    const count = yield* connection.fill(clock.deadline);
    if (count < 0) return readError(count, clock, { bytes, total: -1 });
    if (count === 0) return false;
  }
}

/** @returns null when all came. */
function* readLength({ connection, clock, sink }: Body, length: number): Call<CurlError | null> {
  let left = length;
  while (left > 0) {
    const piece = connection.take(Math.min(left, connection.buffered.length));
    left -= piece.length;
    const refused = piece.length === 0 ? null : yield* sink(piece);
    if (refused !== null) return refused;
    if (left === 0) break;
    const count = yield* connection.fill(clock.deadline);
    if (count < 0) return readError(count, clock, { bytes: length - left, total: length });
    if (count === 0) return { status: 18, message: `transfer closed with ${left} bytes remaining to read` };
  }
  return null;
}

const CHUNK_LINE_BYTES_MAX = 1024;
const BAD_CHUNK: CurlError = {
  status: 56,
  message: "Illegal or missing hexadecimal sequence in chunked-encoding",
};

/** Section 7.1: a size in hexadecimal, so many bytes, and so on up to size 0; then trailers, which nobody wants. */
function* readChunks(body: Body): Call<boolean | CurlError> {
  for (;;) {
    const line = yield* readLine(body);
    if (typeof line !== "string") return line;
    const [, digits] = /^\s*([0-9A-Fa-f]{1,12})\s*(?:;.*)?$/.exec(line) ?? [];
    if (digits === undefined) return BAD_CHUNK;
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    const failure = yield* readLength(body, size);
    if (failure !== null) return failure.status === 18 ? OUTSTANDING : failure;
    const end = yield* readLine(body);
    if (typeof end !== "string") return end;
    if (end !== "") return BAD_CHUNK;
  }
  for (;;) {
    const trailer = yield* readLine(body);
    if (typeof trailer !== "string") return trailer;
    if (trailer === "") return true;
  }
}

const OUTSTANDING: CurlError = { status: 18, message: "transfer closed with outstanding read data remaining" };

function* readLine({ connection, clock }: Body): Call<string | CurlError> {
  for (;;) {
    const at = connection.buffered.indexOf(10);
    if (at >= 0) return latin1(connection.take(at + 1)).replace(/\r?\n$/, "");
    if (connection.buffered.length > CHUNK_LINE_BYTES_MAX) return BAD_CHUNK;
    const count = yield* connection.fill(clock.deadline);
    if (count < 0) return readError(count, clock, { bytes: 0, total: -1 });
    if (count === 0) return OUTSTANDING;
  }
}
