/** FIFO of sk_buffs, linked through the packets themselves (struct sk_buff_head): joining a queue allocates nothing. */
import { assert } from "../../base/assert.ts";
import type { SkBuff } from "./skbuff.ts";

export class SkbQueue {
  #first: SkBuff | null = null;
  #last: SkBuff | null = null;
  /** Packets in the queue. */
  length = 0;
  /** Sum of their lengths in bytes, as they were when they joined. */
  bytes = 0;

  get first(): SkBuff | null {
    return this.#first;
  }

  get last(): SkBuff | null {
    return this.#last;
  }

  push(skb: SkBuff): void {
    assert(!skb.inQueue && skb.users > 0, "a living packet is in one queue at most");
    skb.inQueue = true;
    skb.next = null;
    if (this.#last === null) this.#first = skb;
    else this.#last.next = skb;
    this.#last = skb;
    this.length++;
    this.bytes += skb.length;
  }

  /** Puts a packet in front of all others. */
  unshift(skb: SkBuff): void {
    assert(!skb.inQueue && skb.users > 0, "a living packet is in one queue at most");
    skb.inQueue = true;
    skb.next = this.#first;
    this.#first = skb;
    this.#last ??= skb;
    this.length++;
    this.bytes += skb.length;
  }

  shift(): SkBuff | null {
    const skb = this.#first;
    if (skb === null) return null;
    this.#first = skb.next;
    if (this.#first === null) this.#last = null;
    skb.next = null;
    skb.inQueue = false;
    this.length--;
    this.bytes -= skb.length;
    return skb;
  }
}
