/**
 * Two-phase commit: a worker. Asked for its vote it either promises to commit, and forces that promise to its log
 * before it answers; or it aborts at once. Who has promised obeys the coordinator, whatever happens in between.
 *
 *     INIT --VOTE-REQ / VOTE-COMMIT--> READY --GLOBAL-COMMIT--> COMMIT
 *       '--VOTE-REQ / VOTE-ABORT--> ABORT <--GLOBAL-ABORT--'
 *
 * In READY it is *blocked* while the coordinator is silent: it asks the coordinator again and again, and its fellows.
 * One that has decided knows the outcome; one still in INIT can abort, and then so can both; when all are in READY they
 * have to wait.
 * Arguments: names of the coordinator and of all workers; `--no T2` votes against transaction T2.
 */
import { args, decide, host, print, sleep, state } from "lastack";
import { Log } from "lastack/log";
import { Post, type Message, type Outcome } from "./messages.ts";

type WorkerState = "INIT" | "READY" | Outcome;

interface LogRecord {
  readonly transaction: string;
  readonly state: WorkerState;
}

/** How long it waits in READY before it asks. */
const ASK_MS = 200;

const refused = new Set(args.filter((_, at) => args[at - 1] === "--no"));
const [coordinator = "coordinator", ...others] = args.filter((word, at) => word !== "--no" && args[at - 1] !== "--no");
const fellows = others.filter((name) => name !== host);

const log = await Log.open("/disk/worker.log");
const post = await Post.open(host);
const states = new Map<string, WorkerState>();

const stateOf = (transaction: string): WorkerState => states.get(transaction) ?? "INIT";

/** Forces the new state to the log, and only then is in it. */
async function enter(transaction: string, next: WorkerState): Promise<void> {
  await log.write({ transaction, state: next } satisfies LogRecord);
  states.set(transaction, next);
  state(next, transaction);
  if (next === "COMMIT" || next === "ABORT") {
    decide(next, transaction);
    print(transaction, next);
  }
}

async function vote(transaction: string): Promise<void> {
  if (stateOf(transaction) === "INIT") await enter(transaction, refused.has(transaction) ? "ABORT" : "READY");
  const answer = stateOf(transaction) === "ABORT" ? "VOTE-ABORT" : "VOTE-COMMIT";
  await post.send(coordinator, answer, transaction);
}

async function obey(transaction: string, outcome: Outcome): Promise<void> {
  const now = stateOf(transaction);
  if (now === "READY") await enter(transaction, outcome);
  // Without a promise in the log there is nothing that could be committed.
  else if (now === "INIT") await enter(transaction, "ABORT");
}

/** A fellow in READY asks. In INIT we can still abort, and do, so that our answer stays true. */
async function tell(fellow: string, transaction: string): Promise<void> {
  if (stateOf(transaction) === "INIT") await enter(transaction, "ABORT");
  const now = stateOf(transaction);
  if (now === "COMMIT" || now === "ABORT") await post.send(fellow, `GLOBAL-${now}`, transaction);
}

async function handle({ kind, transaction, from }: Message): Promise<void> {
  if (kind === "VOTE-REQ") await vote(transaction);
  else if (kind === "DECISION-REQ") await tell(from, transaction);
  else if (kind === "GLOBAL-COMMIT" || kind === "GLOBAL-ABORT") {
    await obey(transaction, kind === "GLOBAL-COMMIT" ? "COMMIT" : "ABORT");
    if (from === coordinator) await post.send(coordinator, "ACK", transaction);
  }
}

/** Asks about every transaction that has been in READY for a whole round. */
async function ask(): Promise<never> {
  let before = new Set<string>();
  for (;;) {
    await sleep(ASK_MS);
    const blocked = [...states].filter(([, now]) => now === "READY").map(([transaction]) => transaction);
    for (const transaction of blocked.filter((name) => before.has(name))) {
      for (const name of [coordinator, ...fellows]) await post.send(name, "DECISION-REQ", transaction);
    }
    before = new Set(blocked);
  }
}

/** After a crash: what was decided stays so, and what was promised is still promised. */
function recover(): void {
  for (const record of log.records as LogRecord[]) states.set(record.transaction, record.state);
  for (const [transaction, now] of states) {
    state(now, transaction);
    if (now === "COMMIT" || now === "ABORT") decide(now, transaction);
  }
}

recover();
void ask();
for (;;) await handle(await post.receive());
