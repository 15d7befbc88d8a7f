/** What must hold of a connection's sending side at all times; for tests, as it walks over every segment. */
import { assert } from "../../../base/assert.ts";
import { LOST, SACKED_ACKED, SACKED_RETRANS, type TcpSegment } from "./segment.ts";
import { seqAfter, seqBefore, seqDistance, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** @throws AssertionError when sequence numbers, queues, counts or memory do not agree. */
export function checkSendInvariants(tcp: TcpSock): void {
  // A connection that waits for its first write (fast open) has no numbers yet but the one it will begin with.
  if (tcp.fastopen.deferConnect) return;
  assert(!seqAfter(tcp.sndUna, tcp.sndNxt), "nothing is acknowledged that was not sent");
  assert(!seqAfter(tcp.sndNxt, tcp.writeSeq), "nothing is sent that was not written");
  const counts = new Counts();
  let at: Seq | null = null;
  for (let segment = tcp.rtxQueue.first; segment !== null; segment = tcp.rtxQueue.next(segment)) {
    assert(at === null || segment.seq === at, "segments sent follow each other");
    at = segment.endSeq;
    counts.add(tcp, segment);
  }
  assert(at === null || !seqAfter(at, tcp.sndNxt), "segments sent end at snd_nxt");
  counts.check(tcp);
  let previous: TcpSegment | null = null;
  for (let segment = tcp.writeQueue.first; segment !== null; segment = segment.next) {
    assert(segment.previous === previous, "the write queue is linked both ways");
    if (previous !== null) assert(segment.seq === previous.endSeq, "unsent segments follow each other");
    else assert(segment.seq === tcp.sndNxt, "the first unsent segment begins at snd_nxt");
    previous = segment;
    counts.addMemory(tcp, segment);
  }
  if (previous !== null) assert(previous.endSeq === tcp.writeSeq, "the last unsent segment ends what was written");
  assert(counts.truesize === tcp.wmemQueued, "the segments take the memory that is counted");
  assert(counts.bytes === tcp.sendBuffer.bytes, "the segments cover what the send buffer holds");
  tcp.sendBuffer.checkInvariants();
}

class Counts {
  packets = 0;
  sacked = 0;
  lost = 0;
  retransmitted = 0;
  truesize = 0;
  bytes = 0;

  add(tcp: TcpSock, segment: TcpSegment): void {
    const { segments, sacked } = segment;
    assert((sacked & SACKED_ACKED) === 0 || (sacked & LOST) === 0, "no segment is both SACKed and lost");
    this.packets += segments;
    if ((sacked & SACKED_ACKED) !== 0) this.sacked += segments;
    if ((sacked & LOST) !== 0) this.lost += segments;
    if ((sacked & SACKED_RETRANS) !== 0) this.retransmitted += segments;
    this.addMemory(tcp, segment);
  }

  addMemory(tcp: TcpSock, segment: TcpSegment): void {
    this.truesize += segment.truesize;
    this.bytes += segment.length;
    // Of a segment that is acknowledged in part, the front is gone from the buffer.
    if (seqBefore(segment.seq, tcp.sndUna)) {
      this.bytes -= Math.min(segment.length, seqDistance(segment.seq, tcp.sndUna));
    }
  }

  check(tcp: TcpSock): void {
    assert(this.packets === tcp.packetsOut, "packets_out is what the retransmit queue holds");
    assert(this.lost === tcp.lostOut, "lost_out is what is marked lost");
    assert(this.retransmitted === tcp.retransOut, "retrans_out is what is marked retransmitted");
    // Without SACK it counts duplicate ACKs.
    if (tcp.rxOpt.sackOk) assert(this.sacked === tcp.sackedOut, "sacked_out is what is marked SACKed");
    else assert(this.sacked === 0, "without SACK nothing is marked SACKed");
    assert(tcp.sackedOut + tcp.lostOut <= tcp.packetsOut, "no more has left the network than was sent");
  }
}
