/**
 * The dice of one direction of a link: loss, duplication, reordering, corruption and jitter, each from a stream of its
 * own, so that switching one on moves no other. Holds what must be remembered between frames and nothing about time.
 */
import type { Random } from "../base/random.ts";
import type { Nanoseconds } from "../base/time.ts";
import type { Loss } from "../contract/impairment.ts";
import type { RandomStreams } from "../engine/random-streams.ts";
import type { ImpairmentSettings } from "./impairment.ts";
import { drawJitter, drawTrialsBefore } from "./distributions.ts";

export class Impairer {
  #lossStream: Random | null = null;
  #duplicateStream: Random | null = null;
  #reorderStream: Random | null = null;
  #corruptStream: Random | null = null;
  #bitErrorStream: Random | null = null;
  #jitterStream: Random | null = null;
  readonly #streams: RandomStreams;
  readonly #name: string;
  #settings: ImpairmentSettings;
  /** Gilbert-Elliott: whether the link is in its bad state. */
  #bad = false;
  /** Frames since the last one that overtook. */
  #inOrderFrames = 0;
  /** Error-free bits that lie ahead. Errors are memoryless, so the count runs on over frames and pauses alike. */
  #goodBits = Infinity;

  /** @param name of the direction; the streams are `link:<name>/loss` and so on. */
  constructor(streams: RandomStreams, name: string, settings: ImpairmentSettings) {
    this.#streams = streams;
    this.#name = name;
    this.#settings = settings;
    if (settings.bitErrorRate > 0) this.#goodBits = drawTrialsBefore(this.#bitErrorRandom, settings.bitErrorRate);
  }

  // Made when they are first drawn from: most directions of a large lab never draw.

  get #lossRandom(): Random {
    return (this.#lossStream ??= this.#streams.get(`link:${this.#name}/loss`));
  }

  get #duplicateRandom(): Random {
    return (this.#duplicateStream ??= this.#streams.get(`link:${this.#name}/duplicate`));
  }

  get #reorderRandom(): Random {
    return (this.#reorderStream ??= this.#streams.get(`link:${this.#name}/reorder`));
  }

  get #corruptRandom(): Random {
    return (this.#corruptStream ??= this.#streams.get(`link:${this.#name}/corrupt`));
  }

  get #bitErrorRandom(): Random {
    return (this.#bitErrorStream ??= this.#streams.get(`link:${this.#name}/bit-error`));
  }

  get #jitterRandom(): Random {
    return (this.#jitterStream ??= this.#streams.get(`link:${this.#name}/jitter`));
  }

  configure(settings: ImpairmentSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (settings.bitErrorRate !== before.bitErrorRate) {
      this.#goodBits = drawTrialsBefore(this.#bitErrorRandom, settings.bitErrorRate);
    }
    if (settings.loss?.kind !== "gilbert-elliott") this.#bad = false;
    if (settings.reorder === null) this.#inOrderFrames = 0;
  }

  loses(): boolean {
    const loss = this.#settings.loss;
    if (loss === null) return false;
    if (loss.kind === "independent") return this.#lossRandom.chance(loss.probability);
    return this.#losesGilbertElliott(loss);
  }

  /** The state before the step decides about the frame, as in netem's loss_gilb_ell. */
  #losesGilbertElliott(loss: Loss & { kind: "gilbert-elliott" }): boolean {
    const lost = this.#lossRandom.chance(this.#bad ? loss.lossBad : loss.lossGood);
    if (this.#lossRandom.chance(this.#bad ? loss.r : loss.p)) this.#bad = !this.#bad;
    return lost;
  }

  duplicates(): boolean {
    return this.#duplicateRandom.chance(this.#settings.duplicate);
  }

  /** Whether the next frame overtakes those before it: every `gapFrames`-th at the earliest. */
  overtakes(): boolean {
    const reorder = this.#settings.reorder;
    if (reorder === null) return false;
    if (this.#inOrderFrames < reorder.gapFrames - 1 || !this.#reorderRandom.chance(reorder.probability)) {
      this.#inOrderFrames++;
      return false;
    }
    this.#inOrderFrames = 0;
    return true;
  }

  /** Delay of a frame that does not overtake. */
  delayNs(): Nanoseconds {
    const { delayNs, jitter } = this.#settings;
    if (jitter === null || jitter.spreadNs === 0) return delayNs;
    return Math.max(0, delayNs + drawJitter(this.#jitterRandom, jitter));
  }

  /** Whether `corrupt` hits the next frame. */
  corrupts(): boolean {
    return this.#corruptRandom.chance(this.#settings.corrupt);
  }

  /** One bit of `bits`, for `corrupt`. */
  pickBit(bits: number): number {
    return this.#corruptRandom.below(bits);
  }

  /**
   * Passes `bits` bits over the link.
   * @returns index of the first inverted one at or after bit `from`, or -1 when the rest is good. Call again with the
   * index + 1 until then.
   */
  nextBadBit(from: number, bits: number): number {
    const left = bits - from;
    if (this.#goodBits >= left) {
      this.#goodBits -= left;
      return -1;
    }
    const bad = from + this.#goodBits;
    this.#goodBits = drawTrialsBefore(this.#bitErrorRandom, this.#settings.bitErrorRate);
    return bad;
  }
}
