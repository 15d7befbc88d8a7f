/**
 * Two-phase commit: the coordinator. It asks all workers whether they can commit; if all of them say VOTE-COMMIT it
 * sends GLOBAL-COMMIT, otherwise GLOBAL-ABORT. What it has decided is forced to its log *before* anybody hears of it.
 *
 *     INIT --VOTE-REQ to all--> WAIT --all VOTE-COMMIT--> COMMIT
 *                                 '--a VOTE-ABORT, or time-out--> ABORT
 *
 * After a crash it aborts what it finds in WAIT and repeats what it finds decided.
 * Arguments: names of the workers; `--transactions N` (1), `--every MS` (1000).
 */
import { args, decide, host, print, sleep, state } from "lastack";
import { Log } from "lastack/log";
import { Post, type Message, type Outcome } from "./messages.ts";

interface LogRecord {
  readonly transaction: string;
  readonly state: "WAIT" | Outcome | "END";
}

/** How long it waits for votes, and before it repeats a decision that was not acknowledged. */
const VOTES_MS = 100;
const REPEAT_MS = 100;

const workers = args.filter((word, at) => !word.startsWith("--") && !args[at - 1]?.startsWith("--"));
const option = (name: string, otherwise: number): number => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(args[at + 1]);
};

const log = await Log.open("/disk/coordinator.log");
const post = await Post.open(host);
const outcomes = new Map<string, Outcome>();
/** Votes that came, and acknowledgements that are missing, by transaction. */
const votes = new Map<string, Map<string, Outcome>>();
const missing = new Map<string, Set<string>>();

async function record(transaction: string, to: LogRecord["state"]): Promise<void> {
  await log.write({ transaction, state: to } satisfies LogRecord);
}

/** Phase 1: asks for votes and waits for them. */
async function collectVotes(transaction: string): Promise<Outcome> {
  await record(transaction, "WAIT");
  state("WAIT", transaction);
  const received = new Map<string, Outcome>();
  votes.set(transaction, received);
  for (const worker of workers) await post.send(worker, "VOTE-REQ", transaction);
  for (let waited = 0; waited < VOTES_MS && received.size < workers.length; waited++) {
    if ([...received.values()].includes("ABORT")) break;
    await sleep(1);
  }
  votes.delete(transaction);
  const commits = [...received.values()].filter((vote) => vote === "COMMIT").length;
  return commits === workers.length ? "COMMIT" : "ABORT";
}

/** Phase 2: makes the decision stable, then tells it until all have heard it. */
async function announce(transaction: string, outcome: Outcome, isNew: boolean): Promise<void> {
  if (isNew) await record(transaction, outcome);
  outcomes.set(transaction, outcome);
  state(outcome, transaction);
  decide(outcome, transaction);
  print(transaction, outcome);
  const open = new Set(workers);
  missing.set(transaction, open);
  while (open.size > 0) {
    for (const worker of open) await post.send(worker, `GLOBAL-${outcome}`, transaction);
    await sleep(REPEAT_MS);
  }
  missing.delete(transaction);
  await record(transaction, "END");
}

async function handle({ kind, transaction, from }: Message): Promise<void> {
  if (kind === "VOTE-COMMIT") votes.get(transaction)?.set(from, "COMMIT");
  else if (kind === "VOTE-ABORT") votes.get(transaction)?.set(from, "ABORT");
  else if (kind === "ACK") missing.get(transaction)?.delete(from);
  else if (kind === "DECISION-REQ") {
    const outcome = outcomes.get(transaction);
    // In WAIT there is nothing to tell yet.
    if (outcome !== undefined) await post.send(from, `GLOBAL-${outcome}`, transaction);
  }
}

async function listen(): Promise<never> {
  for (;;) await handle(await post.receive());
}

/** What the log says of transactions begun before a crash. */
function recover(): { readonly undecided: string[]; readonly untold: Map<string, Outcome>; readonly count: number } {
  const last = new Map<string, LogRecord["state"]>();
  for (const { transaction, state: reached } of log.records as LogRecord[]) {
    last.set(transaction, reached);
    if (reached === "COMMIT" || reached === "ABORT") outcomes.set(transaction, reached);
  }
  const undecided: string[] = [];
  const untold = new Map<string, Outcome>();
  for (const [transaction, reached] of last) {
    if (reached === "WAIT") undecided.push(transaction);
    else if (reached !== "END") untold.set(transaction, reached);
  }
  return { undecided, untold, count: last.size };
}

const { undecided, untold, count } = recover();
void listen();
for (const [transaction, outcome] of untold) void announce(transaction, outcome, false);
for (const transaction of undecided) void announce(transaction, "ABORT", true);
for (let number = count + 1; number <= option("transactions", 1); number++) {
  const transaction = `T${number}`;
  state("INIT", transaction);
  void announce(transaction, await collectVotes(transaction), true);
  await sleep(option("every", 1000));
}
