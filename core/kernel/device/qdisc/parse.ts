/**
 * Queueing disciplines by the words that tc takes after `root` (tc-netem(8), tc-tbf(8), tc-fq_codel(8), tc-fq(8),
 * tc-pfifo(8), tc-pfifo_fast(8)). Every parameter is a word and its values, in any order.
 */
import { assert } from "../../../base/assert.ts";
import { bad, good, type Result } from "../../../base/result.ts";
import { MILLISECOND } from "../../../base/time.ts";
import { ETHERNET_HEADER_BYTES } from "../../../wire/ethernet.ts";
import { Fifo, NoQueue } from "./fifo.ts";
import { FqCodel } from "./fq-codel.ts";
import { parseFq } from "./parse-fq.ts";
import { parseNetem } from "./parse-netem.ts";
import { PfifoFast } from "./pfifo-fast.ts";
import type { Qdisc, QdiscContext } from "./qdisc.ts";
import { Tbf, TBF_BURST_BYTES_MAX } from "./tbf.ts";
import { parseCount, parseRate, parseSize, parseTime } from "./units.ts";
import { Words } from "./words.ts";

/** Makes a discipline out of a parsed spec. */
export type QdiscFactory = (context: QdiscContext) => Qdisc;

/** Parsers of what follows the kind. */
const KINDS: ReadonlyMap<string, (words: Words) => Result<QdiscFactory, string>> = new Map([
  ["pfifo_fast", parsePfifoFast],
  ["pfifo", (words: Words) => parseFifo(words, "pfifo")],
  ["bfifo", (words: Words) => parseFifo(words, "bfifo")],
  ["noqueue", parseNoQueue],
  ["tbf", parseTbf],
  ["fq_codel", parseFqCodel],
  ["fq", parseFq],
  ["netem", parseNetem],
]);

/** Names of all disciplines. */
export const QDISC_KINDS: readonly string[] = [...KINDS.keys()];

/** @returns a factory, or what is wrong with the spec, in tc's manner. */
export function parseQdisc(spec: string): Result<QdiscFactory, string> {
  const words = new Words(spec);
  const kind = words.next() ?? "";
  const parse = KINDS.get(kind);
  if (parse === undefined) return bad(`Unknown qdisc "${kind}": one of ${QDISC_KINDS.join(", ")}`);
  return parse(words);
}

/** For specs that were checked before. @throws AssertionError on any other. */
export function createQdisc(spec: string, context: QdiscContext): Qdisc {
  // What nearly every card has: a thousand of them need not be taken apart.
  if (spec === "pfifo_fast") return new PfifoFast(context, null);
  const factory = parseQdisc(spec);
  assert(factory.ok, `a checked queueing discipline: ${spec}`);
  return factory.value(context);
}

/** pfifo_fast has no parameters on Linux; `limit` here sets each band's, which txqueuelen sets otherwise. */
function parsePfifoFast(words: Words): Result<QdiscFactory, string> {
  let limit: number | null = null;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word !== "limit") return words.unknown("pfifo_fast", word);
    const value = words.value(parseCount);
    if (value === undefined) return words.illegal("limit");
    limit = value;
  }
  return good((context) => new PfifoFast(context, limit));
}

function parseFifo(words: Words, kind: "pfifo" | "bfifo"): Result<QdiscFactory, string> {
  let limit: number | null = null;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word !== "limit") return words.unknown(kind, word);
    const value = words.value(kind === "pfifo" ? parsePackets : parseSize);
    if (value === undefined) return words.illegal("limit");
    limit = value;
  }
  return good((context) => new Fifo(context, kind, limit));
}

function parseNoQueue(words: Words): Result<QdiscFactory, string> {
  const word = words.next();
  return word === undefined ? good((context) => new NoQueue(context)) : words.unknown("noqueue", word);
}

/** Packets, with or without the `p` that tc prints behind them. */
const parsePackets = (text: string): number | undefined => parseCount(text.replace(/p$/, ""));

function parseTbf(words: Words): Result<QdiscFactory, string> {
  let rate = 0;
  let burst = 0;
  let limit: number | undefined;
  let latency: number | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    let value: number | undefined;
    if (word === "rate") value = rate = words.value(parseRate) ?? 0;
    else if (word === "burst" || word === "buffer" || word === "maxburst") value = burst = words.value(parseSize) ?? 0;
    else if (word === "limit") value = limit = words.value(parseSize);
    else if (word === "latency" || word === "lat") value = latency = words.value(parseTime);
    else return words.unknown("tbf", word);
    if (value === undefined || value === 0) return words.illegal(word);
  }
  if (rate === 0) return bad('"rate" is required.');
  if (burst === 0) return bad('"burst" is required.');
  if (burst > TBF_BURST_BYTES_MAX) return bad(`Illegal "burst": at most ${TBF_BURST_BYTES_MAX} bytes`);
  if (limit === undefined && latency === undefined) return bad('Either "limit" or "latency" is required.');
  if (limit !== undefined && latency !== undefined) return bad('Use either "limit" or "latency", not both.');
  // tc computes it so: what leaves at the rate in that time, and a burst.
  const limitBytes = limit ?? Math.floor((rate * (latency ?? 0)) / 8e9) + burst;
  const settings = { rateBitsPerSecond: rate, burstBytes: burst, limitBytes };
  return good((context) => new Tbf(context, settings));
}

function parseFqCodel(words: Words): Result<QdiscFactory, string> {
  const numbers = new Map([
    ["limit", 10_240],
    ["flows", 1024],
    ["quantum", 0],
    ["target", 5 * MILLISECOND],
    ["interval", 100 * MILLISECOND],
    ["memory_limit", 32 * 1024 * 1024],
    ["drop_batch", 64],
  ]);
  let ecn = true;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "ecn" || word === "noecn") {
      ecn = word === "ecn";
      continue;
    }
    if (!numbers.has(word)) return words.unknown("fq_codel", word);
    const isTime = word === "target" || word === "interval";
    const value = words.value(isTime ? parseTime : word === "memory_limit" ? parseSize : parsePackets);
    if (value === undefined || value === 0) return words.illegal(word);
    numbers.set(word, value);
  }
  const of = (name: string): number => numbers.get(name) ?? 0;
  if (of("flows") > 65_536) return bad('Illegal "flows": at most 65536');
  return good(
    (context) =>
      new FqCodel(context, {
        limit: of("limit"),
        flows: of("flows"),
        quantum: of("quantum") || context.mtu + ETHERNET_HEADER_BYTES,
        targetNs: of("target"),
        intervalNs: of("interval"),
        memoryLimit: of("memory_limit"),
        dropBatch: of("drop_batch"),
        ecn,
      }),
  );
}
