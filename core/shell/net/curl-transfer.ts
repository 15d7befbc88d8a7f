/** One request of curl and its answer, over a connection that may have served others before. */
import { utf8Encode } from "../../base/bytes.ts";
import { MILLISECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { O, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import { readHosts } from "../lib/hosts.ts";
import { warn, writeAll } from "../lib/output.ts";
import { CurlConnection, deadlineOf } from "./curl-connection.ts";
import { isError, readBody, readHead, staysOpen, type Clock, type CurlError, type Head } from "./curl-response.ts";
import type { CurlSettings } from "./curl.ts";
import { hostOf, type Url } from "./curl-url.ts";

/** What -w can tell of a transfer. Times are virtual ns since it began. */
export interface Figures {
  httpCode: number;
  version: string;
  contentType: string;
  headerBytes: number;
  bodyBytes: number;
  connects: number;
  redirects: number;
  lookedUp: number;
  connected: number;
  firstByte: number;
  total: number;
  local: { address: Ipv4Address; port: number };
  peer: { address: Ipv4Address; port: number };
}

export interface CurlRequest {
  readonly url: Url;
  readonly method: string;
  /** Null for none. */
  readonly data: Uint8Array | null;
  /** Where the body goes; null is standard output. */
  readonly output: string | null;
}

const USER_AGENT = "curl/7.88.1";
/** How much of a body is looked at before it is written to a terminal. */
const BINARY_LOOK_BYTES = 2000;

export class CurlSession {
  readonly #sys: Sys;
  readonly #settings: CurlSettings;
  readonly #connections: CurlConnection[] = [];
  #opened = 0;
  /** Descriptor the body goes to; -1 before the first byte. */
  #fd = -1;

  constructor(sys: Sys, settings: CurlSettings) {
    this.#sys = sys;
    this.#settings = settings;
  }

  *note(text: string): Call<void> {
    if (this.#settings.verbose) yield* warn(this.#sys, `* ${text}\n`);
  }

  /** @param start when the transfer began, its redirects included. @returns the last head, or what went wrong. */
  *perform(request: CurlRequest, figures: Figures, start: number): Call<Head | CurlError> {
    const sys = this.#sys;
    const clock: Clock = {
      deadline: deadlineOf(start, this.#settings.maxTime),
      elapsed: () => Math.floor((sys.now() - start) / MILLISECOND),
    };
    const connection = yield* this.#connect(request.url, figures, clock);
    if (isError(connection)) return connection;
    const result = yield* this.#exchange(request, { connection, figures, clock, start });
    figures.total = sys.now() - start;
    if (!isError(result) && staysOpen(result) && !connection.isClosed) {
      yield* this.note(`Connection #${connection.number} to host ${connection.host} left intact`);
      return result;
    }
    yield* this.note(`Closing connection ${connection.number}`);
    yield* connection.close();
    return result;
  }

  *#connect(url: Url, figures: Figures, clock: Clock): Call<CurlConnection | CurlError> {
    const sys = this.#sys;
    for (const known of this.#connections) {
      if (known.host !== url.host || known.port !== url.port || known.isClosed) continue;
      if (yield* known.isAlive()) {
        yield* this.note(`Re-using existing connection #${known.number} with host ${url.host}`);
        return known;
      }
      yield* this.note(`Connection ${known.number} seems to be dead`);
      yield* this.note(`Closing connection ${known.number}`);
      yield* known.close();
    }
    const address = (yield* readHosts(sys)).resolve(url.host);
    if (address === null) {
      yield* this.note(`Could not resolve host: ${url.host}`);
      return { status: 6, message: `Could not resolve host: ${url.host}` };
    }
    const before = sys.now();
    yield* this.note(`  Trying ${formatIpv4(address)}:${url.port}...`);
    const { connectTime, keepAlive, fastOpen } = this.#settings;
    const deadline = Math.min(clock.deadline, deadlineOf(before, connectTime));
    const name = { number: this.#opened++, host: url.host, port: url.port };
    const opened = yield* CurlConnection.open(sys, name, { address, port: url.port, deadline, keepAlive, fastOpen });
    if (typeof opened === "number") return yield* this.#refused(url, address, { error: opened, before, clock });
    figures.connects++;
    figures.connected = sys.now() - before;
    [figures.local, figures.peer] = yield* opened.ends();
    this.#connections.push(opened);
    yield* this.note(`Connected to ${url.host} (${formatIpv4(address)}) port ${url.port} (#${opened.number})`);
    return opened;
  }

  *#refused(
    url: Url,
    address: Ipv4Address,
    { error, before, clock }: { readonly error: number; readonly before: number; readonly clock: Clock },
  ): Call<CurlError> {
    if (error === -E.EINPROGRESS) {
      const message = `Connection timed out after ${clock.elapsed()} milliseconds`;
      yield* this.note(message);
      return { status: 28, message };
    }
    const elapsed = Math.floor((this.#sys.now() - before) / MILLISECOND);
    yield* this.note(`connect to ${formatIpv4(address)} port ${url.port} failed: ${strerror(error)}`);
    const message = `Failed to connect to ${url.host} port ${url.port} after ${elapsed} ms: Couldn't connect to server`;
    yield* this.note(message);
    return { status: 7, message };
  }

  *#exchange(
    request: CurlRequest,
    on: {
      readonly connection: CurlConnection;
      readonly figures: Figures;
      readonly clock: Clock;
      readonly start: number;
    },
  ): Call<Head | CurlError> {
    const { connection, figures, clock, start } = on;
    const head = this.#requestHead(request);
    if (this.#settings.verbose) {
      yield* warn(
        this.#sys,
        head.replace(/.*\r\n/g, (line) => `> ${line.trim()}\n`),
      );
    }
    const sent = yield* connection.send(concat(utf8Encode(head), request.data), clock.deadline);
    if (request.data !== null) yield* this.#traceData("}", request, request.data.length);
    if (sent === -E.EAGAIN) {
      return { status: 28, message: `Operation timed out after ${clock.elapsed()} milliseconds with 0 bytes received` };
    }
    if (sent < 0) return { status: 55, message: `Send failure: ${strerror(sent)}` };
    let answer = yield* this.#head(connection, figures, clock);
    // Interim answers are followed by the one that counts.
    while (!isError(answer) && answer.status < 200) answer = yield* this.#head(connection, figures, clock);
    if (isError(answer)) return answer;
    figures.firstByte = this.#sys.now() - start;
    if (this.#settings.failsOnError && answer.status >= 400) {
      yield* connection.close();
      return { status: 22, message: `The requested URL returned error: ${answer.status}` };
    }
    const hasBody = request.method !== "HEAD" && answer.status !== 204 && answer.status !== 304;
    if (hasBody) {
      const isDropped = this.#settings.follows && isRedirect(answer);
      const sink = isDropped ? ignore : this.#sink(request, figures);
      const marked = yield* readBody(answer, { connection, clock, sink });
      if (isDropped) yield* this.note("Ignoring the response-body");
      if (typeof marked === "object") return marked;
      if (!marked) yield* connection.close();
    }
    return answer;
  }

  #requestHead({ url, method, data }: CurlRequest): string {
    const own = this.#settings.headers;
    const replaced = new Set(own.map((line) => line.replace(/[:;].*$/s, "").toLowerCase()));
    const fields = [
      ["Host", hostOf(url)],
      ...(this.#settings.user === "" && url.user === ""
        ? []
        : [["Authorization", basic(this.#settings.user || url.user)]]),
      ["User-Agent", this.#settings.agent ?? USER_AGENT],
      ["Accept", "*/*"],
      ...(this.#settings.referer === "" ? [] : [["Referer", this.#settings.referer]]),
    ] as [string, string][];
    const length: [string, string][] =
      data === null
        ? []
        : [
            ["Content-Length", String(data.length)],
            ["Content-Type", "application/x-www-form-urlencoded"],
          ];
    const line = ([name, value]: [string, string]): string =>
      replaced.has(name.toLowerCase()) ? "" : `${name}: ${value}\r\n`;
    // `Name:` takes a header away, `Name;` sends it empty.
    const added = own
      .filter((each) => !/^[^:;]+:\s*$/.test(each))
      .map((each) => `${/^[^:]+;\s*$/.test(each) ? each.replace(/;\s*$/, ":") : each}\r\n`);
    const start = `${method} ${url.path} HTTP/${this.#settings.version}\r\n`;
    return `${start}${fields.map(line).join("")}${added.join("")}${length.map(line).join("")}\r\n`;
  }

  *#head(connection: CurlConnection, figures: Figures, clock: Clock): Call<Head | CurlError> {
    const head = yield* readHead(connection, clock);
    if (isError(head)) return head;
    figures.httpCode = head.status;
    figures.version = head.version;
    figures.contentType = head.fields.findLast(([name]) => name === "content-type")?.[1] ?? "";
    figures.headerBytes += head.raw.length;
    if (this.#settings.verbose) yield* warn(this.#sys, [...head.lines, ""].map((line) => `< ${line}\n`).join(""));
    if (this.#settings.includesHead) yield* writeAll(this.#sys, 1, head.raw);
    return head;
  }

  #sink(request: CurlRequest, figures: Figures): (bytes: Uint8Array) => Call<CurlError | null> {
    const session = this as CurlSession;
    return function* (bytes) {
      if (figures.bodyBytes === 0) {
        const opened = yield* session.#openOutput(request, bytes);
        if (opened !== null) return opened;
      }
      if (figures.bodyBytes === 0) yield* session.#traceData("{", request, bytes.length);
      figures.bodyBytes += bytes.length;
      const written = yield* writeAll(session.#sys, session.#fd, bytes);
      return written < 0 ? { status: 23, message: "Failure writing output to destination" } : null;
    };
  }

  /** -v tells of data that cannot be seen on the terminal. */
  *#traceData(sign: "{" | "}", { output }: CurlRequest, bytes: number): Call<void> {
    if (!this.#settings.verbose || (output === null && (yield* this.#sys.isatty(1)))) return;
    yield* warn(this.#sys, `${sign} [${bytes} bytes data]\n`);
  }

  *#openOutput({ output }: CurlRequest, first: Uint8Array): Call<CurlError | null> {
    const sys = this.#sys;
    if (output !== null && output !== "-") {
      yield* this.closeOutput();
      this.#fd = yield* sys.open(output, O.WRONLY | O.CREAT | O.TRUNC);
      if (this.#fd < 0) {
        yield* warn(sys, `Warning: Failed to open the file ${output}: ${strerror(this.#fd)}\n`);
        return { status: 23, message: "Failure writing output to destination" };
      }
      return null;
    }
    this.#fd = 1;
    if (output === null && first.subarray(0, BINARY_LOOK_BYTES).includes(0) && (yield* sys.isatty(1))) {
      yield* warn(sys, BINARY_WARNING);
      return { status: 23, message: "" };
    }
    return null;
  }

  /** The file of the transfer before is whole. */
  *closeOutput(): Call<void> {
    if (this.#fd > 2) yield* this.#sys.close(this.#fd);
    this.#fd = -1;
  }
}

const BINARY_WARNING =
  'Warning: Binary output can mess up your terminal. Use "--output -" to tell \n' +
  'Warning: curl to output it to your terminal anyway, or consider "--output \n' +
  'Warning: <FILE>" to save to a file.\n';

function* ignore(): Call<null> {
  return null;
}

export const isRedirect = (head: Head): boolean =>
  head.status >= 300 && head.status < 400 && head.fields.some(([name]) => name === "location");

function concat(head: Uint8Array, data: Uint8Array | null): Uint8Array {
  if (data === null) return head;
  const whole = new Uint8Array(head.length + data.length);
  whole.set(head);
  whole.set(data, head.length);
  return whole;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 7617. */
function basic(user: string): string {
  const bytes = utf8Encode(user);
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => BASE64.charAt((group >>> shift) & 63));
    text += digits
      .join("")
      .slice(0, Math.min(3, bytes.length - at) + 1)
      .padEnd(4, "=");
  }
  return `Basic ${text}`;
}
