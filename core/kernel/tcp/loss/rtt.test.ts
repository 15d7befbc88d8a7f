import { expect, test } from "vitest";
import { connection } from "../../../../test/harness/tcp-sock.ts";
import { FLAG } from "./ack-flags.ts";
import { estimateRtt, measureSynack, minRttUs, rearmRto, setRto, timestampRttUs, updateRtt } from "./rtt.ts";
import { seqAdd } from "../sequence.ts";
import { WRITE_TIMER } from "../tcp-sock.ts";
import { WindowedMin } from "./windowed-min.ts";

test("the first measurement R makes SRTT = R and RTO = R + max(4 * R/2, 200 ms)", () => {
  const { tcp } = connection();
  estimateRtt(tcp, 100_000);
  setRto(tcp);
  expect([tcp.srttUs / 8, tcp.rttvarUs, tcp.rtoUs]).toEqual([100_000, 200_000, 300_000]);
  const other = connection().tcp;
  estimateRtt(other, 150_500);
  setRto(other);
  // 150.5 + 301 = 451.5, and jiffies are whole.
  expect([other.rttvarUs, other.rtoUs]).toEqual([301_000, 452_000]);
});

test("later ones move SRTT by an eighth and RTTVAR by a quarter of the error, by hand", () => {
  const { tcp } = connection();
  estimateRtt(tcp, 200_000);
  // mdev = 4 * 100 ms; the error of 80 ms is 20 ms less than mdev / 4.
  estimateRtt(tcp, 280_000);
  expect([tcp.srttUs, tcp.mdevUs]).toEqual([200_000 * 8 + 80_000, 400_000 - 20_000]);
  // An error of -110 ms from 210 ms exceeds mdev / 4 = 95 ms by 15: an RTT that falls counts an eighth of that.
  estimateRtt(tcp, 100_000);
  expect([tcp.srttUs, tcp.mdevUs]).toEqual([1_680_000 - 110_000, 380_000 + 1875]);
});

test("RTTVAR comes down once a round trip only, by a quarter", () => {
  const { tcp } = connection();
  estimateRtt(tcp, 400_000);
  expect(tcp.rttvarUs).toBe(800_000);
  for (let i = 0; i < 20; i++) estimateRtt(tcp, 400_000);
  expect(tcp.rttvarUs).toBe(800_000);
  tcp.sndUna = seqAdd(tcp.rttSeq, 1);
  tcp.sndNxt = seqAdd(tcp.rttSeq, 10);
  estimateRtt(tcp, 400_000);
  // The largest deviation of the first round is that of the start; the next round's begins at the least RTO.
  expect([tcp.rttvarUs, tcp.mdevMaxUs]).toEqual([800_000, 200_000]);
  estimateRtt(tcp, 400_000);
  tcp.sndUna = seqAdd(tcp.rttSeq, 1);
  estimateRtt(tcp, 400_000);
  expect(tcp.rttvarUs).toBe(800_000 - 150_000);
});

test("a valid sample ends the back-off, and the echoed timestamp serves when nothing else does", () => {
  const at = connection();
  const { tcp } = at;
  at.world.run(500_000_000);
  tcp.backoff = 3;
  expect(updateRtt(tcp, 0, { seqUs: -1, sackUs: -1, caUs: -1 })).toBe(false);
  expect(tcp.backoff).toBe(3);
  tcp.rxOpt.sawTstamp = true;
  tcp.rxOpt.rcvTsecr = Math.floor(tcp.nowUs / 1000) - 30;
  // No new data acknowledged: no sample (RFC 7323, 4.1).
  expect(updateRtt(tcp, FLAG.DATA_SACKED, { seqUs: -1, sackUs: -1, caUs: -1 })).toBe(false);
  expect(updateRtt(tcp, FLAG.DATA_ACKED, { seqUs: -1, sackUs: -1, caUs: -1 })).toBe(true);
  expect([tcp.srttUs / 8, tcp.backoff, minRttUs(tcp)]).toEqual([30_000, 0, 30_000]);
  tcp.rxOpt.rcvTsecr += 30;
  expect(timestampRttUs(tcp, 1)).toBe(1000);
  tcp.rxOpt.rcvTsecr += 5;
  expect(timestampRttUs(tcp, 1)).toBe(-1);
});

test("a handshake is measured only when it went without retransmission", () => {
  const at = connection();
  at.world.run(70_000_000);
  measureSynack(at.tcp, 0);
  expect(at.tcp.srttUs).toBe(0);
  measureSynack(at.tcp, at.tcp.nowUs - 50_000);
  expect(at.tcp.srttUs / 8).toBe(50_000);
});

test("the windowed minimum forgets what is older than the window", () => {
  const min = new WindowedMin();
  const see = (nowUs: number, value: number): number => {
    min.see(value, nowUs, 1000);
    return min.valueOr(-1);
  };
  expect(min.valueOr(-1)).toBe(-1);
  expect([see(0, 50), see(100, 70), see(300, 60), see(600, 65), see(1001, 66)]).toEqual([50, 50, 50, 50, 60]);
  expect([see(1302, 80), see(5000, 90)]).toEqual([65, 90]);
});

test("the RTO counts from now, and after a probe from when the first segment was sent", () => {
  const at = connection();
  const { tcp } = at;
  tcp.rtoUs = 300_000;
  rearmRto(tcp);
  expect(tcp.writeTimer.isPending).toBe(false);
  tcp.packetsOut = 1;
  rearmRto(tcp);
  expect([tcp.writeTimerKind, tcp.writeTimer.expires]).toEqual([WRITE_TIMER.RETRANS, 300_000_000]);
});
