/**
 * Segments behind a gap, by sequence number (tcp_data_queue_ofo and tp->out_of_order_queue). Data that is there already
 * is dropped on the way in, whichever copy covers the other, and noted as duplicate (RFC 2883). Joining at the end
 * takes constant time, elsewhere the logarithm of the number of segments.
 */
import { assert } from "../../../base/assert.ts";
import { OrderedTree, TreeNode } from "../../../base/ordered-tree.ts";
import type { DropReason } from "../../../contract/drop-reason.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { tryCoalesce } from "./coalesce.ts";
import { dsackExtend, dsackSet } from "./sack-blocks.ts";
import { seqAfter, seqBefore, seqDistance, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** A packet of the queue. */
export class OfoNode extends TreeNode {
  seq = 0 as Seq;
  endSeq = 0 as Seq;
  /** Null while the node is not in use. */
  skb: SkBuff | null = null;
}

/** What became of a packet: it is in the queue; it was joined to another one and is still to be ended; it is gone. */
export const OFO = { QUEUED: 0, JOINED: 1, DUPLICATE: 2 } as const;
export type OfoResult = (typeof OFO)[keyof typeof OFO];

const bySequence = (a: OfoNode, b: OfoNode): number => seqDistance(b.seq, a.seq);

// Shared by all connections, most of which never have a gap: nodes that nobody uses, and the argument of `probe`.
const freeNodes: OfoNode[] = [];
let sought = 0 as Seq;
const probe = (node: OfoNode): number => seqDistance(sought, node.seq);
/** The tree of all who have no gap; it stays empty. */
const NO_GAP = new OrderedTree<OfoNode>(bySequence);

export class OutOfOrderQueue {
  readonly #tcp: TcpSock;
  #tree = NO_GAP;
  /** Payload in the queue, parts that overlap counted twice. */
  bytes = 0;

  constructor(tcp: TcpSock) {
    this.#tcp = tcp;
  }

  /** Packets. */
  get size(): number {
    return this.#tree.size;
  }

  get first(): OfoNode | null {
    return this.#tree.first;
  }

  get firstPacket(): SkBuff | null {
    return this.#tree.first === null ? null : this.#tree.first.skb;
  }

  /** The one that begins last; none ends behind it. */
  get last(): OfoNode | null {
    return this.#tree.last;
  }

  next(node: OfoNode): OfoNode | null {
    return this.#tree.next(node);
  }

  /**
   * Puts the packet in its place. One that is QUEUED is the caller's to charge: it still counts on nobody.
   */
  insert(skb: SkBuff): OfoResult {
    const seq = skb.cb0 as Seq;
    const end = skb.cb1 as Seq;
    const last = this.#tree.last;
    if (last === null) {
      this.#add(skb, null);
      return OFO.QUEUED;
    }
    if (this.#join(last, skb)) return OFO.JOINED;
    if (!seqBefore(seq, last.endSeq)) {
      this.#add(skb, last);
      return OFO.QUEUED;
    }
    sought = seq;
    const before = this.#tree.findLast(probe);
    if (before !== null && seqBefore(seq, before.endSeq)) {
      if (!seqAfter(end, before.endSeq)) return this.#refuse(skb);
      if (seq === before.seq) {
        this.#replace(before, skb);
        return OFO.QUEUED;
      }
      dsackSet(this.#tcp, seq, before.endSeq);
    } else if (before !== null && this.#join(before, skb)) return OFO.JOINED;
    this.#mergeRight(this.#add(skb, before), true);
    return OFO.QUEUED;
  }

  /** Takes the first packet out; the caller ends it or queues it elsewhere. */
  shift(): SkBuff {
    assert(this.#tree.first !== null, "the queue is not empty");
    return this.#remove(this.#tree.first);
  }

  /** Takes the last packet out. */
  pop(): SkBuff {
    assert(this.#tree.last !== null, "the queue is not empty");
    return this.#remove(this.#tree.last);
  }

  /** Takes a packet out. */
  take(node: OfoNode): SkBuff {
    return this.#remove(node);
  }

  /** Puts back a packet that fills a place from which others were taken. */
  put(skb: SkBuff): void {
    sought = skb.cb0 as Seq;
    this.#add(skb, this.#tree.findLast(probe));
  }

  /** Drops everything. */
  clear(reason: DropReason = "SOCKET_CLOSED"): void {
    while (this.#tree.size > 0) this.#tcp.core.drop(this.shift(), reason);
  }

  checkInvariants(): void {
    this.#tree.checkInvariants();
    let bytes = 0;
    for (let node = this.#tree.first; node !== null; node = this.#tree.next(node)) {
      const skb = node.skb;
      assert(skb !== null && skb.users > 0, "a node has a living packet");
      assert(skb.cb0 === node.seq && skb.cb1 === node.endSeq, "a node knows what its packet covers");
      bytes += skb.length;
    }
    assert(bytes === this.bytes, "the payload is counted");
  }

  #add(skb: SkBuff, before: OfoNode | null): OfoNode {
    const node = freeNodes.pop() ?? new OfoNode();
    node.seq = skb.cb0 as Seq;
    node.endSeq = skb.cb1 as Seq;
    node.skb = skb;
    if (this.#tree === NO_GAP) this.#tree = new OrderedTree<OfoNode>(bySequence);
    if (before === null) this.#tree.insert(node);
    else this.#tree.insertAfter(before, node);
    this.bytes += skb.length;
    return node;
  }

  #remove(node: OfoNode): SkBuff {
    const skb = node.skb;
    assert(skb !== null, "a node that is taken out is in the queue");
    this.#tree.remove(node);
    node.skb = null;
    freeNodes.push(node);
    this.bytes -= skb.length;
    return skb;
  }

  #join(node: OfoNode, skb: SkBuff): boolean {
    const length = skb.length;
    // A buffer from kmalloc is not taken apart (skb_head_is_locked): what it covers is reported as duplicate then.
    const shares = skb.headLength === 0;
    if (node.skb === null || !tryCoalesce(this.#tcp, node.skb, skb, shares)) return false;
    node.endSeq = skb.cb1 as Seq;
    this.bytes += length;
    this.#mergeRight(node, false);
    return true;
  }

  /** All of it is there. */
  #refuse(skb: SkBuff): OfoResult {
    const seq = skb.cb0 as Seq;
    const end = skb.cb1 as Seq;
    this.#dropMerged(skb);
    dsackSet(this.#tcp, seq, end);
    return OFO.DUPLICATE;
  }

  /** The packet begins where `old` does, and reaches farther. */
  #replace(old: OfoNode, skb: SkBuff): void {
    dsackExtend(this.#tcp, old.seq, old.endSeq);
    const dropped = old.skb as SkBuff;
    this.bytes += skb.length - dropped.length;
    this.#dropMerged(dropped);
    old.skb = skb;
    old.endSeq = skb.cb1 as Seq;
    this.#mergeRight(old, true);
  }

  /** Drops the packets that `node` covers now. @param report as duplicates; what was joined to is not reported. */
  #mergeRight(node: OfoNode, report: boolean): void {
    for (let next = this.#tree.next(node); next !== null; next = this.#tree.next(node)) {
      if (!seqAfter(node.endSeq, next.seq)) return;
      if (seqBefore(node.endSeq, next.endSeq)) {
        if (report) dsackExtend(this.#tcp, next.seq, node.endSeq);
        return;
      }
      if (report) {
        dsackExtend(this.#tcp, next.seq, next.endSeq);
        this.#dropMerged(this.#remove(next));
      } else this.#tcp.core.drop(this.#remove(next), "TCP_OFO_DROP");
    }
  }

  #dropMerged(skb: SkBuff): void {
    this.#tcp.core.snmp.tcpExt.TCPOFOMerge++;
    this.#tcp.drops++;
    this.#tcp.core.drop(skb, "TCP_OFOMERGE");
  }
}
