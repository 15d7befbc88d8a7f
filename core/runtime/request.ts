/** One call of a guest while it is under way: what it asked, what it waits for, and what it will be answered. */
import type { GuestRequest } from "./sandbox-port.ts";
import { POLL, type PollFd } from "../kernel/syscall/sys.ts";

/** What a request waits for before it is tried again. */
export type Readiness = "readable" | "writable";

export class Request {
  readonly operation: number;
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  data: Uint8Array;
  /** Bytes of `data` that were taken, over several tries. */
  done = 0;
  /** A connection is being made. */
  isBegun = false;
  /** Virtual instant at which it is over: sleep. */
  deadline = Infinity;
  readonly poll: PollFd = { fd: -1, events: 0, revents: 0 };
  // The answer
  value = 0;
  answerB = 0;
  answerC = 0;
  bytes: Uint8Array | undefined = undefined;

  constructor(request: GuestRequest) {
    this.operation = request.operation;
    this.id = request.id;
    this.a = request.a;
    this.b = request.b;
    this.c = request.c;
    this.d = request.d;
    this.data = request.bytes();
  }

  /** It could not be done now: to be tried again when the file is ready, by default the one it is about. */
  wait(readiness: Readiness, fd = this.a): void {
    this.poll.fd = fd;
    this.poll.events = readiness === "readable" ? POLL.IN : POLL.OUT;
  }

  get isWaiting(): boolean {
    return this.poll.events !== 0 || this.deadline !== Infinity;
  }

  /** About to be tried again. */
  resume(): void {
    this.poll.events = 0;
    this.poll.revents = 0;
  }

  /** Waits for the same side of the same file as `other` does: what came later must not overtake. */
  mustFollow(other: Request): boolean {
    return other.poll.events !== 0 && other.poll.fd === this.a && other.operation === this.operation;
  }
}
