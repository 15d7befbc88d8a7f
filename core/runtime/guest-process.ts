/**
 * A process that runs a guest program: one thread, one loop. The guest runs until it only waits; the time it used is
 * paid; the calls it has begun are made in the order in which it began them; what cannot be done at once waits for
 * poll(2). So a program with fifty calls under way costs one process, as an event loop on Linux does, and the same
 * calls show in the trace.
 */
import { utf8Decode, utf8Encode } from "../base/bytes.ts";
import { Random } from "../base/random.ts";
import { SECOND } from "../base/time.ts";
import { E } from "../kernel/syscall/errno.ts";
import type { Call, PollFd, Program, Sys } from "../kernel/syscall/sys.ts";
import { errorText } from "./error-text.ts";
import * as files from "./file-operations.ts";
import { HostNames } from "./hosts.ts";
import {
  BEGUN_BYTES_MAX,
  BEGUN_REQUESTS_MAX,
  MARK_CHARACTERS_MAX,
  POLLED_MAX,
  REQUESTS_MAX,
  STEPS_PER_NS,
} from "./limits.ts";
import { OPERATION } from "./operations.ts";
import { Request } from "./request.ts";
import type { Guest, GuestError, GuestHost, GuestLimits, GuestRequest, Sandbox } from "./sandbox-port.ts";
import * as sockets from "./socket-operations.ts";

/** Sources of a program: TypeScript by path, and which of them is started. */
export interface ProgramSource {
  readonly modules: ReadonlyMap<string, string>;
  readonly main: string;
}

const STDERR = 2;
/** Exit statuses of programs that did not choose one; the first two are Node's. */
const STATUS: Readonly<Record<GuestError["kind"] | "stuck", number>> = {
  thrown: 1,
  stuck: 13,
  syntax: 2,
  /** 128 + SIGXCPU. */
  steps: 152,
  requests: 152,
  memory: 137,
  neighbour: 137,
  sandbox: 134,
};

/** The program as a process's program: `argv` after the first word are its arguments. */
export function guestProgram(sandbox: Sandbox, source: ProgramSource, limits?: Partial<GuestLimits>): Program {
  return function* (sys, argv) {
    return yield* new GuestProcess(sys, source).run(sandbox, argv.slice(1), limits);
  };
}

type Operation = (sys: Sys, request: Request) => Call<number>;

const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  ...(["socket", "bind", "listen", "accept", "connect", "send", "sendto", "recv", "recvfrom", "shutdown"] as const).map(
    (name) => [OPERATION[name], sockets[name]] as const,
  ),
  ...(["getsockname", "getpeername", "setsockopt", "getsockopt"] as const).map(
    (name) => [OPERATION[name], sockets[name]] as const,
  ),
  ...(["open", "read", "write", "fsync", "unlink", "mkdir", "rmdir", "rename", "stat", "readdir"] as const).map(
    (name) => [OPERATION[name], files[name]] as const,
  ),
]);

class GuestProcess implements GuestHost {
  readonly #sys: Sys;
  readonly #source: ProgramSource;
  readonly #hosts = new HostNames();
  #random: Random | null = null;
  /** Begun by the guest and not looked at yet. */
  #begun: Request[] = [];
  #begunBytes = 0;
  /** Tried, and waiting. */
  #waiting: Request[] = [];

  constructor(sys: Sys, source: ProgramSource) {
    this.#sys = sys;
    this.#source = source;
  }

  *run(sandbox: Sandbox, args: readonly string[], limits: Partial<GuestLimits> | undefined): Call<number> {
    const sys = this.#sys;
    this.#random = new Random((yield* sys.random32()) * 2 ** 21 + ((yield* sys.random32()) >>> 11), "program");
    const started = sandbox.start({
      ...this.#source,
      configuration: { host: yield* sys.hostname(), args },
      host: this,
      ...(limits === undefined ? {} : { limits }),
    });
    if (!started.ok) return yield* this.#report(started.error);
    const guest = started.value;
    sys.holdMemory({ release: () => guest.dispose() });
    for (let paidUntil = sys.now(); ;) {
      guest.refill((sys.now() - paidUntil) * STEPS_PER_NS);
      paidUntil = sys.now();
      const state = guest.run();
      const price = sys.interpreterPrice(guest.takeSteps());
      if (price > 0) yield* sys.compute(price);
      const settled = yield* this.#makeCalls(guest);
      if (state.kind === "failed") return yield* this.#report(state.error);
      if (state.kind === "exited") return state.status;
      if (settled) continue;
      if (this.#waiting.length > 0) yield* this.#wait(guest);
      else if (state.kind === "finished") return 0;
      else return yield* this.#stuck();
    }
  }

  // What the guest asks

  wallClock(): number {
    const now = this.#sys.now();
    // ns since 1970 are too many for a double: the epoch is a whole number of seconds, and exact by itself.
    const epochSeconds = Math.round((this.#sys.wallClock() - now) / SECOND);
    return epochSeconds * 1_000_000 + Math.floor(now / 1000);
  }

  request(request: GuestRequest): number | null {
    switch (request.operation) {
      case OPERATION.now:
        return this.#sys.now();
      case OPERATION.random:
        return this.#random?.fraction() ?? 0;
      default:
        return this.#begin(new Request(request));
    }
  }

  #begin(request: Request): number | null {
    this.#begunBytes += request.data.length;
    if (this.#begun.length >= BEGUN_REQUESTS_MAX || this.#begunBytes > BEGUN_BYTES_MAX) return null;
    this.#begun.push(request);
    return 0;
  }

  // What the machine is asked

  /** Makes the calls that were begun. @returns whether any of them was answered. */
  *#makeCalls(guest: Guest): Call<boolean> {
    let settled = false;
    // A call can only be begun while the guest runs, and it does not run here.
    for (const request of this.#begun) {
      if (request.id === 0) yield* this.#tell(request);
      else if (yield* this.#attempt(guest, request)) settled = true;
    }
    this.#begun = [];
    this.#begunBytes = 0;
    return settled;
  }

  /** Tries one call. @returns whether it was answered; else it waits. */
  *#attempt(guest: Guest, request: Request): Call<boolean> {
    const first = this.#waiting.find((other) => request.mustFollow(other));
    if (first !== undefined) {
      request.poll.fd = first.poll.fd;
      request.poll.events = first.poll.events;
    } else request.value = yield* this.#perform(guest, request);
    if (!request.isWaiting) {
      this.#answer(guest, request);
      return true;
    }
    if (this.#waiting.length < REQUESTS_MAX) {
      this.#waiting.push(request);
      return false;
    }
    request.value = -E.ENOBUFS;
    this.#answer(guest, request);
    return true;
  }

  *#perform(guest: Guest, request: Request): Call<number> {
    const operation = OPERATIONS.get(request.operation);
    if (operation !== undefined) return yield* operation(this.#sys, request);
    switch (request.operation) {
      case OPERATION.sleep:
        request.deadline = this.#sys.now() + Math.max(0, Math.floor(request.a));
        return 0;
      case OPERATION.close:
        return yield* this.#close(guest, request);
      case OPERATION.gethostbyname: {
        const address = yield* this.#hosts.resolve(this.#sys, utf8Decode(request.data));
        request.answerB = address ?? 0;
        return address === null ? -E.ENOENT : 0;
      }
      default:
        return -E.ENOSYS;
    }
  }

  /** Whoever waits for the descriptor is told that it is gone; Linux leaves them hanging. */
  *#close(guest: Guest, request: Request): Call<number> {
    for (const other of this.#waiting.filter(({ poll }) => poll.events !== 0 && poll.fd === request.a)) {
      this.#waiting.splice(this.#waiting.indexOf(other), 1);
      other.value = -E.EBADF;
      this.#answer(guest, other);
    }
    return yield* this.#sys.close(request.a);
  }

  /** Something that is not answered: output and marks, in order with the calls. */
  *#tell(request: Request): Call<void> {
    if (request.operation === OPERATION.print) {
      yield* this.#print(request.a === STDERR ? STDERR : 1, request.data);
      return;
    }
    const [text = "", about = ""] = utf8Decode(request.data).split("\0", 2);
    const kind = request.operation === OPERATION.state ? "state" : "decide";
    this.#sys.mark(kind, text.slice(0, MARK_CHARACTERS_MAX), about.slice(0, MARK_CHARACTERS_MAX));
  }

  #answer(guest: Guest, request: Request): void {
    guest.settle({
      operation: request.operation,
      id: request.id,
      value: request.value,
      b: request.answerB,
      c: request.answerC,
      ...(request.bytes === undefined ? {} : { bytes: request.bytes }),
    });
  }

  /** Sleeps until something can go on, and lets it. */
  *#wait(guest: Guest): Call<void> {
    const sys = this.#sys;
    const polled: PollFd[] = [];
    let deadline = Infinity;
    for (const request of this.#waiting) {
      if (request.poll.events !== 0 && polled.length < POLLED_MAX) polled.push(request.poll);
      if (request.deadline < deadline) deadline = request.deadline;
    }
    const timeout = deadline === Infinity ? -1 : Math.max(0, deadline - sys.now());
    yield* sys.poll(polled, timeout);
    const now = sys.now();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) {
      if (request.deadline <= now) {
        request.deadline = Infinity;
        this.#answer(guest, request);
      } else if (request.poll.revents !== 0) {
        request.resume();
        yield* this.#attempt(guest, request);
      } else this.#waiting.push(request);
    }
  }

  // Ends

  *#report(error: GuestError): Call<number> {
    yield* this.#print(STDERR, utf8Encode(errorText(this.#source.main, error)));
    return STATUS[error.kind];
  }

  *#stuck(): Call<number> {
    const text = `${this.#source.main}: waits for something that cannot happen any more: no call is under way\n`;
    yield* this.#print(STDERR, utf8Encode(text));
    return STATUS.stuck;
  }

  *#print(fd: number, bytes: Uint8Array): Call<void> {
    yield* this.#sys.write(fd, bytes);
  }
}
