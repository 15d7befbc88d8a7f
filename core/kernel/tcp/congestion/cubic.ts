/**
 * CUBIC, RFC 9438, as Linux computes it (tcp_cubic.c): cwnd follows C(t - K)^3 + W_max from the last loss on, in
 * integers: time in 1/1024 s, C = 410/1024 segments/s^3 (0.4), beta = 717/1024 (0.7). Fast convergence and the
 * Reno-friendly region are on, and so is HyStart, which leaves slow start before the first loss when ACK trains or
 * delays say that the path is full. The cube root is exact here; Linux's is within 0.2 %.
 */
import { CA, type TcpSock } from "../tcp-sock.ts";
import { GSO_BYTES_MAX } from "../send/mss.ts";
import { seqAfter, type Seq } from "../sequence.ts";
import type { AckSample, CongestionControl, CongestionEvent } from "./congestion.ts";
import { additiveIncrease, isInSlowStart, slowStart } from "./growth.ts";

const BETA_SCALE = 1024;
const BETA = 717;
/** The cubic's time unit: this many in a second. */
const TICKS = 1024;
/** C of the cubic, times 1024 (bic_scale * 10). */
const CUBE_RTT_SCALE = 410;
/** K = cbrt(distance * this), in 1/1024 s: 2^40 / 410. */
const CUBE_FACTOR = Math.floor(2 ** 40 / CUBE_RTT_SCALE);
/** Segments acknowledged for one more in the Reno-friendly region, at cwnd of 8: 8 * (1 + beta) / (1 - beta) / 3. */
const FRIENDLY_SCALE = Math.floor(Math.floor((8 * (BETA_SCALE + BETA)) / 3) / (BETA_SCALE - BETA));
const UPDATE_MS = 31;
const SECOND_MS = 1000;

const HYSTART_MIN_WINDOW = 16;
const TRAIN = 1;
const DELAY = 2;
/** us: ACKs closer than this are one train. */
const ACK_DELTA_US = 2000;
/** ACKs that measure the delay of a round. */
const MIN_SAMPLES = 8;
const DELAY_MIN_US = 4000;
const DELAY_MAX_US = 16_000;

/** struct bictcp. */
export class Cubic {
  /** One segment more for so many acknowledged. */
  count = 0;
  /** cwnd at the last loss, from which the cubic starts (W_max). */
  lastMaxCwnd = 0;
  lastCwnd = 0;
  /** ms. */
  lastTimeMs = 0;
  origin = 0;
  /** 1/1024 s from the start of the epoch to the origin. */
  k = 0;
  /** us, least round trip; 0 none yet. */
  delayMinUs = 0;
  /** ms; 0 no epoch. */
  epochStartMs = 0;
  ackCount = 0;
  /** cwnd that Reno would have. */
  renoCwnd = 0;
  samples = 0;
  found = 0;
  roundStartUs = 0;
  endSeq = 0 as Seq;
  lastAckUs = 0;
  currentRttUs = Infinity;

  /** A time-out: all that was learnt is forgotten. */
  reset(): void {
    this.count = 0;
    this.lastMaxCwnd = 0;
    this.lastCwnd = 0;
    this.lastTimeMs = 0;
    this.origin = 0;
    this.k = 0;
    this.delayMinUs = 0;
    this.epochStartMs = 0;
    this.ackCount = 0;
    this.renoCwnd = 0;
    this.found = 0;
  }
}

/** A SYN may time out before `init`: that leaves nothing behind. */
const state = (tcp: TcpSock): Cubic => (tcp.ca instanceof Cubic ? tcp.ca : new Cubic());
const nowMs = (tcp: TcpSock): number => Math.floor(tcp.nowUs / 1000);

export const CUBIC: CongestionControl = {
  name: "cubic",

  init(tcp: TcpSock): void {
    const cubic = new Cubic();
    tcp.ca = cubic;
    hystartReset(tcp, cubic);
  },

  ssthresh(tcp: TcpSock): number {
    const cubic = state(tcp);
    cubic.epochStartMs = 0;
    // Fast convergence (RFC 9438, 4.7): the window came down before, so make room for new flows.
    if (tcp.sndCwnd < cubic.lastMaxCwnd) {
      cubic.lastMaxCwnd = Math.floor((tcp.sndCwnd * (BETA_SCALE + BETA)) / (2 * BETA_SCALE));
    } else cubic.lastMaxCwnd = tcp.sndCwnd;
    return Math.max(Math.floor((tcp.sndCwnd * BETA) / BETA_SCALE), 2);
  },

  avoid(tcp: TcpSock, acked: number): void {
    let left = acked;
    if (isInSlowStart(tcp)) {
      left = slowStart(tcp, acked);
      if (left === 0) return;
    }
    const cubic = state(tcp);
    update(cubic, { cwnd: tcp.sndCwnd, acked: left, nowMs: nowMs(tcp) });
    additiveIncrease(tcp, cubic.count, left);
  },

  undoCwnd(tcp: TcpSock): number {
    return Math.max(tcp.sndCwnd, tcp.priorCwnd);
  },

  setState(tcp: TcpSock, next: number): void {
    if (next !== CA.LOSS) return;
    state(tcp).reset();
    hystartReset(tcp, state(tcp));
  },

  /** After a pause the epoch is moved on by it: the curve stands still while nothing is sent. */
  onEvent(tcp: TcpSock, event: CongestionEvent): void {
    if (event !== "tx-start") return;
    const cubic = state(tcp);
    const pauseMs = nowMs(tcp) - Math.floor(tcp.lastSendUs / 1000);
    if (cubic.epochStartMs !== 0 && pauseMs > 0) {
      cubic.epochStartMs = Math.min(cubic.epochStartMs + pauseMs, nowMs(tcp));
    }
  },

  acked(tcp: TcpSock, sample: AckSample): void {
    if (sample.rttUs < 0) return;
    const cubic = state(tcp);
    // Right after a recovery the queue is not what it was.
    if (cubic.epochStartMs !== 0 && nowMs(tcp) - cubic.epochStartMs < SECOND_MS) return;
    const delayUs = Math.max(sample.rttUs, 1);
    if (cubic.delayMinUs === 0 || cubic.delayMinUs > delayUs) cubic.delayMinUs = delayUs;
    if (cubic.found === 0 && isInSlowStart(tcp) && tcp.sndCwnd >= HYSTART_MIN_WINDOW) hystart(tcp, cubic, delayUs);
  },
};

/** The largest integer whose cube is at most `value`. */
export function cubeRoot(value: number): number {
  if (value < 1) return 0;
  let root = 1;
  while (root * root * root < value) root *= 2;
  // Newton's iteration from above falls until it has arrived.
  for (;;) {
    const next = Math.floor((2 * root + Math.floor(value / (root * root))) / 3);
    if (next >= root) break;
    root = next;
  }
  return root;
}

/** How many acknowledged segments cwnd waits for to grow by one (bictcp_update). */
export function update(
  cubic: Cubic,
  now: { readonly cwnd: number; readonly acked: number; readonly nowMs: number },
): void {
  const { cwnd, nowMs: time } = now;
  cubic.ackCount += now.acked;
  if (cubic.lastCwnd === cwnd && time - cubic.lastTimeMs <= UPDATE_MS) return;
  // Within one ms the cubic stands still, but Reno's window may grow.
  if (cubic.epochStartMs === 0 || time !== cubic.lastTimeMs) {
    cubic.lastCwnd = cwnd;
    cubic.lastTimeMs = time;
    if (cubic.epochStartMs === 0) startEpoch(cubic, now);
    follow(cubic, cwnd, time);
  }
  befriend(cubic, cwnd);
  // At least one for two acknowledged: half as fast as slow start.
  cubic.count = Math.max(cubic.count, 2);
}

function startEpoch(
  cubic: Cubic,
  now: { readonly cwnd: number; readonly acked: number; readonly nowMs: number },
): void {
  cubic.epochStartMs = now.nowMs;
  cubic.ackCount = now.acked;
  cubic.renoCwnd = now.cwnd;
  if (cubic.lastMaxCwnd <= now.cwnd) {
    cubic.k = 0;
    cubic.origin = now.cwnd;
  } else {
    cubic.k = cubeRoot(CUBE_FACTOR * (cubic.lastMaxCwnd - now.cwnd));
    cubic.origin = cubic.lastMaxCwnd;
  }
}

/** Where the curve is one round trip from now, and the step that leads there. */
function follow(cubic: Cubic, cwnd: number, time: number): void {
  const aheadMs = time - cubic.epochStartMs + Math.ceil(cubic.delayMinUs / 1000);
  const t = Math.floor((aheadMs * TICKS) / SECOND_MS);
  const offset = Math.abs(t - cubic.k);
  const delta = Math.floor((CUBE_RTT_SCALE * offset * offset * offset) / 2 ** 40);
  const target = t < cubic.k ? cubic.origin - delta : cubic.origin + delta;
  cubic.count = target > cwnd ? Math.floor(cwnd / (target - cwnd)) : 100 * cwnd;
  // Nothing is known of the path yet: do not crawl.
  if (cubic.lastMaxCwnd === 0 && cubic.count > 20) cubic.count = 20;
}

/** Never slower than Reno would be (RFC 9438, 4.3). */
function befriend(cubic: Cubic, cwnd: number): void {
  const perSegment = Math.floor((cwnd * FRIENDLY_SCALE) / 8);
  if (perSegment > 0 && cubic.ackCount > perSegment) {
    const steps = Math.ceil(cubic.ackCount / perSegment) - 1;
    cubic.ackCount -= steps * perSegment;
    cubic.renoCwnd += steps;
  }
  if (cubic.renoCwnd > cwnd) cubic.count = Math.min(cubic.count, Math.floor(cwnd / (cubic.renoCwnd - cwnd)));
}

function hystartReset(tcp: TcpSock, cubic: Cubic): void {
  cubic.roundStartUs = tcp.nowUs;
  cubic.lastAckUs = tcp.nowUs;
  cubic.endSeq = tcp.sndNxt;
  cubic.currentRttUs = Infinity;
  cubic.samples = 0;
}

/**
 * Leaves slow start when ACKs of one round stretch over half a round trip, or come later than before (hystart_update).
 */
function hystart(tcp: TcpSock, cubic: Cubic, delayUs: number): void {
  if (seqAfter(tcp.sndUna, cubic.endSeq)) hystartReset(tcp, cubic);
  detectTrain(tcp, cubic);
  detectDelay(tcp, cubic, delayUs);
}

function detectTrain(tcp: TcpSock, cubic: Cubic): void {
  const now = tcp.nowUs;
  if (now - cubic.lastAckUs > ACK_DELTA_US) return;
  cubic.lastAckUs = now;
  let threshold = cubic.delayMinUs + ackDelayUs(tcp);
  // Without pacing a round's ACKs take half the round trip when the path is half full.
  if (!tcp.pacingEnabled && !tcp.isPacedBelow) threshold = Math.floor(threshold / 2);
  if (now - cubic.roundStartUs <= threshold) return;
  cubic.found = TRAIN;
  tcp.core.snmp.tcpExt.TCPHystartTrainDetect++;
  tcp.core.snmp.tcpExt.TCPHystartTrainCwnd += tcp.sndCwnd;
  tcp.sndSsthresh = tcp.sndCwnd;
}

/** us by which receivers' offloads bunch ACKs: a large packet at the pacing rate, at most 1 ms (hystart_ack_delay). */
function ackDelayUs(tcp: TcpSock): number {
  const rate = tcp.pacingRate;
  if (rate === 0 || rate === Infinity) return 0;
  return Math.min(1000, Math.floor((GSO_BYTES_MAX * 4 * 1_000_000) / rate));
}

function detectDelay(tcp: TcpSock, cubic: Cubic, delayUs: number): void {
  if (cubic.currentRttUs > delayUs) cubic.currentRttUs = delayUs;
  if (cubic.samples < MIN_SAMPLES) {
    cubic.samples++;
    return;
  }
  const rise = Math.min(Math.max(Math.floor(cubic.delayMinUs / 8), DELAY_MIN_US), DELAY_MAX_US);
  if (cubic.found !== 0 || cubic.currentRttUs <= cubic.delayMinUs + rise) return;
  cubic.found = DELAY;
  tcp.core.snmp.tcpExt.TCPHystartDelayDetect++;
  tcp.core.snmp.tcpExt.TCPHystartDelayCwnd += tcp.sndCwnd;
  tcp.sndSsthresh = tcp.sndCwnd;
}
