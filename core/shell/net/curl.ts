/**
 * curl (7.88) for HTTP/1.1: GET, HEAD and POST, redirects, several URLs over one connection, chunked answers. The
 * progress meter is always off. Left out: TLS, other protocols, uploads (-T, -F), ranges, cookies, proxies, retries.
 */
import { concatBytes, utf8Encode } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { O, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, IPV4_ANY } from "../../wire/address.ts";
import { command, fail, type CommandSpec } from "../lib/command.ts";
import { readFile } from "../lib/input.ts";
import { parseDecimal, parseInteger } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { print, warn } from "../lib/output.ts";
import { HTTP_REDIRECTS_MAX } from "../limits.ts";
import { isError, type CurlError, type Head } from "./curl-response.ts";
import { CurlSession, isRedirect, type CurlRequest, type Figures } from "./curl-transfer.ts";
import { parseUrl, resolveUrl, urlText, type Url } from "./curl-url.ts";

const CURL: CommandSpec = {
  name: "curl",
  usage: [
    "Usage: curl [options...] <url>",
    " -A, --user-agent <name>    Send User-Agent <name> to server",
    "     --connect-timeout <s>  Maximum time allowed for connection",
    " -d, --data <data>          HTTP POST data",
    " -f, --fail                 Fail fast with no output on HTTP errors",
    " -G, --get                  Put the post data in the URL and use GET",
    " -H, --header <header>      Pass custom header to server",
    " -I, --head                 Show document info only",
    " -i, --include              Include response headers in the output",
    " -L, --location             Follow redirects",
    " -m, --max-time <seconds>   Maximum time allowed for transfer",
    " -o, --output <file>        Write to file instead of stdout",
    " -O, --remote-name          Write output to a file named as the remote file",
    " -s, --silent               Silent mode",
    " -S, --show-error           Show error even when -s is used",
    "     --tcp-fastopen         Use TCP Fast Open",
    " -u, --user <user:password> Server user and password",
    " -v, --verbose              Make the operation more talkative",
    " -w, --write-out <format>   Use output FORMAT after completion",
    " -X, --request <method>     Specify request method to use",
  ].join("\n"),
  short: "0#4A:①:d:③:④:e:fGgH:Iik⑤⑥⑦Lm:②:No:OSsu:vw:X:",
  // Options without a letter have signs that nobody types.
  long: new Map([
    ["http1.0", "0"],
    ["progress-bar", "#"],
    ["ipv4", "4"],
    ["user-agent", "A"],
    ["connect-timeout", "①"],
    ["max-redirs", "②"],
    ["data", "d"],
    ["data-ascii", "d"],
    ["data-raw", "③"],
    ["data-binary", "④"],
    ["referer", "e"],
    ["fail", "f"],
    ["get", "G"],
    ["globoff", "g"],
    ["header", "H"],
    ["head", "I"],
    ["include", "i"],
    ["insecure", "k"],
    ["http1.1", "⑤"],
    ["tcp-fastopen", "⑥"],
    ["no-keepalive", "⑦"],
    ["location", "L"],
    ["max-time", "m"],
    ["no-buffer", "N"],
    ["output", "o"],
    ["remote-name", "O"],
    ["show-error", "S"],
    ["silent", "s"],
    ["user", "u"],
    ["verbose", "v"],
    ["write-out", "w"],
    ["request", "X"],
  ]),
  usageStatus: 2,
};

export interface CurlSettings {
  readonly verbose: boolean;
  readonly follows: boolean;
  readonly failsOnError: boolean;
  readonly includesHead: boolean;
  readonly headers: readonly string[];
  /** Null for curl's own name. */
  readonly agent: string | null;
  readonly referer: string;
  readonly user: string;
  readonly version: "1.0" | "1.1";
  readonly keepAlive: boolean;
  readonly fastOpen: boolean;
  /** Seconds; Infinity for ever. */
  readonly maxTime: number;
  readonly connectTime: number;
  readonly redirectsMax: number;
  /** -X: for redirects too. */
  readonly method: string | null;
}

export const curl = command(CURL, function* (sys, args) {
  const hint = "curl: try 'curl --help' or 'curl --manual' for more information";
  if (args.operands.length === 0) return yield* fail(sys, hint, 2);
  const settings = readSettings(args);
  if (typeof settings === "string") {
    return yield* fail(sys, `curl: option ${settings}: expected a proper number\n${hint}`, 2);
  }
  const data = yield* readData(sys, args);
  if (typeof data === "string") return yield* fail(sys, data, 26);
  const outputs = args.given.filter(([letter]) => letter === "o" || letter === "O");
  const session = new CurlSession(sys, settings);
  let status = 0;
  for (const [index, text] of args.operands.entries()) {
    const given = outputs[index];
    const output = given === undefined ? null : given[0] === "o" ? given[1] : remoteName(text);
    if (output === "") {
      status = 23;
      yield* warn(sys, "curl: Remote file name has no length\n");
      continue;
    }
    const error = yield* fetch(sys, session, args, { text, data, output, settings });
    status = error.status;
    if (error.message !== "" && (!args.has("s") || args.has("S"))) {
      yield* warn(sys, `curl: (${error.status}) ${error.message}\n`);
    }
  }
  return status;
});

function readSettings(args: Arguments): CurlSettings | string {
  const seconds = (letter: string): number | null => (args.has(letter) ? parseDecimal(args.value(letter)) : Infinity);
  const maxTime = seconds("m");
  const connectTime = seconds("①");
  const redirectsMax = parseInteger(args.value("②") ?? String(HTTP_REDIRECTS_MAX), -1, 1e6);
  if (maxTime === null) return "--max-time";
  if (connectTime === null) return "--connect-timeout";
  if (redirectsMax === null) return "--max-redirs";
  return {
    verbose: args.has("v"),
    follows: args.has("L"),
    failsOnError: args.has("f"),
    includesHead: args.has("i") || args.has("I"),
    headers: args.given.filter(([letter]) => letter === "H").map(([, value]) => value),
    agent: args.value("A") ?? null,
    referer: args.value("e") ?? "",
    user: args.value("u") ?? "",
    version: args.has("0") ? "1.0" : "1.1",
    keepAlive: !args.has("⑦"),
    fastOpen: args.has("⑥"),
    maxTime: maxTime > 0 ? maxTime : Infinity,
    connectTime: connectTime > 0 ? connectTime : Infinity,
    redirectsMax: redirectsMax < 0 ? Infinity : redirectsMax,
    method: args.value("X") ?? null,
  };
}

/** Several -d are joined by `&`; `@file` stands for its content. @returns null for none, a message for a bad file. */
function* readData(sys: Sys, args: Arguments): Call<Uint8Array | null | string> {
  const parts: Uint8Array[] = [];
  for (const [letter, value] of args.given) {
    if (letter !== "d" && letter !== "③" && letter !== "④") continue;
    if (parts.length > 0) parts.push(utf8Encode("&"));
    if (!value.startsWith("@") || letter === "③") {
      parts.push(utf8Encode(value));
      continue;
    }
    const content = yield* readFile(sys, value.slice(1));
    if (typeof content === "number") return `curl: Failed to open ${value.slice(1)}`;
    // -d takes text: line ends vanish.
    parts.push(letter === "d" ? content.filter((byte) => byte !== 10 && byte !== 13) : content);
  }
  return parts.length === 0 ? null : concatBytes(parts);
}

/** The last part of the path; empty when there is none. */
const remoteName = (url: string): string =>
  /\/([^/?#]+)(?:[?#].*)?$/s.exec(url.replace(/^[a-z]+:\/\//i, ""))?.[1] ?? "";

type Job = {
  readonly text: string;
  readonly data: Uint8Array | null;
  readonly output: string | null;
  readonly settings: CurlSettings;
};

/** One URL of the command line, with its redirects. @returns status 0 and no message when all went well. */
function* fetch(sys: Sys, session: CurlSession, args: Arguments, job: Job): Call<CurlError> {
  const figures = noFigures();
  const start = sys.now();
  const isGet = args.has("G");
  const query =
    isGet && job.data !== null ? (job.text.includes("?") ? "&" : "?") + String.fromCharCode(...job.data) : "";
  let text = job.text + query;
  let data = isGet ? null : job.data;
  let error: CurlError = { status: 0, message: "" };
  for (;;) {
    const url = parseUrl(text);
    if ("problem" in url) {
      error = { status: url.status, message: url.problem };
      break;
    }
    text = urlText(url);
    const request: CurlRequest = { url, method: methodOf(args, data), data, output: job.output };
    const answer = yield* session.perform(request, figures, start);
    if (isError(answer)) {
      error = answer;
      break;
    }
    const next = redirectOf(url, answer, job.settings);
    if (next === null) break;
    if (figures.redirects >= job.settings.redirectsMax) {
      error = { status: 47, message: `Maximum (${job.settings.redirectsMax}) redirects followed` };
      break;
    }
    figures.redirects++;
    yield* session.note(`Issue another request to this URL: '${next}'`);
    // 307 and 308 keep the method; the older ones have become a GET in everybody's hands (RFC 9110, section 15.4).
    if (answer.status <= 303) data = null;
    text = next;
  }
  if (error.status === 0 && job.output !== null && figures.bodyBytes === 0) yield* touch(sys, job.output);
  yield* session.closeOutput();
  figures.total = sys.now() - start;
  const format = args.value("w");
  if (format !== undefined) yield* print(sys, writeOut(format, text, figures, error));
  return error;
}

function methodOf(args: Arguments, data: Uint8Array | null): string {
  return args.value("X") ?? (args.has("I") ? "HEAD" : data === null ? "GET" : "POST");
}

function redirectOf(url: Url, answer: Head, settings: CurlSettings): string | null {
  if (!settings.follows || !isRedirect(answer)) return null;
  return resolveUrl(url, answer.fields.find(([name]) => name === "location")?.[1] ?? "");
}

/** An empty answer makes an empty file. */
function* touch(sys: Sys, path: string): Call<void> {
  if (path === "-") return;
  const fd = yield* sys.open(path, O.WRONLY | O.CREAT | O.TRUNC);
  if (fd >= 0) yield* sys.close(fd);
}

const noFigures = (): Figures => ({
  httpCode: 0,
  version: "0",
  contentType: "",
  headerBytes: 0,
  bodyBytes: 0,
  connects: 0,
  redirects: 0,
  lookedUp: 0,
  connected: 0,
  firstByte: 0,
  total: 0,
  local: { address: IPV4_ANY, port: 0 },
  peer: { address: IPV4_ANY, port: 0 },
});

/** -w: `%{name}` and the escapes of C. */
function writeOut(format: string, url: string, figures: Figures, error: CurlError): string {
  const time = (ns: number): string => (ns / SECOND).toFixed(6);
  const speed = figures.total > 0 ? Math.floor((figures.bodyBytes * SECOND) / figures.total) : 0;
  const values = new Map<string, string | number>([
    ["http_code", String(figures.httpCode).padStart(3, "0")],
    ["response_code", String(figures.httpCode).padStart(3, "0")],
    ["http_version", figures.version.replace(".0", "")],
    ["content_type", figures.contentType],
    ["size_download", figures.bodyBytes],
    ["size_header", figures.headerBytes],
    ["speed_download", speed],
    ["num_connects", figures.connects],
    ["num_redirects", figures.redirects],
    ["time_namelookup", time(figures.lookedUp)],
    ["time_connect", time(figures.connected)],
    ["time_starttransfer", time(figures.firstByte)],
    ["time_total", time(figures.total)],
    ["local_ip", formatIpv4(figures.local.address)],
    ["local_port", figures.local.port],
    ["remote_ip", formatIpv4(figures.peer.address)],
    ["remote_port", figures.peer.port],
    ["url_effective", url],
    ["exitcode", error.status],
    ["errormsg", error.message],
  ]);
  return format
    .replace(/%\{([a-z_]+)\}/g, (whole, name: string) => String(values.get(name) ?? whole))
    .replaceAll("%%", "%")
    .replace(/\\([nrt])/g, (_, letter: string) => ({ n: "\n", r: "\r", t: "\t" })[letter] ?? "");
}
