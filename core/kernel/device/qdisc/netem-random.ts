/**
 * The random processes of netem (net/sched/sch_netem.c): correlated numbers, delays by distribution, and loss models.
 * Logarithm and exponential are exact ones, so a seed gives the same packets everywhere.
 */
import { exactExp, exactLog } from "../../../base/exact-math.ts";
import type { Random } from "../../../base/random.ts";
import type { Nanoseconds } from "../../../base/time.ts";

export type NetemDistribution = "uniform" | "normal" | "pareto" | "paretonormal";
/** netem's tables end at 4 times the spread. */
const DEVIATION_MAX = 4;

/** Uniform in 0..1, each value leaning on the one before by `correlation` (get_crandom). */
export class CorrelatedRandom {
  readonly #random: Random;
  readonly #correlation: number;
  #last = 0;

  constructor(random: Random, correlation: number) {
    this.#random = random;
    this.#correlation = correlation;
  }

  next(): number {
    const fresh = this.#random.fraction();
    if (this.#correlation === 0) return fresh;
    this.#last = fresh * (1 - this.#correlation) + this.#last * this.#correlation;
    return this.#last;
  }

  /** Draws nothing when the probability is 0. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }
}

/** A deviation in units of the spread, out of a uniform number. */
export function deviation(uniform: number, random: Random, distribution: NetemDistribution): number {
  switch (distribution) {
    case "uniform":
      return 2 * uniform - 1;
    case "normal":
      return normal(random);
    case "pareto":
      return pareto(uniform);
    case "paretonormal":
      // As iproute2 makes its table: a quarter of the one, three quarters of the other.
      return normal(random) / 4 + (pareto(uniform) * 3) / 4;
  }
}

/** Marsaglia's polar method (1964); the second value of each pair is not kept. */
function normal(random: Random): number {
  for (;;) {
    const x = random.fraction() * 2 - 1;
    const y = random.fraction() * 2 - 1;
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const value = x * Math.sqrt((-2 * exactLog(square)) / square);
    return Math.max(-DEVIATION_MAX, Math.min(DEVIATION_MAX, value));
  }
}

/** Shape 3, mean taken off and scaled, as iproute2's pareto.c. */
function pareto(uniform: number): number {
  const power = exactExp(exactLog(1 - uniform) / -3);
  return Math.min(DEVIATION_MAX, ((power - 1.5) * 4) / 3);
}

/** Delay of one packet, not below 0 (tabledist). */
export function drawDelay(
  settings: { readonly delayNs: Nanoseconds; readonly jitterNs: Nanoseconds; readonly distribution: NetemDistribution },
  source: CorrelatedRandom,
  random: Random,
): Nanoseconds {
  if (settings.jitterNs === 0) return settings.delayNs;
  const offset = deviation(source.next(), random, settings.distribution) * settings.jitterNs;
  return Math.max(0, Math.round(settings.delayNs + offset));
}

/** Gilbert-Elliott with tc's names: p good to bad, r bad to good, h and k the chances to survive in bad and good. */
export interface GilbertElliott {
  readonly p: number;
  readonly r: number;
  /** 1-h: loss in the bad state. */
  readonly lossBad: number;
  /** 1-k: loss in the good state. */
  readonly lossGood: number;
}

export class GilbertElliottLoss {
  readonly #model: GilbertElliott;
  readonly #random: Random;
  #bad = false;

  constructor(model: GilbertElliott, random: Random) {
    this.#model = model;
    this.#random = random;
  }

  /** Whether the next packet is lost: judged by the state it finds, after the move to the next one was drawn. */
  next(): boolean {
    const wasBad = this.#bad;
    if (this.#random.chance(wasBad ? this.#model.r : this.#model.p)) this.#bad = !wasBad;
    return this.#random.chance(wasBad ? this.#model.lossBad : this.#model.lossGood);
  }
}
