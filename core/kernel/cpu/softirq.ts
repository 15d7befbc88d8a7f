/**
 * Pending softirqs of one CPU and the loop that serves them, after __do_softirq (Linux kernel/softirq.c, 6.4 and later:
 * every interrupt's exit serves them, also while ksoftirqd waits its turn). One invocation runs rounds over the pending
 * vectors in their order. After ten rounds, 2 ms, or when a task waits for the CPU, it leaves the rest to ksoftirqd.
 */
import { assert } from "../../base/assert.ts";
import { WIDE_ZERO } from "../../base/wide-zero.ts";
import { SOFTIRQ_NS_MAX, SOFTIRQ_RESTARTS_MAX } from "./limits.ts";
import { SOFTIRQ, type SoftirqVector, type Work } from "./work.ts";

const VECTORS = 10;
const NO_VECTOR = -1;

export class Softirqs {
  readonly #actions: (Work | null)[] = new Array<Work | null>(VECTORS).fill(null);
  /** Times each vector was served, but see `#netRxBegun`. */
  readonly #counts: number[] = new Array<number>(VECTORS).fill(0);
  /** Bit set of vectors raised and not yet served. */
  pending = 0;
  /** What this round has still to serve. */
  #round = 0;
  #restartsLeft = 0;
  #startedAt: number = WIDE_ZERO;
  /** Begun by `beginNetRx`, which leaves out `#startedAt`: V8 keeps it in a box, which is a cache line of its own. */
  #isFresh = false;
  /** Times that `beginNetRx` served its vector, which it does not count in `#counts` for the same reason. */
  #netRxBegun = 0;
  /** The vector in progress. */
  vector: number = NO_VECTOR;
  /** An invocation is under way. */
  isActive = false;
  /** The last invocation gave up; until the next trigger only ksoftirqd serves what is pending. */
  isDeferred = false;

  /** Times each vector was served, for /proc/softirqs. */
  counts(): number[] {
    return this.#counts.map((count, vector) => (vector === SOFTIRQ.NET_RX ? count + this.#netRxBegun : count));
  }

  register(vector: SoftirqVector, action: Work): void {
    assert(this.#actions[vector] === null, "a softirq vector has one action");
    this.#actions[vector] = action;
  }

  get hasWork(): boolean {
    return this.isActive || (this.pending !== 0 && !this.isDeferred);
  }

  /** Action of the vector in progress. */
  get action(): Work {
    const action = this.#actions[this.vector] ?? null;
    assert(action !== null, "a raised softirq has an action");
    return action;
  }

  /** A new invocation starts. */
  start(now: number): void {
    assert(!this.isActive && this.pending !== 0, "an invocation starts with something to do");
    this.isActive = true;
    this.isDeferred = false;
    this.#restartsLeft = SOFTIRQ_RESTARTS_MAX;
    this.#isFresh = false;
    this.#startedAt = now;
    this.#takeRound();
  }

  /** A new invocation starts and serves NET_RX, the only one, which was raised this very moment and costs nothing. */
  beginNetRx(): void {
    assert(!this.isActive && this.pending === 0, "nothing else is to be served");
    this.isActive = true;
    this.isDeferred = false;
    this.#isFresh = true;
    this.#restartsLeft = SOFTIRQ_RESTARTS_MAX;
    this.#round = 0;
    this.vector = SOFTIRQ.NET_RX;
    this.#netRxBegun++;
  }

  /**
   * Makes `vector` the next one to serve.
   * @returns false when the invocation has ended; `isDeferred` then says whether something was left over.
   */
  advance(now: number, needResched: boolean): boolean {
    if (this.#isFresh) {
      this.#isFresh = false;
      this.#startedAt = now;
    }
    if (this.#round === 0) {
      const goOn = now - this.#startedAt < SOFTIRQ_NS_MAX && !needResched && --this.#restartsLeft > 0;
      if (this.pending === 0 || !goOn) {
        this.isActive = false;
        this.isDeferred = this.pending !== 0;
        return false;
      }
      this.#takeRound();
    }
    this.vector = 31 - Math.clz32(this.#round & -this.#round);
    this.#round &= this.#round - 1;
    this.#counts[this.vector] = (this.#counts[this.vector] as number) + 1;
    return true;
  }

  finishVector(): void {
    this.vector = NO_VECTOR;
    // The usual end, found without another look: nothing is left, and nothing was raised meanwhile.
    if (this.#round === 0 && this.pending === 0) this.isActive = false;
  }

  clear(): void {
    this.pending = 0;
    this.#round = 0;
    this.vector = NO_VECTOR;
    this.isActive = false;
    this.isDeferred = false;
  }

  #takeRound(): void {
    this.#round = this.pending;
    this.pending = 0;
  }
}
