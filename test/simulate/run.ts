/**
 * `npm run simulate -- [--seeds N] [--first S] [--seed S] [--twice] [--keep DIR]`: random labs with random faults;
 * after each, frames and packets must be accounted for, every host must reach every other again, every byte stream must
 * be what was written (all of it, in calm labs), and nothing may be left: no connection, no timer, no packet.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isWild, randomLab } from "./random-lab.ts";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "500" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    twice: { type: "boolean", default: false },
    keep: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`npm run simulate -- [--seeds N] [--first S] | [--seed S] [--twice] [--keep DIR]
  --seeds N   run N random labs (500)        --first S  start at seed S (1)
  --seed S    run this one, and print its lab file and report
  --twice     run each lab once more with trace and captures on, and compare digests
  --keep DIR  write the lab file of every failure there`);
  process.exit(0);
}

const one = values.seed === undefined ? null : Number(values.seed);
const first = one ?? Number(values.first);
const last = one ?? first + Number(values.seeds) - 1;
const started = process.hrtime.bigint();
const totals = { frames: 0, delivered: 0, dropped: 0, events: 0, streams: 0, complete: 0, bytes: 0 };
let failures = 0;
for (let seed = first; seed <= last; seed++) {
  const text = randomLab(seed);
  if (one !== null) console.log(text);
  const outcome = simulate(text, { wild: isWild(seed), twice: values.twice });
  totals.frames += outcome.frames.sent + outcome.frames.copies;
  totals.delivered += outcome.frames.delivered;
  totals.dropped += outcome.frames.dropped;
  totals.events += outcome.events;
  totals.streams += outcome.streams.opened;
  totals.complete += outcome.streams.complete;
  totals.bytes += outcome.streams.bytes;
  if (outcome.problems.length > 0) {
    failures++;
    console.error(`seed ${seed}:\n  ${outcome.problems.join("\n  ")}\n  replay: npm run simulate -- --seed ${seed}`);
    if (values.keep !== undefined) {
      mkdirSync(values.keep, { recursive: true });
      writeFileSync(join(values.keep, `seed-${seed}.lab.yaml`), text);
    }
  }
  if (process.stderr.isTTY) {
    process.stderr.write(`\r${seed - first + 1} of ${last - first + 1} labs, ${failures} failed `);
  }
  if (one !== null) console.log(outcome.summary);
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
console.log(
  `${last - first + 1} labs in ${seconds.toFixed(1)} s: ${totals.events} events, ${totals.frames} frames sent, ` +
    `${totals.delivered} delivered, ${totals.dropped} dropped for a named reason; ${totals.streams} byte streams, ` +
    `${totals.bytes} bytes read and right, ${totals.complete} read to their end; ${failures} labs failed`,
);
process.exit(failures > 0 ? 1 : 0);
