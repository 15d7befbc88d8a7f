/**
 * `npm run bench -- [--peers] [--window] [--json] [--rounds N] [--only NAME]`: speed, side by side with ns-3 where it
 * is installed. Ours and theirs run in turn, each in a process of its own, and what counts is the ratio of the medians:
 * single times on a shared machine mean little. Scenarios are bundled first, as the product is. The window is measured
 * in Chromium, from its traces. Exits with 1 when a target of sandbox or window is missed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "vite";
import { forV8 } from "../../.tools/vite/for-v8.mjs";
import { NODE_FLAGS } from "../../core/node/node-flags.ts";
import { benchWindow } from "../bench-window/run.ts";
import type { ScenarioResult } from "./measure.ts";
import { factLine, median, missed, windowLines, type FactTarget } from "./targets.ts";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../../out/bench");

const { values } = parseArgs({
  options: {
    peers: { type: "boolean", default: false },
    window: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`npm run bench -- [--peers] [--window] [--json] [--rounds N] [--only NAME]
  --peers     measure ns-3 in the same run (Debian: libns3-dev ns3 g++ make)
  --window    the window alone: window-start, window-packets, window-scroll, window-flat-out
  --rounds N  runs of each (3; of the window's, which take long, 1 unless it is said)
  --only NAME scenarios whose name contains NAME`);
  process.exit(0);
}

interface Scenario {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Program in ns3/ and its arguments. */
  readonly peer?: readonly string[];
  /** Another scenario of ours to compare with. */
  readonly against?: string;
  /** What the ratio must not exceed, and what we aim at. */
  readonly target?: { readonly most: number; readonly aim: number };
  /** A fact that counts instead of a ratio. */
  readonly wants?: FactTarget;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: "udpflood",
    script: "udpflood",
    args: [],
    peer: ["udpflood", "--gapNs=1100"],
    target: { most: 0.7, aim: 0.35 },
  },
  {
    name: "udpflood+pcapng",
    script: "udpflood",
    args: ["1000000", join(out, "udpflood.pcapng")],
    against: "udpflood",
    target: { most: 1.5, aim: 1.25 },
  },
  { name: "star1000", script: "star", args: ["1000"] },
  { name: "readlab", script: "readlab", args: ["1000"], wants: { fact: "first_ms", most: 300 } },
  {
    name: "bulk",
    script: "bulk",
    args: [],
    peer: ["bulk", "--real=1", "--ChecksumEnabled=1"],
    target: { most: 0.6, aim: 0.3 },
  },
  { name: "dumbbell", script: "dumbbell", args: [], peer: ["dumbbell"], target: { most: 0.6, aim: 0.3 } },
  {
    name: "fattree8",
    script: "fattree",
    args: ["8"],
    peer: ["fattree", "--k=8", "--routing=nix"],
    target: { most: 0.6, aim: 0.3 },
  },
  // The median batch: the best one says what a program costs where nobody else has a part in the machine.
  { name: "handlers", script: "sandbox", args: ["handlers"], wants: { fact: "median_per_s", least: 25_000 } },
  { name: "starts200", script: "sandbox", args: ["starts"], wants: { fact: "starts_ms", most: 2000 } },
  { name: "manysmall", script: "manysmall", args: [], peer: ["manysmall"], target: { most: 0.2, aim: 0.1 } },
];

interface Row {
  readonly scenario: Scenario;
  readonly ours: ScenarioResult[];
  readonly theirs: ScenarioResult[];
}

/** As the product is: a script with its packages, and what loads it with V8's cache (core/node/launch.ts). */
async function bundle(scripts: ReadonlySet<string>): Promise<void> {
  for (const script of scripts) {
    await bundleOne(join(here, "scenarios", `${script}.ts`), join(out, script), "cjs");
    await bundleOne(join(here, "../../core/node/launch.ts"), join(out, script), "es");
  }
}

async function bundleOne(entry: string, folder: string, format: "cjs" | "es"): Promise<void> {
  const output = { format, entryFileNames: format === "es" ? "main.js" : "main.cjs" };
  await build({
    configFile: false,
    logLevel: "error",
    plugins: [forV8()],
    ssr: { noExternal: true },
    build: {
      ...{ ssr: entry, outDir: folder, emptyOutDir: false },
      ...{ target: "node20", minify: false, rolldownOptions: { output } },
    },
  });
}

function run(command: string, args: readonly string[]): ScenarioResult {
  // Through a shell: a process inherits the peak memory of the one that forked it (getrusage(2)), which is not its own.
  const done = spawnSync("/bin/sh", ["-c", '"$0" "$@"; exit $?', command, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 24,
  });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${done.stderr}`);
  return JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "") as ScenarioResult;
}

/** Builds the ns-3 programs. @returns where they are, or null with one loud line. */
function buildPeers(programs: readonly string[]): string | null {
  const bin = join(out, "ns3");
  mkdirSync(bin, { recursive: true });
  const targets = programs.map((program) => `bin/${program}`);
  const made = spawnSync("make", ["-C", join(here, "ns3"), ...targets], { encoding: "utf8" });
  if (made.status === 0) return join(here, "ns3/bin");
  console.error("PEERS SKIPPED: ns-3 programs did not build; on Debian: apt-get install libns3-dev ns3 g++ make");
  return null;
}

/** One line of the table: both sides' medians and, of wall time and of CPU time, the ratio. */
function line(row: Row, other: readonly ScenarioResult[]): string {
  const { scenario, ours } = row;
  const of = (results: readonly ScenarioResult[], value: (result: ScenarioResult) => number): number =>
    median(results.map(value));
  const wall = (result: ScenarioResult): number => result.total_s;
  const cpu = (result: ScenarioResult): number => result.user_s + result.sys_s;
  const rss = (result: ScenarioResult): number => result.rss_mb;
  const theirs = (value: (result: ScenarioResult) => number, digits: number): string =>
    other.length === 0 ? "" : of(other, value).toFixed(digits);
  const ratio = (value: (result: ScenarioResult) => number): string =>
    other.length === 0 ? "" : (of(ours, value) / of(other, value)).toFixed(3);
  const cells = [of(ours, wall).toFixed(2), of(ours, cpu).toFixed(2), of(ours, rss).toFixed(0)];
  cells.push(theirs(wall, 2), theirs(cpu, 2), theirs(rss, 0), ratio(wall), ratio(cpu));
  const target =
    scenario.wants !== undefined
      ? factLine(scenario.wants, ours)
      : scenario.target === undefined
        ? ""
        : `<= ${scenario.target.most}, aim ${scenario.target.aim}`;
  const facts = Object.keys(ours[0]?.facts ?? {}).map((name) => {
    const value = median(ours.map(({ facts: measured }) => measured[name] ?? NaN));
    return `${name}=${Number(value.toFixed(3))}`;
  });
  return `${scenario.name.padEnd(18)}${cells.map((cell) => cell.padStart(8)).join("")}  ${target}  ${facts.join(" ")}`;
}

function report(rows: readonly Row[]): void {
  if (values.json) {
    console.log(JSON.stringify(rows.map(({ scenario, ours, theirs }) => ({ name: scenario.name, ours, theirs }))));
    return;
  }
  const heads = ["ours s", "CPU s", "RSS MB", "other s", "CPU s", "RSS MB", "ratio", "of CPU"];
  console.log(`${"scenario".padEnd(18)}${heads.map((head) => head.padStart(8)).join("")}  target`);
  for (const row of rows) {
    const rival = rows.find(({ scenario }) => scenario.name === row.scenario.against);
    console.log(line(row, row.scenario.against === undefined ? row.theirs : (rival?.ours ?? [])));
  }
  const written = join(out, "udpflood.pcapng");
  if (existsSync(written)) console.log(`capture: ${(statSync(written).size / 2 ** 20).toFixed(0)} MiB`);
}

const rounds = Number(values.rounds ?? 3);
const only = values.only ?? "";
const chosen = values.window ? [] : SCENARIOS.filter(({ name }) => name.includes(only));
rmSync(out, { recursive: true, force: true });
await bundle(new Set(chosen.map(({ script }) => script)));
const peers = values.peers
  ? buildPeers(chosen.flatMap(({ peer }) => (peer === undefined ? [] : [peer[0] ?? ""])))
  : null;
const rows: Row[] = chosen.map((scenario) => ({ scenario, ours: [], theirs: [] }));
const runOurs = ({ script, args }: Scenario): ScenarioResult =>
  run(process.execPath, [...NODE_FLAGS, join(out, script, "main.js"), ...args]);
// The first run of a program is not measured: it leaves the cache that all later ones start with.
for (const scenario of chosen) runOurs(scenario);
for (let round = 0; round < rounds; round++) {
  for (const { scenario, ours, theirs } of rows) {
    ours.push(runOurs(scenario));
    const [program, ...args] = scenario.peer ?? [];
    if (peers !== null && program !== undefined) theirs.push(run(join(peers, program), args));
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1}: ${scenario.name}   `);
  }
}
if (process.stderr.isTTY) process.stderr.write("\r");
if (rows.length > 0) report(rows);
const seen = await benchWindow(only, values.rounds === undefined ? 1 : rounds);
for (const text of windowLines(seen ?? [], values.json)) console.log(text);
if (missed(rows, seen ?? [])) process.exitCode = 1;
