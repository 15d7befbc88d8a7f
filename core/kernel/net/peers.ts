/**
 * What is remembered per remote host to hold back traffic about it (struct inet_peer): the token bucket of ICMP errors,
 * redirects sent, and how many fragments it has sent. One table for all, bounded, oldest out first.
 */
import { MILLISECOND, type Nanoseconds } from "../../base/time.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { PEERS_MAX } from "./limits.ts";

/** Errors that a quiet host may get at once (XRLIM_BURST_FACTOR). */
const BURST_FACTOR = 6;

export class Peer {
  /** ns of credit, and the instant it was counted. A host not heard of before has all of it. */
  tokens: Nanoseconds = Infinity;
  tokensAt = 0;
  redirects = 0;
  redirectAt = -Infinity;
  /** Fragments received from it (inet_peer rid). */
  fragments = 0;

  /** One error per `interval` ns on average (inet_peer_xrlim_allow). */
  allowError(now: number, interval: Nanoseconds): boolean {
    const credit = Math.min(this.tokens + (now - this.tokensAt), BURST_FACTOR * interval);
    this.tokensAt = now;
    this.tokens = credit >= interval ? credit - interval : credit;
    return credit >= interval;
  }
}

export class PeerTable {
  readonly #peers = new Map<number, Peer>();
  evicted = 0;

  get size(): number {
    return this.#peers.size;
  }

  get(address: Ipv4Address): Peer {
    let peer = this.#peers.get(address | 0);
    if (peer === undefined) {
      if (this.#peers.size >= PEERS_MAX) {
        const oldest = this.#peers.keys().next();
        if (!oldest.done) this.#peers.delete(oldest.value);
        this.evicted++;
      }
      peer = new Peer();
      this.#peers.set(address | 0, peer);
    }
    return peer;
  }
}

/** The limit over all hosts together (icmp_global_allow): a bucket of `burst` messages, refilled `perSecond`. */
export class GlobalRate {
  #credit = Infinity;
  #stamp = 0;

  allow(now: number, perSecond: number, burst: number): boolean {
    const span = now - this.#stamp;
    // Refilled in steps of 20 ms, as Linux does, and never by fractions of a message.
    if (span >= 20 * MILLISECOND || this.#credit === Infinity) {
      const gained = Math.floor((perSecond * span) / 1_000_000_000);
      this.#credit = Math.min(burst, this.#credit + gained);
      if (gained > 0) this.#stamp = now;
    }
    if (this.#credit < 1) return false;
    this.#credit--;
    return true;
  }
}
