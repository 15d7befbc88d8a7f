/**
 * Initial sequence numbers and timestamp offsets (Linux net/core/secure_seq.c; RFC 6528; RFC 9293, section 3.4.1). The
 * policy is `net.ipv4.tcp_isn_policy`, so that a lab can show what each one lets happen:
 *
 *   zero              always 0: an old duplicate of the last connection fits into the next one
 *   clock             a counter of 4 us ticks, RFC 793: safe against old duplicates until a crash, and easy to guess
 *   epoch             the high byte counts boots on stable storage, the rest counts connections: survives crashes
 *   random-increment  the last one plus a random step, as BSD did: hard to guess, no memory over a crash
 *   rfc6528           clock plus a keyed hash of addresses and ports: Linux
 */
import type { Random } from "../../../base/random.ts";
import { SipHash, type SipKey } from "../../../base/siphash.ts";
import type { KernelCore } from "../../core.ts";
import { seqOf, type Seq } from "../sequence.ts";
import type { TcpSysctls } from "../tcp-sysctls.ts";

/** A number that a crash does not take away: a file on the machine's disk. */
export interface StableWord {
  read(): number;
  write(value: number): void;
}

/** What a machine without a disk has: gone with the power. */
export class VolatileWord implements StableWord {
  #value = 0;

  read(): number {
    return this.#value;
  }

  write(value: number): void {
    this.#value = value;
  }
}

/** Addresses and ports of a connection, as seen from here. */
export interface Tuple {
  readonly boundAddress: number;
  readonly localPort: number;
  readonly remoteAddress: number;
  readonly remotePort: number;
}

/** Connections that one epoch has numbers for, 2^16 sequence numbers apart. */
const EPOCH_CONNECTIONS = 256;
const EPOCH_STEP = 0x1_0000;
/** BSD's step: 64,000 plus something nobody can tell. */
const STEP_LEAST = 64_000;
const STEP_SPREAD = 0x1_0000;

export const randomKey = (random: Random): SipKey => [
  random.next32() | 0,
  random.next32() | 0,
  random.next32() | 0,
  random.next32() | 0,
];

export class IsnSource {
  readonly #core: KernelCore;
  readonly #sysctls: TcpSysctls;
  readonly #store: StableWord;
  readonly #random: Random;
  readonly #sequenceHash: SipHash;
  readonly #offsetHash: SipHash;
  readonly #words = [0, 0, 0];
  readonly #pair = [0, 0];
  #last = 0;
  #epoch = 0;
  #epochUsed = EPOCH_CONNECTIONS;

  constructor(core: KernelCore, sysctls: TcpSysctls, store: StableWord) {
    this.#core = core;
    this.#sysctls = sysctls;
    this.#store = store;
    this.#random = core.random("tcp/isn");
    this.#sequenceHash = new SipHash(randomKey(this.#random));
    this.#offsetHash = new SipHash(randomKey(this.#random));
    this.#last = this.#random.next32();
  }

  /** The initial sequence number of a new connection (secure_tcp_seq). */
  next(tuple: Tuple): Seq {
    switch (this.#sysctls.isnPolicy.value) {
      case "zero":
        return seqOf(0);
      case "clock":
        return seqOf(Math.floor(this.#core.engine.now / 4000));
      case "epoch":
        return this.#nextOfEpoch();
      case "random-increment":
        this.#last = (this.#last + STEP_LEAST + this.#random.below(STEP_SPREAD)) | 0;
        return seqOf(this.#last);
      default:
        return this.#keyed(tuple);
    }
  }

  /** What this connection's timestamps are shifted by, unless net.ipv4.tcp_timestamps is 2 (secure_tcp_ts_off). */
  timestampOffset(local: number, remote: number): number {
    if (this.#sysctls.timestamps !== 1) return 0;
    this.#pair[0] = local;
    this.#pair[1] = remote;
    return this.#offsetHash.hash(this.#pair);
  }

  /** A new epoch is on the disk before the first number of it is used. */
  #nextOfEpoch(): Seq {
    if (this.#epochUsed >= EPOCH_CONNECTIONS) {
      this.#epoch = (this.#store.read() + 1) & 0xff;
      this.#store.write(this.#epoch);
      this.#epochUsed = 0;
    }
    return seqOf((this.#epoch << 24) | (EPOCH_STEP * this.#epochUsed++));
  }

  #keyed(tuple: Tuple): Seq {
    const words = this.#words;
    words[0] = tuple.boundAddress;
    words[1] = tuple.remoteAddress;
    words[2] = (tuple.localPort << 16) | tuple.remotePort;
    // A tick is 64 ns, as in Linux: no 32-bit number comes again within four minutes.
    return seqOf(this.#sequenceHash.hash(words) + (Math.floor(this.#core.engine.now / 64) % 2 ** 32));
  }
}
