/**
 * Reassembly, RFC 791, section 3.2 and RFC 815, with the rules of Linux's net/ipv4/ip_fragment.c and inet_fragment.c: a
 * fragment that lies wholly inside what has arrived is a duplicate and ignored; any other overlap kills the datagram
 * (RFC 5722's rule). Memory is counted in truesize: above ipfrag_high_thresh the oldest datagrams go until
 * ipfrag_low_thresh, as Linux did before 4.17 (later kernels refuse new ones instead).
 * Left out: ECN marks of fragments are not combined; the first fragment's count (RFC 3168, section 5.3).
 */
import { assert } from "../../base/assert.ts";
import { put16, u16, u8 } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import type { DropReason } from "../../contract/drop-reason.ts";
import { ICMP_EXC, ICMP_TYPE } from "../../wire/icmp.ts";
import {
  IP_MF,
  IP_OFFSET,
  IPV4,
  IPV4_TOTAL_BYTES_MAX,
  ipv4HeaderBytes,
  ipv4Source,
  ipv4Target,
  sealIpv4,
} from "../../wire/ipv4.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { copyBytes } from "../../base/bytes.ts";
import type { KernelCore } from "../core.ts";
import { CHECKSUM_NONE, type SkBuff } from "../skb/skbuff.ts";
import { KernelTimer, type TimerHandler } from "../timer/timers.ts";
import { inherit } from "./fragment.ts";
import type { IcmpSender } from "./icmp-send.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import { REASSEMBLY_QUEUES_MAX } from "./limits.ts";
import type { PeerTable } from "./peers.ts";

/** Of a datagram under reassembly; `Map` keeps the oldest first. */
class FragmentQueue {
  readonly key: string;
  readonly source: Ipv4Address;
  readonly timer: KernelTimer;
  /** By offset, without overlap. A fragment's `cb1` and `cb2` are where its data begins and ends in the datagram. */
  fragments: SkBuff[] = [];
  /** Bytes of data that are here. */
  bytes = 0;
  /** Bytes of data up to the furthest end seen; the datagram's, once `hasLast`. */
  end = 0;
  hasLast = false;
  truesize = 0;
  /** The source's count of fragments when it last added one. */
  peerCount = 0;

  constructor(key: string, source: Ipv4Address, handler: TimerHandler, code: number) {
    this.key = key;
    this.source = source;
    this.timer = new KernelTimer(handler, code);
  }
}

/** What reassembly works with. */
export interface ReassemblyParts {
  readonly sysctls: IpSysctls;
  readonly peers: PeerTable;
  readonly icmp: IcmpSender;
}

export class Reassembly implements TimerHandler {
  readonly #core: KernelCore;
  readonly #parts: ReassemblyParts;
  readonly #queues = new Map<string, FragmentQueue>();
  readonly #byCode = new Map<number, FragmentQueue>();
  #nextCode = 1;
  /** Bytes held, in truesize; the FRAG line of /proc/net/sockstat. */
  memory = 0;

  constructor(core: KernelCore, parts: ReassemblyParts) {
    this.#core = core;
    this.#parts = parts;
  }

  get queues(): number {
    return this.#queues.size;
  }

  /**
   * Takes in a fragment (ip_defrag); owns it. `data` is at the IP header, and the packet ends with the fragment.
   * @returns the whole datagram, `data` at its IP header, when this was the last piece missing; else null.
   */
  add(skb: SkBuff): SkBuff | null {
    const core = this.#core;
    core.snmp.ip.ReasmReqds++;
    const { fragHighThreshold, fragLowThreshold } = this.#parts.sysctls;
    if (this.memory + skb.truesize > fragHighThreshold) this.#evict(fragLowThreshold);
    if (fragHighThreshold === 0) {
      core.snmp.ip.ReasmFails++;
      core.drop(skb, "FRAG_MEMORY");
      return null;
    }
    const queue = this.#queueOf(skb);
    this.#checkDistance(queue);
    const reason = this.#insert(queue, skb);
    if (reason !== null) {
      // What contradicts itself cannot be trusted in any part; a mere repetition does no harm.
      if (reason !== "DUP_FRAG") this.#fail(queue, reason);
      core.drop(skb, reason);
      return null;
    }
    if (!queue.hasLast || queue.bytes !== queue.end) return null;
    return this.#join(queue);
  }

  /** The missing fragments did not come (ip_expire). */
  onTimer(timer: KernelTimer): void {
    const queue = this.#byCode.get(timer.code);
    if (!this.#core.alive || queue === undefined) return;
    const ip = this.#core.snmp.ip;
    ip.ReasmTimeout++;
    const first = queue.fragments[0];
    // Only who has the first fragment can tell the sender which packet it was (RFC 1122, section 3.3.2).
    if (first !== undefined && first.cb1 === 0) {
      this.#parts.icmp.send(first, ICMP_TYPE.TIME_EXCEEDED, ICMP_EXC.FRAGTIME, 0);
    }
    this.#fail(queue, "FRAG_REASM_TIMEOUT");
  }

  queuedPackets(): number {
    let count = 0;
    for (const queue of this.#queues.values()) count += queue.fragments.length;
    return count;
  }

  checkInvariants(): void {
    let memory = 0;
    for (const queue of this.#queues.values()) {
      memory += queue.truesize;
      let end = 0;
      let bytes = 0;
      for (const fragment of queue.fragments) {
        assert(fragment.cb1 >= end, "fragments do not overlap");
        end = fragment.cb2;
        bytes += fragment.cb2 - fragment.cb1;
      }
      assert(bytes === queue.bytes && end <= queue.end, "a datagram's bytes are counted");
    }
    assert(memory === this.memory, "reassembly memory is counted");
  }

  shutdown(): void {
    for (const queue of [...this.#queues.values()]) this.#discard(queue, "NODE_DOWN");
  }

  #queueOf(skb: SkBuff): FragmentQueue {
    const bytes = skb.bytes;
    const at = skb.data;
    const source = ipv4Source(bytes, at);
    const id = u16(bytes, at + IPV4.id);
    const key = `${source} ${ipv4Target(bytes, at)} ${id} ${u8(bytes, at + IPV4.protocol)}`;
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const oldest = this.#queues.values().next();
    if (this.#queues.size >= REASSEMBLY_QUEUES_MAX && !oldest.done) this.#fail(oldest.value, "FRAG_MEMORY");
    const queue = new FragmentQueue(key, source, this, this.#nextCode++);
    queue.peerCount = this.#parts.peers.get(source).fragments;
    this.#queues.set(key, queue);
    this.#byCode.set(queue.timer.code, queue);
    this.#core.timers.arm(queue.timer, this.#parts.sysctls.fragTime * SECOND);
    return queue;
  }

  /**
   * Identifications wrap: when too many other fragments of that source came in between, the ones here belong to an
   * older datagram with the same identification (ip_frag_too_far).
   */
  #checkDistance(queue: FragmentQueue): void {
    const peer = this.#parts.peers.get(queue.source);
    const distance = peer.fragments++ - queue.peerCount;
    queue.peerCount = peer.fragments;
    const most = this.#parts.sysctls.fragDistanceMax;
    if (most === 0 || distance <= most || queue.fragments.length === 0) return;
    this.#core.snmp.ip.ReasmFails++;
    this.#dropFragments(queue, "FRAG_STALE");
    queue.end = 0;
    queue.hasLast = false;
    this.#core.timers.arm(queue.timer, this.#parts.sysctls.fragTime * SECOND);
  }

  /** ip_frag_queue. @returns why the fragment is not taken; null when it was. */
  #insert(queue: FragmentQueue, skb: SkBuff): DropReason | null {
    const header = ipv4HeaderBytes(skb.bytes, skb.data);
    const field = u16(skb.bytes, skb.data + IPV4.fragment);
    const start = (field & IP_OFFSET) * 8;
    const isLast = (field & IP_MF) === 0;
    // Data of all but the last fragment counts in eights: what is over is cut off.
    const length = isLast ? skb.length - header : (skb.length - header) & ~7;
    const end = start + length;
    if (length <= 0) return "FRAG_MALFORMED";
    if (header + end > IPV4_TOTAL_BYTES_MAX) return "FRAG_TOO_FAR";
    const beyond = isLast ? end < queue.end || (queue.hasLast && end !== queue.end) : queue.hasLast && end > queue.end;
    if (beyond) return "FRAG_MALFORMED";
    const fragments = queue.fragments;
    // Fragments mostly come in order: look from the back.
    let place = fragments.length;
    while (place > 0 && (fragments[place - 1] as SkBuff).cb1 > start) place--;
    const before = fragments[place - 1];
    const after = fragments[place];
    if (before !== undefined && before.cb2 > start) {
      return this.#overlap(end <= runEnd(fragments, place - 1) ? "DUP_FRAG" : "FRAG_OVERLAP");
    }
    if (after !== undefined && after.cb1 < end) return this.#overlap("FRAG_OVERLAP");
    queue.end = Math.max(queue.end, end);
    queue.hasLast ||= isLast;
    skb.cb1 = start;
    skb.cb2 = end;
    skb.inQueue = true;
    fragments.splice(place, 0, skb);
    queue.bytes += length;
    queue.truesize += skb.truesize;
    this.memory += skb.truesize;
    return null;
  }

  #overlap(reason: DropReason): DropReason {
    if (reason === "FRAG_OVERLAP") this.#core.snmp.ipExt.ReasmOverlaps++;
    return reason;
  }

  /** All is here: one packet with the first fragment's header (ip_frag_reasm). */
  #join(queue: FragmentQueue): SkBuff | null {
    const core = this.#core;
    const first = queue.fragments[0] as SkBuff;
    const header = ipv4HeaderBytes(first.bytes, first.data);
    const total = header + queue.end;
    if (total > IPV4_TOTAL_BYTES_MAX) {
      this.#fail(queue, "FRAG_TOO_FAR");
      return null;
    }
    const whole = core.skbs.alloc(total);
    const at = whole.put(total);
    copyBytes(first.bytes, first.data, whole.bytes, at, header);
    for (const fragment of queue.fragments) {
      const from = fragment.data + ipv4HeaderBytes(fragment.bytes, fragment.data);
      copyBytes(fragment.bytes, from, whole.bytes, at + header + fragment.cb1, fragment.cb2 - fragment.cb1);
    }
    put16(whole.bytes, at + IPV4.totalLength, total);
    put16(whole.bytes, at + IPV4.fragment, 0);
    sealIpv4(whole.bytes, at);
    whole.networkHeader = at;
    whole.transportHeader = at + header;
    inherit(first, whole);
    whole.ipSummed = CHECKSUM_NONE;
    this.#unlink(queue);
    for (const fragment of this.#release(queue)) core.consume(fragment);
    core.snmp.ip.ReasmOKs++;
    return whole;
  }

  #evict(downTo: number): void {
    for (const queue of [...this.#queues.values()]) {
      if (this.memory <= downTo) return;
      this.#fail(queue, "FRAG_MEMORY");
    }
  }

  #fail(queue: FragmentQueue, reason: DropReason): void {
    this.#core.snmp.ip.ReasmFails++;
    this.#discard(queue, reason);
  }

  #discard(queue: FragmentQueue, reason: DropReason): void {
    this.#unlink(queue);
    this.#dropFragments(queue, reason);
  }

  #unlink(queue: FragmentQueue): void {
    this.#core.timers.cancel(queue.timer);
    this.#queues.delete(queue.key);
    this.#byCode.delete(queue.timer.code);
  }

  #dropFragments(queue: FragmentQueue, reason: DropReason): void {
    for (const fragment of this.#release(queue)) this.#core.drop(fragment, reason);
  }

  #release(queue: FragmentQueue): SkBuff[] {
    const fragments = queue.fragments;
    for (const fragment of fragments) fragment.inQueue = false;
    this.memory -= queue.truesize;
    queue.fragments = [];
    queue.truesize = 0;
    queue.bytes = 0;
    return fragments;
  }
}

/** Where the data without a gap ends that includes the fragment at `index`. */
function runEnd(fragments: readonly SkBuff[], index: number): number {
  let end = (fragments[index] as SkBuff).cb2;
  for (let i = index + 1; i < fragments.length && (fragments[i] as SkBuff).cb1 === end; i++) {
    end = (fragments[i] as SkBuff).cb2;
  }
  return end;
}
