import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Encode } from "../../base/bytes.ts";
import { HTTP_FIELDS_MAX, HTTP_HEAD_BYTES_MAX } from "../limits.ts";
import { parseUrl, resolveUrl, urlText, type Url } from "./curl-url.ts";
import { bodyLength, httpDate, logDate, parseFields } from "./http-message.ts";
import { parseRequest } from "./httpd-request.ts";

const parse = (text: string): ReturnType<typeof parseRequest> => parseRequest(utf8Encode(text));
const get = (target: string, fields = "Host: h\r\n"): ReturnType<typeof parseRequest> =>
  parse(`GET ${target} HTTP/1.1\r\n${fields}\r\n`);

describe("requests", () => {
  it.each([
    ["/", "/"],
    ["/a/b.txt?x=1#y", "/a/b.txt"],
    ["/a//b/./c/", "/a/b/c/"],
    ["/a/../b", "/b"],
    ["/a/..", "/"],
    ["/%61%20b", "/a b"],
    ["/%C3%A9", "/é"],
    ["http://h/x", "/x"],
    ["/..", null],
    ["/a/../../etc/passwd", null],
    ["/%2e%2e/etc/passwd", null],
    ["/..%2fetc/passwd", null],
    ["/a\\..\\b", "/a\\..\\b"],
  ])("for %s lead to %s", (target, path) => {
    expect(get(target)).toMatchObject({ kind: "request", path });
  });

  it.each([
    ["nonsense", "garbage\r\n\r\n", 400],
    ["no version", "GET /\r\n\r\n", 400],
    ["two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["no path", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["a bad percent sign", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["a NUL in the path", "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400],
    ["a folded line", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400],
    ["a control character", "GET / HTTP/1.1\r\nHost: h\u0001\r\n\r\n", 400],
    ["both lengths", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400],
    ["two lengths", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
    ["a negative length", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400],
    ["another version", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505],
    ["a long target", `GET /${"a".repeat(5000)} HTTP/1.1\r\nHost: h\r\n\r\n`, 414],
    ["many fields", `GET / HTTP/1.1\r\nHost: h\r\n${"A: b\r\n".repeat(HTTP_FIELDS_MAX)}\r\n`, 431],
    ["a long head", `GET / HTTP/1.1\r\nHost: h\r\nX: ${"a".repeat(HTTP_HEAD_BYTES_MAX)}\r\n\r\n`, 431],
    ["a head without end", "a".repeat(HTTP_HEAD_BYTES_MAX + 1), 431],
  ])("with %s are refused", (_name, text, status) => {
    expect(parse(text)).toMatchObject({ kind: "bad", status });
  });

  it("wait for the rest, take bare line feeds and an empty line ahead, and leave what follows", () => {
    const text = "\r\nGET / HTTP/1.0\nA: b\n\n";
    for (let length = 0; length < text.length; length++) expect(parse(text.slice(0, length))).toEqual({ kind: "more" });
    expect(parse(`${text}GET /next`)).toMatchObject({ kind: "request", path: "/", consumed: text.length });
  });

  it.each([
    ["HTTP/1.1", "", true],
    ["HTTP/1.1", "Connection: close\r\n", false],
    ["HTTP/1.1", "Connection: x, Close\r\n", false],
    ["HTTP/1.0", "", false],
    ["HTTP/1.0", "Connection: keep-alive\r\n", true],
    ["HTTP/1.1", "Transfer-Encoding: chunked\r\n", false],
  ])("of %s with %j keep the connection: %s", (version, fields, keepsAlive) => {
    expect(parse(`GET / ${version}\r\nHost: h\r\n${fields}\r\n`)).toMatchObject({ keepsAlive });
  });

  it("never throw, and never lead out of the tree, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseRequest(bytes);
      }),
    );
    const part = fc.constantFrom("/", ".", "..", "%2e", "%2F", "a", "%", "\\", "?", "#", "%00", "é");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const parsed = get(`/${parts.join("")}`);
        if (parsed.kind !== "request" || parsed.path === null) return;
        expect(parsed.path.split("/")).not.toContain("..");
        expect(parsed.path.startsWith("/")).toBe(true);
      }),
    );
  });
});

describe("messages", () => {
  it("have their lengths read strictly", () => {
    const length = (...lines: string[]): unknown => bodyLength(parseFields(lines) ?? []);
    expect(length("Content-Length: 5")).toBe(5);
    expect(length("Content-Length: 5, 5")).toBe(5);
    expect(length("Content-Length: 0x5")).toBe("bad");
    expect(length("Transfer-Encoding: gzip, chunked")).toBe("bad");
    expect(length("Transfer-Encoding: Chunked")).toBe("chunked");
    expect(length("X: y")).toBeUndefined();
  });

  it("are dated as people of the nineties had it", () => {
    const wall = 784_111_777e9;
    expect(httpDate(wall)).toBe("Sun, 06 Nov 1994 08:49:37 GMT");
    expect(logDate(wall)).toBe("06/Nov/1994:08:49:37 +0000");
  });
});

describe("URLs", () => {
  it.each([
    ["h2", "http://h2/"],
    ["http://h2:8080/a?b#c", "http://h2:8080/a?b"],
    ["h2:80/x", "http://h2/x"],
    ["HTTP://h2?q", "http://h2/?q"],
    ["u:p@h2/", "http://h2/"],
  ])("%s is %s", (text, whole) => {
    const url = parseUrl(text);
    expect("problem" in url ? url.problem : urlText(url)).toBe(whole);
  });

  it.each([
    ["https://h2/", 1],
    ["http://", 3],
    ["http://h2:99999/", 3],
    ["http://a b/", 3],
  ])("%s is refused with status %i", (text, status) => {
    expect(parseUrl(text)).toMatchObject({ status });
  });

  it.each([
    ["http://x/y", "http://x/y"],
    ["//x/y", "http://x/y"],
    ["/z", "http://h2:8080/z"],
    ["z", "http://h2:8080/a/z"],
    ["../z", "http://h2:8080/z"],
    ["./", "http://h2:8080/a/"],
    ["?q", "http://h2:8080/a/b?q"],
  ])("a redirect to %s leads to %s", (location, target) => {
    expect(resolveUrl(parseUrl("http://h2:8080/a/b?c") as Url, location)).toBe(target);
  });
});
