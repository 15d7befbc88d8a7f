/**
 * Reading the SACK blocks of an ACK onto the scoreboard (tcp_sacktag_write_queue in tcp_input.c; RFC 2018, RFC 2883).
 * Blocks come in every ACK of a recovery again and again: what the last ACK had (`recvSackCache`) is skipped, and
 * segments are found in the tree, so the work is for what is new. Linux also merges SACKed segments, to save memory;
 * ours stay apart, with the same counts.
 */
import { u32 } from "../../../base/bytes.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { FLAG } from "./ack-flags.ts";
import { checkSackReordering } from "./reordering.ts";
import { skipTo, walkSegments, walkSkippedDsack, type SackState, type Walk } from "./sack-mark.ts";
import { highestSackSeq, verifyLeftOut } from "./scoreboard.ts";
import type { TcpSegment } from "../send/segment.ts";
import { seqAdd, seqAfter, seqBefore, seqDistance, seqOf, type Seq } from "../sequence.ts";
import { CA, type SackRange, type TcpSock } from "../tcp-sock.ts";

/** TCP_NUM_SACKS: as many as fit into a header. */
const SACK_BLOCKS_MAX = 4;
const BLOCK_BYTES = 8;
const NO_BLOCK = -1;

// The blocks of the ACK being read: valid ones in order. Nothing keeps them.
const blocks: SackRange[] = Array.from({ length: SACK_BLOCKS_MAX }, () => ({ start: 0 as Seq, end: 0 as Seq }));
let used = 0;
/** Where the first block of the option went to, which may be a D-SACK. */
let firstIndex = NO_BLOCK;

/** Marks what the blocks of `skb` say. @returns FLAG bits. */
export function sacktagWriteQueue(tcp: TcpSock, skb: SkBuff, priorUna: Seq, state: SackState): number {
  const { rxOpt } = tcp;
  const count = Math.min(SACK_BLOCKS_MAX, rxOpt.numSacks);
  state.flag = 0;
  state.reord = tcp.sndNxt;
  if (tcp.sackedOut === 0) tcp.highestSack = tcp.rtxQueue.first;
  const ack = seqOf(skb.cb3);
  const isDuplicate = count > 0 && checkDsack(tcp, { skb, ack, priorUna, count }, state);
  // Far older than any window: it says nothing about what is outstanding now.
  if (seqBefore(ack, seqAdd(priorUna, -tcp.maxWindow))) return 0;
  if (tcp.packetsOut === 0) return state.flag;
  collectBlocks(tcp, skb, { ack, priorUna, count, isDuplicate });
  walkBlocks(tcp, state, isDuplicate);
  rememberBlocks(tcp);
  if (tcp.caState !== CA.LOSS || tcp.undoMarked) checkSackReordering(tcp, state.reord, false);
  verifyLeftOut(tcp);
  return state.flag;
}

const blockStart = (skb: SkBuff, at: number): Seq => seqOf(u32(skb.bytes, at));
const blockEnd = (skb: SkBuff, at: number): Seq => seqOf(u32(skb.bytes, at + 4));

interface Arrived {
  readonly skb: SkBuff;
  readonly ack: Seq;
  readonly priorUna: Seq;
  readonly count: number;
}

/** Whether the first block reports a duplicate: below the ACK, or inside the second (RFC 2883; tcp_check_dsack). */
function checkDsack(tcp: TcpSock, arrived: Arrived, state: SackState): boolean {
  const { skb, ack, priorUna, count } = arrived;
  const { tcpExt } = tcp.core.snmp;
  const at = tcp.rxOpt.sackAt;
  const start = blockStart(skb, at);
  const end = blockEnd(skb, at);
  if (seqBefore(start, ack)) tcpExt.TCPDSACKRecv++;
  else {
    if (count < 2) return false;
    const second = at + BLOCK_BYTES;
    if (seqAfter(end, blockEnd(skb, second)) || seqBefore(start, blockStart(skb, second))) return false;
    tcpExt.TCPDSACKOfoRecv++;
  }
  const duplicates = countDuplicates(tcp, start, end, state);
  if (duplicates === 0) {
    tcpExt.TCPDSACKIgnoredDubious++;
    return false;
  }
  tcpExt.TCPDSACKRecvSegs += duplicates;
  // Of data that is acknowledged and forgotten: all we can do is count.
  if (tcp.undoMarked && tcp.undoRetrans > 0 && !seqAfter(end, priorUna) && seqAfter(end, tcp.undoMarker)) {
    tcp.undoRetrans = Math.max(0, tcp.undoRetrans - duplicates);
  }
  return true;
}

/** Segments that a D-SACK tells of; 0 when it cannot be believed (tcp_dsack_seen). */
function countDuplicates(tcp: TcpSock, start: Seq, end: Seq, state: SackState): number {
  if (!seqBefore(start, end)) return 0;
  const length = seqDistance(start, end);
  if (length > tcp.maxWindow) return 0;
  let duplicates = 1;
  if (length > tcp.mssCache) duplicates = Math.ceil(length / tcp.mssCache);
  else if (tcp.tlpActive && tcp.tlpHighSeq === end) state.flag |= FLAG.DSACK_TLP;
  tcp.dsackDups += duplicates;
  // More than we ever sent twice: the network duplicates.
  if (tcp.dsackDups > tcp.totalRetrans) return 0;
  tcp.dsackSeen = true;
  // A probe's duplicate says nothing about RACK's patience.
  if (tcp.reordSeen > 0 && (state.flag & FLAG.DSACK_TLP) === 0) tcp.rack.dsackSeen = true;
  state.flag |= FLAG.DSACKING_ACK;
  state.delivered += duplicates;
  return duplicates;
}

/** Valid blocks into `blocks`, by sequence number. */
function collectBlocks(
  tcp: TcpSock,
  skb: SkBuff,
  arrived: { readonly ack: Seq; readonly priorUna: Seq; readonly count: number; readonly isDuplicate: boolean },
): void {
  used = 0;
  firstIndex = 0;
  for (let i = 0; i < arrived.count; i++) {
    const at = tcp.rxOpt.sackAt + i * BLOCK_BYTES;
    const block = blocks[used] as SackRange;
    block.start = blockStart(skb, at);
    block.end = blockEnd(skb, at);
    const isDsack = i === 0 && arrived.isDuplicate;
    if (!isBlockValid(tcp, block, isDsack)) {
      // Blocks of an ACK that was overtaken are old, not wrong.
      if (!isDsack && arrived.ack !== tcp.sndUna && !seqAfter(block.end, tcp.sndUna)) continue;
      countInvalid(tcp, isDsack);
      if (i === 0) firstIndex = NO_BLOCK;
      continue;
    }
    if (!seqAfter(block.end, arrived.priorUna)) {
      if (i === 0) firstIndex = NO_BLOCK;
      continue;
    }
    used++;
  }
  sortBlocks();
}

function countInvalid(tcp: TcpSock, isDsack: boolean): void {
  const { tcpExt } = tcp.core.snmp;
  if (!isDsack) tcpExt.TCPSACKDiscard++;
  else if (tcp.undoMarked) tcpExt.TCPDSACKIgnoredOld++;
  else tcpExt.TCPDSACKIgnoredNoUndo++;
}

/** Inside what is outstanding, or a D-SACK of this recovery (tcp_is_sackblock_valid). */
function isBlockValid(tcp: TcpSock, block: SackRange, isDsack: boolean): boolean {
  const { start, end } = block;
  // Beyond what was sent, empty or reversed; and a start that has wrapped around.
  if (seqAfter(end, tcp.sndNxt) || !seqBefore(start, end) || !seqBefore(start, tcp.sndNxt)) return false;
  // A block that starts at snd_una makes no sense: it would have been acknowledged.
  if (seqAfter(start, tcp.sndUna)) return true;
  if (!isDsack || !tcp.undoMarked || seqAfter(end, tcp.sndUna)) return false;
  if (!seqBefore(start, tcp.undoMarker)) return true;
  if (!seqAfter(end, tcp.undoMarker)) return false;
  // Across the begin of the recovery.
  return !seqBefore(start, seqAdd(end, -tcp.maxWindow));
}

/** Bubble sort of at most four, that follows where the first one goes. */
function sortBlocks(): void {
  for (let i = used - 1; i > 0; i--) {
    for (let j = 0; j < i; j++) {
      const one = blocks[j] as SackRange;
      const other = blocks[j + 1] as SackRange;
      if (!seqAfter(one.start, other.start)) continue;
      blocks[j] = other;
      blocks[j + 1] = one;
      if (j === firstIndex) firstIndex = j + 1;
    }
  }
}

/** Goes through blocks and cache side by side, both in order, and walks the segments that only the blocks have. */
function walkBlocks(tcp: TcpSock, state: SackState, isDuplicate: boolean): void {
  const cache = tcp.recvSackCache;
  // While nothing is SACKed the cache is of another time.
  let cached = tcp.sackedOut === 0 ? cache.length : 0;
  let at: TcpSegment | null = null;
  for (let i = 0; i < used;) {
    const { start, end } = blocks[i] as SackRange;
    const isDsack = isDuplicate && i === firstIndex;
    const walk: Walk = {
      tcp,
      state,
      isDsack,
      nextDsack: isDuplicate && i + 1 === firstIndex ? (blocks[i + 1] as SackRange) : null,
    };
    while (cached < cache.length && !seqBefore(start, (cache[cached] as SackRange).end)) cached++;
    const known = cached < cache.length && !isDsack ? (cache[cached] as SackRange) : null;
    if (known !== null && seqAfter(end, known.start)) {
      if (seqBefore(start, known.start)) at = walkSegments(walk, skipTo(tcp, at, start), start, known.start);
      if (!seqAfter(end, known.end)) {
        i++;
        continue;
      }
      at = walkSkippedDsack(walk, at, known.end);
      cached++;
      if (highestSackSeq(tcp) === known.end) {
        at = tcp.highestSack;
        if (at === null) break;
        at = walkSegments(walk, at, start, end);
        i++;
      } else at = skipTo(tcp, at, known.end);
      // The rest of the block is compared with the next of the cache.
      continue;
    }
    if (!seqBefore(start, highestSackSeq(tcp))) {
      at = tcp.highestSack;
      if (at === null) break;
    }
    at = walkSegments(walk, skipTo(tcp, at, start), start, end);
    i++;
  }
}

/** The blocks of this ACK are what the next one is compared with. */
function rememberBlocks(tcp: TcpSock): void {
  const cache = tcp.recvSackCache;
  while (cache.length < used) cache.push({ start: 0 as Seq, end: 0 as Seq });
  cache.length = used;
  for (let i = 0; i < used; i++) {
    const to = cache[i] as SackRange;
    const from = blocks[i] as SackRange;
    to.start = from.start;
    to.end = from.end;
  }
}
