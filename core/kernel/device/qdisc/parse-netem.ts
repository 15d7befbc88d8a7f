/** The parameters of `tc qdisc add ... netem` (tc-netem(8)). */
import { bad, good, type Result } from "../../../base/result.ts";
import type { NetemDistribution } from "./netem-random.ts";
import { Netem, NETEM_LIMIT_DEFAULT, NO_CHANCE, type Chance, type NetemSettings } from "./netem.ts";
import type { QdiscFactory } from "./parse.ts";
import { parseCount, parsePercent, parseRate, parseTime } from "./units.ts";
import type { Words } from "./words.ts";

type Draft = { -readonly [Key in keyof NetemSettings]: NetemSettings[Key] };

/** Packets, bounded so that a lab file cannot ask for all memory. */
const NETEM_LIMIT_MAX = 1_000_000;

const DISTRIBUTIONS: readonly NetemDistribution[] = ["uniform", "normal", "pareto", "paretonormal"];

/** Readers of each parameter's values. @returns false when a value is missing or wrong. */
const PARAMETERS: ReadonlyMap<string, (words: Words, draft: Draft) => boolean> = new Map([
  ["limit", readLimit],
  ["delay", readDelay],
  ["latency", readDelay],
  ["distribution", readDistribution],
  ["loss", readLoss],
  ["drop", readLoss],
  ["duplicate", (words: Words, draft: Draft) => readChance(words, draft, "duplicate")],
  ["corrupt", (words: Words, draft: Draft) => readChance(words, draft, "corrupt")],
  ["reorder", (words: Words, draft: Draft) => readChance(words, draft, "reorder")],
  ["gap", readGap],
  ["rate", readRate],
]);

export function parseNetem(words: Words): Result<QdiscFactory, string> {
  const draft: Draft = {
    limit: NETEM_LIMIT_DEFAULT,
    delayNs: 0,
    jitterNs: 0,
    delayCorrelation: 0,
    distribution: "uniform",
    loss: NO_CHANCE,
    gilbertElliott: null,
    duplicate: NO_CHANCE,
    corrupt: NO_CHANCE,
    reorder: NO_CHANCE,
    gap: 0,
    rateBitsPerSecond: 0,
  };
  for (let word = words.next(); word !== undefined; word = words.next()) {
    const read = PARAMETERS.get(word);
    if (read === undefined) return words.unknown("netem", word);
    if (!read(words, draft)) return words.illegal(word);
  }
  if (draft.distribution !== "uniform" && draft.jitterNs === 0) {
    return bad("distribution specified but no latency and jitter values");
  }
  if (draft.reorder.probability > 0 && draft.delayNs === 0) {
    return bad("reordering not possible without specifying some delay");
  }
  if (draft.reorder.probability > 0 && draft.gap === 0) draft.gap = 1;
  if (draft.gap > 0 && draft.reorder.probability === 0) return bad('"gap" specified without reorder probability');
  return good((context) => new Netem(context, draft));
}

function readLimit(words: Words, draft: Draft): boolean {
  const limit = words.value(parseCount);
  if (limit === undefined || limit === 0 || limit > NETEM_LIMIT_MAX) return false;
  draft.limit = limit;
  return true;
}

/** `delay TIME [ JITTER [ CORRELATION ] ]` */
function readDelay(words: Words, draft: Draft): boolean {
  const delay = words.value(parseTime);
  if (delay === undefined) return false;
  draft.delayNs = delay;
  draft.jitterNs = words.value(parseTime) ?? 0;
  if (draft.jitterNs > 0) draft.delayCorrelation = words.value(parsePercent) ?? 0;
  return true;
}

function readDistribution(words: Words, draft: Draft): boolean {
  const found = words.value((text) => DISTRIBUTIONS.find((name) => name === text));
  if (found === undefined) return false;
  draft.distribution = found;
  return true;
}

/** `loss [ random ] PERCENT [ CORRELATION ]` or `loss gemodel [ p ] P [ [ r ] R [ [ 1-h ] 1-H [ [ 1-k ] 1-K ] ] ]` */
function readLoss(words: Words, draft: Draft): boolean {
  if (!words.take("gemodel")) {
    words.take("random");
    return readChance(words, draft, "loss");
  }
  words.take("p");
  const p = words.value(parsePercent);
  if (p === undefined) return false;
  words.take("r");
  const r = words.value(parsePercent) ?? 1 - p;
  words.take("1-h");
  const lossBad = words.value(parsePercent) ?? 1;
  words.take("1-k");
  const lossGood = words.value(parsePercent) ?? 0;
  draft.gilbertElliott = { p, r, lossBad, lossGood };
  return true;
}

/** `NAME PERCENT [ CORRELATION ]` */
function readChance(words: Words, draft: Draft, name: "loss" | "duplicate" | "corrupt" | "reorder"): boolean {
  const probability = words.value(parsePercent);
  if (probability === undefined) return false;
  const chance: Chance = { probability, correlation: words.value(parsePercent) ?? 0 };
  draft[name] = chance;
  return true;
}

function readGap(words: Words, draft: Draft): boolean {
  const gap = words.value(parseCount);
  if (gap === undefined) return false;
  draft.gap = gap;
  return true;
}

function readRate(words: Words, draft: Draft): boolean {
  const rate = words.value(parseRate);
  if (rate === undefined || rate === 0) return false;
  draft.rateBitsPerSecond = rate;
  return true;
}
