/**
 * netcat over TCP (OpenBSD's, as Debian ships it): bytes between standard input and output and a connection. It goes on
 * until the peer has finished sending and, where it was the one to connect, standard input has ended too; -N finishes
 * our side when standard input ends, -q gives up some time after that.
 */
import { concatBytes } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { POLL, SO, SOL, type Call, type PollFd, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, type Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { fail } from "../lib/command.ts";
import { warn, writeAll } from "../lib/output.ts";
import type { NcSettings } from "./nc.ts";

const BUFFER_BYTES = 16_384;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
/** The last word of a session that a signal ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/** Connects, waiting no longer than -w says. @returns 0 or -errno; -EINPROGRESS when the time is over. */
export function* connectTcp(
  sys: Sys,
  fd: number,
  to: { address: Ipv4Address; port: number },
  idle: number,
): Call<number> {
  if (idle > 0) yield* sys.setsockopt(fd, SOL.SOCKET, SO.SNDTIMEO, idle);
  const result = yield* sys.connect(fd, inetAddress(to.address, to.port));
  if (idle > 0) yield* sys.setsockopt(fd, SOL.SOCKET, SO.SNDTIMEO, 0);
  return result;
}

/** Serves one connection, or with -k one after the other. @param fd a bound socket. @returns the exit status. */
export function* listenTcp(sys: Sys, fd: number, settings: NcSettings): Call<number> {
  const listening = yield* sys.listen(fd, 1);
  if (listening < 0) return yield* fail(sys, `nc: ${strerror(listening)}`);
  const own = inetAddress();
  yield* sys.getsockname(fd, own);
  if (settings.verbose) yield* warn(sys, `Listening on ${formatIpv4(own.address)} ${own.port}\n`);
  for (;;) {
    const peer = inetAddress();
    const connection = yield* sys.accept(fd, peer);
    if (connection < 0) return yield* fail(sys, `nc: accept: ${strerror(connection)}`);
    if (settings.verbose) yield* warn(sys, `Connection received on ${formatIpv4(peer.address)} ${peer.port}\n`);
    if (!settings.keeps) yield* sys.close(fd);
    const status = yield* new Relay(sys, connection, settings, true).run();
    yield* sys.close(connection);
    if (!settings.keeps || status === INTERRUPTED) return status;
  }
}

/** Both directions of one connection. */
export class Relay {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #settings: NcSettings;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #network: PollFd;
  readonly #input: PollFd = { fd: 0, events: POLL.IN, revents: 0 };
  /** Read from standard input and not yet taken by the socket. */
  #pending: Uint8Array = new Uint8Array(0);
  #received = 0;
  readonly #wasAccepted: boolean;
  /** The peer has finished sending. */
  #isHeardOut = false;
  /** When -q ends it all, in virtual ns. */
  #quitAt = Infinity;

  /** @param wasAccepted a listener's session ends with what the peer sends. */
  constructor(sys: Sys, fd: number, settings: NcSettings, wasAccepted: boolean) {
    this.#sys = sys;
    this.#fd = fd;
    this.#settings = settings;
    this.#wasAccepted = wasAccepted;
    this.#network = { fd, events: POLL.IN, revents: 0 };
  }

  *run(): Call<number> {
    const sys = this.#sys;
    yield* sys.fcntlNonblock(this.#fd, true);
    if (this.#settings.noInput) yield* this.#inputEnded();
    for (;;) {
      if (this.#isHeardOut && this.#input.fd < 0 && this.#pending.length === 0) return 0;
      this.#network.events = (this.#isHeardOut ? 0 : POLL.IN) | (this.#pending.length > 0 ? POLL.OUT : 0);
      const listens = this.#input.fd >= 0 && this.#pending.length === 0;
      const ready = yield* sys.poll(listens ? [this.#network, this.#input] : [this.#network], this.#timeout());
      if (ready === -E.EINTR) return INTERRUPTED;
      if (ready < 0) return 1;
      if (ready === 0) return 0;
      if ((this.#network.revents & ~POLL.OUT) !== 0 && !(yield* this.#fromNetwork())) return 0;
      if (listens && this.#input.revents !== 0) yield* this.#fromInput();
      if (this.#pending.length > 0 && !(yield* this.#toNetwork())) return 0;
    }
  }

  /** ns; -1 is for ever. */
  #timeout(): number {
    const { idle } = this.#settings;
    if (this.#quitAt === Infinity) return idle;
    const left = Math.max(0, this.#quitAt - this.#sys.now());
    return idle < 0 ? left : Math.min(idle, left);
  }

  /** @returns false when there is nothing more to come. */
  *#fromNetwork(): Call<boolean> {
    const sys = this.#sys;
    const count = yield* sys.recvfrom(this.#fd, this.#buffer, 0, null);
    if (count === -E.EAGAIN) return true;
    if (count === 0 && !this.#wasAccepted && !this.#isHeardOut) {
      this.#isHeardOut = true;
      return true;
    }
    // Like the end of the stream, an error ends the session without a word.
    if (count <= 0) return false;
    if ((yield* writeAll(sys, 1, this.#buffer.subarray(0, count))) < 0) return false;
    return ++this.#received < this.#settings.limit;
  }

  *#fromInput(): Call<void> {
    const count = yield* this.#sys.read(0, this.#buffer);
    if (count <= 0) return yield* this.#inputEnded();
    const bytes = this.#buffer.slice(0, count);
    this.#pending = this.#settings.crlf ? withCarriageReturns(bytes) : bytes;
  }

  *#inputEnded(): Call<void> {
    this.#input.fd = -1;
    const { quit, shuts } = this.#settings;
    if (shuts || quit >= 0) yield* this.#sys.shutdown(this.#fd, 1);
    if (quit >= 0) this.#quitAt = this.#sys.now() + quit * SECOND;
  }

  /** @returns false when the peer takes no more. */
  *#toNetwork(): Call<boolean> {
    const sent = yield* this.#sys.sendto(this.#fd, this.#pending, 0, null);
    if (sent === -E.EAGAIN) return true;
    if (sent < 0) return false;
    this.#pending = this.#pending.subarray(sent);
    return true;
  }
}

/** -C: lines end as the protocols of the net want it. */
function withCarriageReturns(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    parts.push(bytes.subarray(start, at), Uint8Array.of(CARRIAGE_RETURN));
    start = at;
  }
  return concatBytes([...parts, bytes.subarray(start)]);
}
