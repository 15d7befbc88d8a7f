/**
 * Messages of HTTP/1.1 as bytes (RFC 9112): where a head ends, its lines, the names of statuses and types. What comes
 * from the net is bounded and checked here, for server and client alike. Left out: HTTP/2, HTTP/0.9, trailers' meaning.
 */
import { SECOND } from "../../base/time.ts";
import { civilTime } from "../lib/format.ts";
import { HTTP_FIELDS_MAX, HTTP_HEAD_BYTES_MAX } from "../limits.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Header fields by name in lower case, in order. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** All values of a field. */
export const valuesOf = (fields: Fields, name: string): string[] =>
  fields.filter(([each]) => each === name).map(([, value]) => value);

/** Words of a list field such as Connection, in lower case. */
export const wordsOf = (fields: Fields, name: string): string[] =>
  valuesOf(fields, name)
    .join(",")
    .toLowerCase()
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

/**
 * Index behind the empty line that ends a head. A bare LF ends a line too, as section 2.2 allows: people type requests.
 * @returns -1 when it has not come yet.
 */
export function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    const next = bytes[at + 1] === CARRIAGE_RETURN ? at + 2 : at + 1;
    if (bytes[next] === LINE_FEED) return next + 1;
    if (at > HTTP_HEAD_BYTES_MAX) return -1;
  }
  return -1;
}

/** Octets as characters of the same number: fields are no UTF-8 by right. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Lines of a head without its empty last one. */
export const headLines = (head: Uint8Array): string[] => latin1(head).split(/\r?\n/).slice(0, -2);

const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
// A field may hold anything but control characters; a tab is no such thing here.

const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Null for what is no header: spaces before the colon, folded lines, control characters (section 5). */
export function parseFields(lines: readonly string[]): Fields | null {
  if (lines.length > HTTP_FIELDS_MAX) return null;
  const fields: (readonly [string, string])[] = [];
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined || CONTROL.test(value)) return null;
    fields.push([name.toLowerCase(), value]);
  }
  return fields;
}

/** How long a body is: bytes, "chunked", or what is wrong. Undefined when nothing says so. */
export function bodyLength(fields: Fields): number | "chunked" | "bad" | undefined {
  const lengths = new Set(valuesOf(fields, "content-length").flatMap((value) => value.split(/\s*,\s*/)));
  const codings = wordsOf(fields, "transfer-encoding");
  if (codings.length > 0) {
    // Both at once is how requests are smuggled past a proxy (section 6.1).
    return lengths.size > 0 || codings.length > 1 || codings[0] !== "chunked" ? "bad" : "chunked";
  }
  const [length] = lengths;
  if (length === undefined) return undefined;
  return lengths.size === 1 && /^\d{1,15}$/.test(length) ? Number(length) : "bad";
}

export const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: "OK",
  301: "Moved Permanently",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  411: "Length Required",
  413: "Content Too Large",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

const TYPES = new Map([
  ["html", "text/html; charset=utf-8"],
  ["htm", "text/html; charset=utf-8"],
  ["txt", "text/plain; charset=utf-8"],
  ["md", "text/plain; charset=utf-8"],
  ["css", "text/css"],
  ["js", "text/javascript"],
  ["json", "application/json"],
  ["xml", "application/xml"],
  ["svg", "image/svg+xml"],
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["gif", "image/gif"],
  ["pcap", "application/vnd.tcpdump.pcap"],
]);

/** By the extension of the name. */
export const typeOf = (path: string): string =>
  TYPES.get(/\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "") ?? "application/octet-stream";

const two = (value: number): string => String(value).padStart(2, "0");

/** `Sun, 22 Nov 2026 15:59:22 GMT`. @param wall ns since 1970. */
export function httpDate(wall: number): string {
  const { weekday, day, monthName, year, seconds } = civilTime(Math.floor(wall / SECOND));
  return `${weekday}, ${two(day)} ${monthName} ${year} ${clockOf(seconds)} GMT`;
}

/** As access logs have it: `22/Nov/2026:15:59:22 +0000`. @param wall ns since 1970. */
export function logDate(wall: number): string {
  const { day, monthName, year, seconds } = civilTime(Math.floor(wall / SECOND));
  return `${two(day)}/${monthName}/${year}:${clockOf(seconds)} +0000`;
}

const clockOf = (seconds: number): string =>
  `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;

/** Text for a page of HTML. */
export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
