/**
 * Reno's throughput under random loss against the square root law of Mathis, Semke, Mahdavi and Ott, "The macroscopic
 * behavior of the TCP congestion avoidance algorithm" (CCR 27(3), 1997): rate = MSS / RTT * C / sqrt(p).
 *
 * C is sqrt(3/2) = 1.22 for a window that grows by one segment per round trip. That holds here with delayed
 * acknowledgments too: Linux counts segments acknowledged, not acknowledgments (RFC 3465 without its limit), so the
 * factor sqrt(3/4) of the paper, for receivers that acknowledge every other segment, does not apply. The law takes
 * losses as evenly spaced; when they are independent of each other C is 1.31 (Ott, Kemperman and Mathis, 1996), within
 * the 20 % that are asked for. It knows no time-outs: with RACK-TLP there are few of them up to p = 0.02.
 */
import { expect, test } from "vitest";
import { LONG } from "../harness/long.ts";
import { advanceTo, bulkSession, senderCounter, senderInfo } from "./bulk.ts";

const RTT_S = 0.2;
const C = Math.sqrt(3 / 2);
const TIMEOUT_MS = 600_000;

/** Losses to average over: the spread of the mean falls with their square root, and a loss is 1/p packets apart. */
const lossesFor = (p: number): number => (LONG ? (p < 0.001 ? 40 : 120) : 25);
const PROBABILITIES = LONG ? [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02] : [0.001, 0.003, 0.01, 0.02];
/** Everyday samples are small. */
const TOLERANCE = LONG ? 0.2 : 0.3;

interface Point {
  readonly p: number;
  /** Bytes per second. */
  readonly measured: number;
  readonly law: number;
  readonly retransmitted: number;
  readonly timeouts: number;
}

function measure(p: number): Point {
  const session = bulkSession({
    sysctls: "net.ipv4.tcp_congestion_control: reno",
    ...{ rate: "1Gbps", delay: `${(RTT_S / 2) * 1000}ms`, queue: 100_000 },
    faults: [`direction: forward, match: { protocol: tcp, min-bytes: 1000 }, verdict: drop, probability: ${p * 100}%`],
  });
  const advance = (losses: number): void => {
    for (let at = Math.ceil(session.now / 1e9) + 1; senderCounter(session, "Tcp.RetransSegs") < losses; at++) {
      advanceTo(session, at);
    }
  };
  // Slow start is over after a few losses.
  advance(5);
  const [start, before] = [session.now, senderInfo(session, "bytes_acked")];
  advance(5 + lossesFor(p));
  const mss = senderInfo(session, "snd_mss");
  return {
    p,
    measured: (senderInfo(session, "bytes_acked") - before) / ((session.now - start) / 1e9),
    law: ((mss / RTT_S) * C) / Math.sqrt(p),
    retransmitted: senderCounter(session, "Tcp.RetransSegs"),
    timeouts: senderCounter(session, "TcpExt.TCPTimeouts"),
  };
}

test("throughput under random loss follows the square root law", { timeout: TIMEOUT_MS }, () => {
  const points = PROBABILITIES.map(measure);
  console.log(["       p   measured kB/s   law kB/s   ratio   lost   time-outs", ...points.map(line)].join("\n"));
  for (const { measured, law } of points) {
    expect(measured / law).toBeGreaterThan(1 - TOLERANCE);
    expect(measured / law).toBeLessThan(1 + TOLERANCE);
  }
});

const line = ({ p, measured, law, retransmitted, timeouts }: Point): string =>
  [
    p.toString().padStart(8),
    (measured / 1000).toFixed(1).padStart(15),
    (law / 1000).toFixed(1).padStart(10),
    (measured / law).toFixed(3).padStart(7),
    String(retransmitted).padStart(6),
    String(timeouts).padStart(11),
  ].join(" ");
