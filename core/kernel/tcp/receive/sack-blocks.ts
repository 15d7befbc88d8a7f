/**
 * SACK blocks to report (RFC 2018, section 4; RFC 2883): newest first, so that a lost ACK costs little. The functions
 * tcp_dsack_set, tcp_dsack_extend, tcp_sack_new_ofo_skb, tcp_sack_maybe_coalesce and tcp_sack_remove of tcp_input.c.
 * Pure bookkeeping: the out-of-order queue stands on this, and sends nothing.
 */
import { TCP_SACK_BLOCKS_MAX } from "../../../wire/tcp-options.ts";
import { seqAfter, seqBefore, type Seq } from "../sequence.ts";
import type { SackRange, TcpSock } from "../tcp-sock.ts";

/** Blocks that fit beside timestamps and a duplicate (TCP_SACK_BLOCKS_EXPECTED): from there on ACKs do not wait. */
const BLOCKS_EXPECTED = 2;

/** Widens the block by a range that touches or overlaps it. @returns whether it did (tcp_sack_extend). */
function extend(block: SackRange, seq: Seq, end: Seq): boolean {
  if (seqAfter(seq, block.end) || seqAfter(block.start, end)) return false;
  if (seqBefore(seq, block.start)) block.start = seq;
  if (seqAfter(end, block.end)) block.end = end;
  return true;
}

const reportsDuplicates = (tcp: TcpSock): boolean => tcp.rxOpt.sackOk && tcp.tcp.sysctls.dsack !== 0;

/** The range has come twice: the next ACK says so. */
export function dsackSet(tcp: TcpSock, seq: Seq, end: Seq): void {
  if (!reportsDuplicates(tcp)) return;
  const ext = tcp.core.snmp.tcpExt;
  if (seqBefore(seq, tcp.rcvNxt)) ext.TCPDSACKOldSent++;
  else ext.TCPDSACKOfoSent++;
  tcp.dsack = true;
  tcp.duplicateSack.start = seq;
  tcp.duplicateSack.end = end;
}

/** As `dsackSet`, but a duplicate noted before stays; it grows when the new one touches it. */
export function dsackExtend(tcp: TcpSock, seq: Seq, end: Seq): void {
  if (!tcp.dsack) dsackSet(tcp, seq, end);
  else extend(tcp.duplicateSack, seq, end);
}

/**
 * Data [seq, end) is in the out-of-order queue now: its block becomes the first. @param flush sends the ACK that was
 * held back, if there is one: with this many blocks the peer should see them before one is pushed out.
 */
export function sackNewOfo(tcp: TcpSock, seq: Seq, end: Seq, flush: (tcp: TcpSock) => void): void {
  const blocks = tcp.selectiveAcks;
  let index = 0;
  while (index < blocks.length && !extend(blocks[index] as SackRange, seq, end)) index++;
  if (index < blocks.length) {
    if (index >= BLOCKS_EXPECTED) flush(tcp);
    moveToFront(blocks, index);
    coalesce(blocks);
    return;
  }
  if (blocks.length >= BLOCKS_EXPECTED) flush(tcp);
  if (blocks.length < TCP_SACK_BLOCKS_MAX) blocks.push({ start: seq, end });
  const last = blocks[blocks.length - 1] as SackRange;
  last.start = seq;
  last.end = end;
  moveToFront(blocks, blocks.length - 1);
}

function moveToFront(blocks: SackRange[], index: number): void {
  const block = blocks[index] as SackRange;
  for (let i = index; i > 0; i--) blocks[i] = blocks[i - 1] as SackRange;
  blocks[0] = block;
}

/** The first block has grown: takes in others that it now touches. */
function coalesce(blocks: SackRange[]): void {
  const first = blocks[0] as SackRange;
  for (let i = 1; i < blocks.length;) {
    const other = blocks[i] as SackRange;
    if (extend(first, other.start, other.end)) blocks.splice(i, 1);
    else i++;
  }
}

/** rcvNxt has advanced: blocks that it has passed are not reported any more. */
export function sackRemove(tcp: TcpSock): void {
  const blocks = tcp.selectiveAcks;
  if (tcp.outOfOrder.size === 0) {
    blocks.length = 0;
    return;
  }
  for (let i = 0; i < blocks.length;) {
    if (seqBefore(tcp.rcvNxt, (blocks[i] as SackRange).start)) i++;
    else blocks.splice(i, 1);
  }
}

/** Nothing is reported any more (tcp_sack_reset). */
export function sackReset(tcp: TcpSock): void {
  tcp.selectiveAcks.length = 0;
  tcp.dsack = false;
}
