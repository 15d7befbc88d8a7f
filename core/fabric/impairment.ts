/**
 * What a link does to frames on one direction. Names and shapes follow tc-netem(8), so that what is tried here can be
 * tried on a Linux machine; rate, delay, MTU and queue are the cable's own.
 */
import { assert } from "../base/assert.ts";
import type { Nanoseconds } from "../base/time.ts";
import type { Jitter, Loss } from "../contract/impairment.ts";
import { DELAY_NS_MAX, CABLE_QUEUE_FRAMES_DEFAULT, MTU_BYTES_MAX, RATE_BITS_PER_SECOND_MAX } from "./limits.ts";

export interface ReorderSettings {
  readonly probability: number;
  /** Every so-manieth frame may overtake; 1 means any. */
  readonly gapFrames: number;
  /** How much sooner an overtaking frame arrives, at most the whole delay. Infinity: without delay, as netem does. */
  readonly earlyByNs: Nanoseconds;
}

/** Settings of one direction. Probabilities are fractions of 1. Replace the whole with `CableEnd.configure`. */
export interface ImpairmentSettings {
  /** 0: infinitely fast. */
  readonly rateBitsPerSecond: number;
  readonly delayNs: Nanoseconds;
  /**
   * Keeps the order of frames, as a cable does, unless `reorder` is set too. The sum with the delay is never below 0.
   */
  readonly jitter: Jitter | null;
  readonly loss: Loss | null;
  /** Of a second copy right behind the first. It takes no room on the sender's side of the wire. */
  readonly duplicate: number;
  /** Needs a delay: a frame overtakes by arriving sooner than `delayNs` says. */
  readonly reorder: ReorderSettings | null;
  /** Of one inverted bit in a frame. */
  readonly corrupt: number;
  /** Of every single bit, independently, FCS included. */
  readonly bitErrorRate: number;
  /** Largest Ethernet payload in bytes; an 802.1Q tag does not count. */
  readonly mtuBytes: number;
  /** Frames that wait for the wire; the one being sent does not count. */
  readonly queueFramesMax: number;
}

/** A perfect Gigabit Ethernet cable of no length. */
export const PERFECT_CABLE: ImpairmentSettings = {
  rateBitsPerSecond: 1_000_000_000,
  delayNs: 0,
  jitter: null,
  loss: null,
  duplicate: 0,
  reorder: null,
  corrupt: 0,
  bitErrorRate: 0,
  mtuBytes: 1500,
  queueFramesMax: CABLE_QUEUE_FRAMES_DEFAULT,
};

/** Whether a frame sent under these settings just arrives, in order, after rate and delay. */
export const isUnimpaired = (settings: ImpairmentSettings): boolean =>
  settings.jitter === null &&
  settings.loss === null &&
  settings.duplicate === 0 &&
  settings.reorder === null &&
  settings.corrupt === 0 &&
  settings.bitErrorRate === 0;

const isFraction = (value: number): boolean => value >= 0 && value <= 1;
const isCount = (value: number, max: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= max;

/** @throws AssertionError on values that a lab file's reader would have refused. */
export function assertSettings(settings: ImpairmentSettings): void {
  const { jitter, loss, reorder } = settings;
  assert(isCount(settings.rateBitsPerSecond, RATE_BITS_PER_SECOND_MAX), "a rate is a whole number of bit/s");
  assert(isCount(settings.delayNs, DELAY_NS_MAX), "a delay is a whole number of ns, at most an hour");
  assert(isCount(settings.mtuBytes, MTU_BYTES_MAX), "an MTU is a whole number of bytes");
  assert(isCount(settings.queueFramesMax, Number.MAX_SAFE_INTEGER), "a queue limit is a whole number of frames");
  assert(isFraction(settings.duplicate) && isFraction(settings.corrupt), "a probability lies in 0 .. 1");
  assert(isFraction(settings.bitErrorRate), "a bit error rate lies in 0 .. 1");
  assert(jitter === null || isCount(jitter.spreadNs, DELAY_NS_MAX), "jitter is a whole number of ns");
  if (loss?.kind === "independent") assert(isFraction(loss.probability), "a loss probability lies in 0 .. 1");
  if (loss?.kind === "gilbert-elliott") {
    assert([loss.p, loss.r, loss.lossGood, loss.lossBad].every(isFraction), "loss probabilities lie in 0 .. 1");
  }
  if (reorder !== null) {
    assert(isFraction(reorder.probability), "a reorder probability lies in 0 .. 1");
    assert(isCount(reorder.gapFrames, Number.MAX_SAFE_INTEGER) && reorder.gapFrames >= 1, "a gap is at least 1 frame");
    assert(reorder.earlyByNs >= 0, "an overtaking frame arrives sooner, not later");
  }
}
