/**
 * One connection of httpd: requests in, answers out, one after the other (RFC 9112, section 9.3). Nothing is read while
 * an answer waits to be sent, so that a client which does not read takes no memory here.
 */
import { concatBytes } from "../../base/bytes.ts";
import { E } from "../../kernel/syscall/errno.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import { print } from "../lib/output.ts";
import { HTTP_BODY_BYTES_MAX } from "../limits.ts";
import { logDate } from "./http-message.ts";
import { answerTo, errorAnswer, type Answer } from "./httpd-answer.ts";
import { parseRequest, type Request } from "./httpd-request.ts";

const READ_BYTES = 16_384;
const FILE_BYTES = 65_536;

/** What a connection waits for. */
export type Wants = "read" | "write" | "nothing";

export class Connection {
  readonly fd: number;
  /** Interest that epoll knows of. */
  registered: Wants = "read";
  /** Virtual ns after which it is given up. */
  deadline = 0;
  readonly #sys: Sys;
  readonly #root: string;
  readonly #peer: string;
  /** Received and not yet used. */
  #input: Uint8Array = new Uint8Array(0);
  #inputEnded = false;
  /** Bytes of a request's body that are still to be skipped. */
  #skip = 0;
  #output: Uint8Array = new Uint8Array(0);
  #answer: Answer | null = null;
  #requestLine = "";
  /** Bytes of the file that are still to be sent. */
  #fileLeft = 0;
  /** Our side is finished: what the client still sends is thrown away, so that it is not answered by a reset. */
  #isDraining = false;

  constructor(sys: Sys, fd: number, root: string, peer: Ipv4Address) {
    this.#sys = sys;
    this.fd = fd;
    this.#root = root;
    this.#peer = formatIpv4(peer);
  }

  get isIdle(): boolean {
    return this.#answer === null && this.#input.length === 0;
  }

  /** Goes on as far as it can without waiting. @returns what to wait for; "nothing" when it is over. */
  *advance(): Call<Wants> {
    for (;;) {
      if (this.#answer !== null) {
        const sent = yield* this.#send();
        if (sent !== "done") return sent;
        continue;
      }
      if (!this.#isDraining && this.#skip === 0 && (yield* this.#nextRequest())) continue;
      if (this.#inputEnded) return "nothing";
      const read = yield* this.#read();
      if (read !== "more") return read;
    }
  }

  /** @returns "more" after bytes or the end. */
  *#read(): Call<Wants | "more"> {
    const buffer = new Uint8Array(READ_BYTES);
    const count = yield* this.#sys.recvfrom(this.fd, buffer, 0, null);
    if (count === -E.EAGAIN) return "read";
    if (count < 0) return "nothing";
    if (count === 0) this.#inputEnded = true;
    const skipped = this.#isDraining ? count : Math.min(this.#skip, count);
    this.#skip = Math.max(0, this.#skip - skipped);
    if (skipped < count) this.#input = concatBytes([this.#input, buffer.subarray(skipped, count)]);
    return "more";
  }

  /** Begins with the next answer when a whole request is there. @returns whether one is. */
  *#nextRequest(): Call<boolean> {
    if (this.#input.length === 0) return false;
    const parsed = parseRequest(this.#input);
    if (parsed.kind === "more") return false;
    this.#requestLine = parsed.line;
    if (parsed.kind === "bad") {
      this.#input = new Uint8Array(0);
      this.#begin(errorAnswer(this.#sys, parsed.status, { isHead: false, keepsAlive: false }));
      return true;
    }
    this.#input = this.#input.slice(parsed.consumed);
    this.#begin(yield* this.#answerTo(parsed));
    return true;
  }

  *#answerTo(request: Request): Call<Answer> {
    if (request.bodyBytes > HTTP_BODY_BYTES_MAX) {
      return errorAnswer(this.#sys, 413, { isHead: request.method === "HEAD", keepsAlive: false });
    }
    const here = Math.min(this.#input.length, Math.max(0, request.bodyBytes));
    this.#input = this.#input.slice(here);
    this.#skip = Math.max(0, request.bodyBytes) - here;
    // Without an end of the request in sight there is no next one.
    const keepsAlive = request.keepsAlive && !this.#inputEnded;
    return yield* answerTo(this.#sys, this.#root, { ...request, keepsAlive });
  }

  #begin(answer: Answer): void {
    this.#answer = answer;
    this.#output = answer.bytes;
    this.#fileLeft = answer.file >= 0 ? answer.bodyBytes : 0;
  }

  /** @returns "done" when the answer is out, else what to wait for. */
  *#send(): Call<Wants | "done"> {
    for (;;) {
      if (this.#output.length < FILE_BYTES && this.#fileLeft > 0 && !(yield* this.#fillFromFile())) return "nothing";
      if (this.#output.length === 0) return yield* this.#finish();
      const sent = yield* this.#sys.sendto(this.fd, this.#output, 0, null);
      if (sent === -E.EAGAIN) return "write";
      if (sent < 0) return "nothing";
      this.#output = this.#output.subarray(sent);
    }
  }

  /** @returns false when the file is shorter than was promised: only the end of the connection can tell. */
  *#fillFromFile(): Call<boolean> {
    const buffer = new Uint8Array(Math.min(FILE_BYTES, this.#fileLeft));
    const count = yield* this.#sys.read(this.#answer?.file ?? -1, buffer);
    if (count <= 0) return false;
    this.#fileLeft -= count;
    this.#output = concatBytes([this.#output, buffer.subarray(0, count)]);
    return true;
  }

  *#finish(): Call<"done"> {
    const answer = this.#answer as Answer;
    yield* this.#log(answer);
    if (answer.file >= 0) yield* this.#sys.close(answer.file);
    this.#answer = null;
    if (!answer.keepsAlive) {
      this.#isDraining = true;
      yield* this.#sys.shutdown(this.fd, 1);
    }
    return "done";
  }

  /** The common log format; what came from outside cannot forge a line of it. */
  *#log({ status, bodyBytes }: Answer): Call<void> {
    const line = this.#requestLine.replace(
      /[^ !#-[\]-~]/g,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
    const date = logDate(this.#sys.wallClock());
    yield* print(this.#sys, `${this.#peer} - - [${date}] "${line}" ${status} ${bodyBytes === 0 ? "-" : bodyBytes}\n`);
  }

  /** It was silent for too long in the middle of a request. @returns what to wait for. */
  *expire(): Call<Wants> {
    if (this.isIdle || this.#isDraining || this.#answer !== null) return "nothing";
    this.#requestLine = "-";
    this.#input = new Uint8Array(0);
    this.#begin(errorAnswer(this.#sys, 408, { isHead: false, keepsAlive: false }));
    return yield* this.advance();
  }

  *close(): Call<void> {
    if (this.#answer !== null && this.#answer.file >= 0) yield* this.#sys.close(this.#answer.file);
    yield* this.#sys.close(this.fd);
  }
}
