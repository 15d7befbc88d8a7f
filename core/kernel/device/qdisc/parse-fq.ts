/** What tc takes behind `fq` (tc-fq(8)). */
import { bad, good, type Result } from "../../../base/result.ts";
import { ETHERNET_HEADER_BYTES } from "../../../wire/ethernet.ts";
import { Fq } from "./fq.ts";
import type { Qdisc, QdiscContext } from "./qdisc.ts";
import { parseCount, parseRate, parseSize } from "./units.ts";
import type { Words } from "./words.ts";

/** Packets, with or without the `p` that tc prints behind them. */
const parsePackets = (text: string): number | undefined => parseCount(text.replace(/p$/, ""));

export function parseFq(words: Words): Result<(context: QdiscContext) => Qdisc, string> {
  const numbers = new Map([
    ["limit", 10_000],
    ["flow_limit", 100],
    ["quantum", 0],
    ["initial_quantum", 0],
    ["maxrate", Infinity],
  ]);
  let pacing = true;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "pacing" || word === "nopacing") {
      pacing = word === "pacing";
      continue;
    }
    if (!numbers.has(word)) return words.unknown("fq", word);
    const read = word === "maxrate" ? parseRate : word.endsWith("quantum") ? parseSize : parsePackets;
    const value = words.value(read);
    if (value === undefined || value === 0) return words.illegal(word);
    numbers.set(word, value);
  }
  const of = (name: string): number => numbers.get(name) ?? 0;
  if (of("limit") > 1_000_000) return bad('Illegal "limit": at most 1000000');
  return good((context) => {
    const packet = context.mtu + ETHERNET_HEADER_BYTES;
    return new Fq(context, {
      limit: of("limit"),
      flowLimit: of("flow_limit"),
      quantum: of("quantum") || 2 * packet,
      initialQuantum: of("initial_quantum") || 10 * packet,
      maxRate: of("maxrate"),
      pacing,
    });
  });
}
