/**
 * `npm run simulate -- [--kind labs|2pc] [--seeds N] [--first S] [--seed S] [--twice] [--keep DIR] [--mutant NAME]`:
 * random labs with random faults, judged from outside. `labs`: frames and packets must be accounted for, every host
 * must reach every other again, every byte stream must be what was written (all of it, in calm labs), and nothing may
 * be left: no connection, no timer, no packet. `2pc`: the lecture's two-phase commit must be atomic and come to an end.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MUTANTS } from "./commit-programs.ts";
import { commitKind, labsKind, type Kind } from "./kinds.ts";

const { values } = parseArgs({
  options: {
    kind: { type: "string", default: "labs" },
    seeds: { type: "string", default: "500" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    twice: { type: "boolean", default: false },
    keep: { type: "string" },
    mutant: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`npm run simulate -- [--kind labs|2pc] [--seeds N] [--first S] | [--seed S] [--twice] [--keep DIR]
  --kind K      labs: pings, datagrams, byte streams (the default); 2pc: two-phase commit
  --seeds N     run N random labs (500)        --first S  start at seed S (1)
  --seed S      run this one, and print its lab file and report
  --twice       run each lab once more, and compare digests; of kind labs with trace and captures on
  --keep DIR    write the lab file of every failure there
  --mutant NAME of kind 2pc: with a mistake in the programs, which must be found:
${MUTANTS.map(({ name, text }) => `                ${name.padEnd(14)} ${text}`).join("\n")}`);
  process.exit(0);
}

function chosenKind(): Kind {
  if (values.kind === "labs") return labsKind();
  const mutant = MUTANTS.find(({ name }) => name === values.mutant);
  if (values.kind === "2pc" && (mutant !== undefined || values.mutant === undefined)) return commitKind(mutant);
  console.error("no such kind or mutant: see npm run simulate -- --help");
  return process.exit(2);
}

const kind = chosenKind();
const one = values.seed === undefined ? null : Number(values.seed);
const first = one ?? Number(values.first);
const last = one ?? first + Number(values.seeds) - 1;
const again = `npm run simulate --${values.kind === "labs" ? "" : ` --kind ${values.kind}`}${
  values.mutant === undefined ? "" : ` --mutant ${values.mutant}`
}`;
const started = process.hrtime.bigint();
let failures = 0;
for (let seed = first; seed <= last; seed++) {
  const text = kind.lab(seed);
  if (one !== null) console.log(text);
  const { problems, summary } = kind.run(seed, values.twice);
  if (problems.length > 0) {
    failures++;
    console.error(`seed ${seed}:\n  ${problems.join("\n  ")}\n  replay: ${again} --seed ${seed}`);
    if (values.keep !== undefined) {
      mkdirSync(values.keep, { recursive: true });
      writeFileSync(join(values.keep, `seed-${seed}.lab.yaml`), text);
    }
  }
  if (process.stderr.isTTY) {
    process.stderr.write(`\r${seed - first + 1} of ${last - first + 1} labs, ${failures} failed `);
  }
  if (one !== null) console.log(summary);
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
console.log(`${last - first + 1} labs in ${seconds.toFixed(1)} s: ${kind.totals()}; ${failures} labs failed`);
process.exit(failures > 0 ? 1 : 0);
