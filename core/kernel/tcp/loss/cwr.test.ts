import { expect, test } from "vitest";
import { connection, type TestSock } from "../../../../test/harness/tcp-sock.ts";
import { FLAG } from "./ack-flags.ts";
import { endCwndReduction, enterCwr, enterRecovery, reduceCwnd } from "./cwr.ts";
import { CA } from "../tcp-sock.ts";

/** In recovery with so many segments out, all but the lost and SACKed ones in flight. */
function recovering(cwnd: number, lost: number, sacked: number): TestSock {
  const { tcp } = connection();
  tcp.sndCwnd = cwnd;
  tcp.packetsOut = cwnd;
  tcp.lostOut = lost;
  tcp.sackedOut = sacked;
  enterRecovery(tcp, false);
  return tcp;
}

/** One ACK that SACKs one more; then all that cwnd lets be sent is sent as new data. @returns how much. */
function step(tcp: TestSock, losses = 0): number {
  tcp.sackedOut++;
  reduceCwnd(tcp, { ackedSacked: 1, losses }, 0);
  const room = Math.max(0, tcp.sndCwnd - tcp.inFlight);
  tcp.packetsOut += room;
  tcp.prrOut += room;
  return room;
}

test("entering recovery takes ssthresh and remembers what it came from", () => {
  const tcp = recovering(20, 1, 3);
  expect([tcp.sndSsthresh, tcp.priorCwnd, tcp.priorSsthresh !== 0, tcp.caState]).toEqual([10, 20, true, CA.RECOVERY]);
  expect([tcp.undoMarked, tcp.undoRetrans]).toEqual([true, -1]);
});

test("RFC 6937, appendix A: one loss of 20, so that data goes out evenly, one for two ACKs", () => {
  const tcp = recovering(20, 1, 2);
  // The RFC's row "sent": the retransmission with the first ACK, then one for every second.
  const sent = Array.from({ length: 14 }, () => step(tcp));
  expect(sent[0]).toBe(1);
  expect(sent.reduce((sum, one) => sum + one, 0)).toBe(7);
  for (let i = 2; i < 14; i += 2) expect((sent[i] ?? 0) + (sent[i + 1] ?? 0)).toBe(1);
  // Down to ssthresh, and the ACK clock goes on at that.
  expect(tcp.inFlight).toBe(10);
  expect([step(tcp), step(tcp), step(tcp), tcp.inFlight]).toEqual([1, 1, 1, 10]);
});

test("RFC 6937, appendix A: 15 of 20 lost, so slow start makes up for it up to ssthresh", () => {
  const tcp = recovering(20, 15, 0);
  // In flight are 5, and 10 are allowed. New losses each time forbid more than what was delivered.
  const cautious = Array.from({ length: 3 }, () => step(tcp, 1));
  expect(cautious).toEqual([1, 1, 1]);
  expect(tcp.inFlight).toBe(5);
  // An advance of snd_una without new losses lets one more go each time.
  for (const expected of [6, 7, 8, 9, 10, 10]) {
    tcp.sackedOut++;
    reduceCwnd(tcp, { ackedSacked: 1, losses: 0 }, FLAG.SND_UNA_ADVANCED);
    const room = tcp.sndCwnd - tcp.inFlight;
    tcp.packetsOut += room;
    tcp.prrOut += room;
    expect(tcp.inFlight).toBe(expected);
  }
});

test("nothing delivered changes nothing, and the end sets cwnd to ssthresh unless undone", () => {
  const tcp = recovering(20, 1, 3);
  reduceCwnd(tcp, { ackedSacked: 0, losses: 0 }, 0);
  expect(tcp.sndCwnd).toBe(20);
  tcp.undoMarked = false;
  endCwndReduction(tcp);
  expect(tcp.sndCwnd).toBe(20);
  tcp.undoMarked = true;
  endCwndReduction(tcp);
  expect(tcp.sndCwnd).toBe(10);
});

test("CWR is entered from Open and Disorder only, and cannot be undone", () => {
  const { tcp } = connection();
  tcp.priorSsthresh = 50;
  enterCwr(tcp);
  expect([tcp.caState, tcp.sndSsthresh, tcp.priorSsthresh]).toEqual([CA.CWR, 5, 0]);
  tcp.sndCwnd = 6;
  enterCwr(tcp);
  expect(tcp.sndSsthresh).toBe(5);
});
