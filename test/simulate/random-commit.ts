/**
 * Random labs of two-phase commit, drawn from one seed: a coordinator and two to five workers on lossy cables, who vote
 * on some transactions while machines crash, stand still and come back, and cables are cut and mended. Written as a lab
 * file over the lecture's own programs, so that a failing one can be opened in the workbench.
 */
import { Random } from "../../core/base/random.ts";

/** From here on nothing breaks any more, and everything must come to an end. */
export const FAULTS_UNTIL_MS = 6_000;
const BREAKS_PACKETS = ["loss", "delay", "duplicate", "reorder", "corrupt"];
const BREAKS_CABLES = ["link-down", "partition"];
const BREAKS_MACHINES = ["crash", "crash", "reboot", "pause"];
/** The machines of 1996 are so slow that a coordinator rarely waits for all votes. */
const PROFILES = ["ideal", "ideal", "modern", "modern"] as const;
const OLD_MACHINES = 0.1;
/** Where the lab looks for its programs. */
export const PROGRAM_FOLDER = "../programs/two-phase-commit";

export interface CommitLab {
  readonly text: string;
  readonly workers: readonly string[];
  readonly transactions: number;
}

export function randomCommitLab(seed: number): CommitLab {
  const random = new Random(seed, "random-commit");
  const workers = Array.from({ length: 2 + random.below(4) }, (_, index) => `worker${index + 1}`);
  const transactions = 2 + random.below(7);
  const everyMs = 30 + random.below(500);
  const beginMs = 10 + random.below(200);
  const nodes = ["coordinator", ...workers];
  const profiles = random.chance(OLD_MACHINES) ? (["1996"] as const) : PROFILES;
  const machine = (name: string, args: readonly (string | number)[], atMs: number): string =>
    machineLine(random, { name, args, atMs, profile: random.pick(profiles) });
  const lines = [
    "lastack: 1",
    `name: two-phase commit ${seed}`,
    `seed: ${seed}`,
    `duration: ${FAULTS_UNTIL_MS / 1000 + 4}s`,
    "nodes:",
    "  s1: { kind: switch }",
    "  s2: { kind: switch }",
    machine("coordinator", [...workers, "--transactions", transactions, "--every", everyMs], beginMs),
    ...workers.map((name) => machine(name, ["coordinator", ...workers, ...refusals(random, transactions)], 0)),
    "links:",
    ...nodes.map((name) => `  - { ends: [${name}, s${1 + random.below(2)}]${quality(random)} }`),
    `  - { ends: [s1, s2]${quality(random)} }`,
    ...schedule(random, seed),
    "timeline:",
    ...silences(random, { beginMs, everyMs, transactions, nodes }),
  ];
  return { text: `${lines.join("\n")}\n`, workers, transactions };
}

interface Machine {
  readonly name: string;
  readonly args: readonly (string | number)[];
  readonly atMs: number;
  readonly profile: string;
}

function machineLine(random: Random, { name, args, atMs, profile }: Machine): string {
  const file = `${PROGRAM_FOLDER}/${name === "coordinator" ? "coordinator" : "worker"}.ts`;
  const program = `{ file: ${file}, args: [${args.join(", ")}], at: ${atMs}ms }`;
  // A slow disk leaves a crash more time between a record and its being forced.
  const disk = `{ fsync: ${random.pick([500, 5_000, 20_000, 40_000])}us }`;
  return `  ${name}: { kind: host, profile: ${profile}, disk: ${disk}, programs: [${program}] }`;
}

/** Transactions that a worker votes against. */
function refusals(random: Random, transactions: number): string[] {
  if (random.chance(0.8)) return [];
  return ["--no", `T${1 + random.below(transactions)}`];
}

function quality(random: Random): string {
  const parts = [`delay: ${100 + random.below(3_000)}us`];
  if (random.chance(0.3)) parts.push(`jitter: { spread: ${1 + random.below(2_000)}us, distribution: uniform }`);
  if (random.chance(0.3)) parts.push(`loss: ${random.pick([1, 2, 10])}%`);
  if (random.chance(0.3)) parts.push(`duplicate: ${1 + random.below(30)}%`);
  if (random.chance(0.3)) parts.push(`reorder: { probability: ${1 + random.below(30)}%, gap: ${1 + random.below(4)} }`);
  if (random.chance(0.1)) parts.push(`corrupt: ${1 + random.below(5)}%`);
  return `, ${parts.join(", ")}`;
}

function schedule(random: Random, seed: number): string[] {
  const some = (kinds: readonly string[], share: number): string[] => kinds.filter(() => random.chance(share));
  const kinds = [...some(BREAKS_PACKETS, 0.3), ...some(BREAKS_CABLES, 0.4), ...some(BREAKS_MACHINES, 0.5)];
  if (kinds.length === 0) kinds.push("crash");
  return [
    "schedule:",
    `  { seed: ${seed}, from: 0s, until: ${FAULTS_UNTIL_MS}ms, mean-gap: ${random.pick([150, 500, 1_500, 4_000])}ms,`,
    `    mean-length: ${20 + random.below(400)}ms, kinds: [${[...new Set(kinds)].join(", ")}], heal: true }`,
  ];
}

interface Plan {
  readonly beginMs: number;
  readonly everyMs: number;
  readonly transactions: number;
  readonly nodes: readonly string[];
}

/**
 * Crashes where it hurts: somebody, mostly the coordinator, falls silent within the first milliseconds of a
 * transaction, and for so long that those who have promised wait for it.
 */
function silences(random: Random, { beginMs, everyMs, transactions, nodes }: Plan): string[] {
  return Array.from({ length: 2 + random.below(5) }, () => {
    const node = random.chance(0.4) ? "coordinator" : random.pick(nodes);
    const atUs = (beginMs + random.below(transactions) * everyMs) * 1000 + random.below(70_000);
    const downMs = 50 + random.below(2_000);
    const backMs = Math.min(FAULTS_UNTIL_MS, Math.ceil(atUs / 1000) + downMs);
    return [
      `  - { at: ${atUs}us, node: ${node}, do: crash }`,
      `  - { at: ${backMs}ms, node: ${node}, do: reboot }`,
    ].join("\n");
  });
}
