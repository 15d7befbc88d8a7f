/** A request as httpd takes it (RFC 9112, section 3; its target, RFC 3986): parsed once, here, from hostile bytes. */
import { utf8Decode } from "../../base/bytes.ts";
import { HTTP_FIELDS_MAX, HTTP_HEAD_BYTES_MAX, HTTP_TARGET_CHARACTERS_MAX } from "../limits.ts";
import { bodyLength, endOfHead, headLines, parseFields, wordsOf, valuesOf } from "./http-message.ts";

export interface Request {
  readonly kind: "request";
  /** As it came, for the log. */
  readonly line: string;
  readonly method: string;
  /** Decoded, without query, from `/` on; no segment is `.` or `..`. Null when it leads out of the served tree. */
  readonly path: string | null;
  /** The connection stays open after the answer. */
  readonly keepsAlive: boolean;
  /** Bytes of a body that follows, to be skipped; -1 when only the end of the connection ends it. */
  readonly bodyBytes: number;
  /** Bytes that the head took. */
  readonly consumed: number;
}

export type Parsed =
  Request | { readonly kind: "more" } | { readonly kind: "bad"; readonly status: number; readonly line: string };

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP\/(\d)\.(\d)$/;

/** @param bytes all that came since the end of the request before. */
export function parseRequest(bytes: Uint8Array): Parsed {
  // Old clients put an empty line behind a body (section 2.2).
  let start = 0;
  while (start < 4 && (bytes[start] === 13 || bytes[start] === 10)) start++;
  const head = endOfHead(bytes.subarray(start));
  const line = (headLines(bytes.subarray(start, start + Math.max(0, head)))[0] ?? "").slice(0, 1000);
  if (head < 0 || head > HTTP_HEAD_BYTES_MAX) {
    return head >= 0 || bytes.length - start > HTTP_HEAD_BYTES_MAX
      ? { kind: "bad", status: 431, line }
      : { kind: "more" };
  }
  const lines = headLines(bytes.subarray(start, start + head));
  const [, method, target, major, minor] = REQUEST_LINE.exec(lines[0] ?? "") ?? [];
  const bad = (status: number): Parsed => ({ kind: "bad", status, line });
  if (method === undefined || target === undefined) return bad(400);
  if (major !== "1") return bad(505);
  if (target.length > HTTP_TARGET_CHARACTERS_MAX) return bad(414);
  if (lines.length - 1 > HTTP_FIELDS_MAX) return bad(431);
  const fields = parseFields(lines.slice(1));
  // A request of HTTP/1.1 names its host once (section 3.2).
  if (fields === null || valuesOf(fields, "host").length > 1) return bad(400);
  if (minor !== "0" && valuesOf(fields, "host").length === 0) return bad(400);
  const length = bodyLength(fields);
  const path = pathOf(target);
  if (length === "bad" || path === "bad") return bad(400);
  const connection = wordsOf(fields, "connection");
  const isOpen = minor === "0" ? connection.includes("keep-alive") : !connection.includes("close");
  return {
    kind: "request",
    line,
    method,
    path,
    keepsAlive: isOpen && length !== "chunked",
    bodyBytes: length === "chunked" ? -1 : (length ?? 0),
    consumed: start + head,
  };
}

/** "bad" for what is no path; null for one that leads out of the tree. */
function pathOf(target: string): string | null | "bad" {
  const local = target.replace(/^http:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
  if (!local.startsWith("/") && local !== "") return "bad";
  const decoded = percentDecode(local);
  if (decoded === null || decoded.includes("\0")) return "bad";
  const segments: string[] = [];
  for (const segment of decoded.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return `/${segments.join("/")}${decoded.endsWith("/") && segments.length > 0 ? "/" : ""}`;
}

/** Null for a percent sign without two digits. Names are UTF-8. */
function percentDecode(text: string): string | null {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text.charAt(at) !== "%") {
      bytes.push(text.charCodeAt(at) & 0xff);
      continue;
    }
    const digits = text.slice(at + 1, at + 3);
    if (!/^[0-9a-f]{2}$/i.test(digits)) return null;
    bytes.push(Number.parseInt(digits, 16));
    at += 2;
  }
  return utf8Decode(Uint8Array.from(bytes));
}
