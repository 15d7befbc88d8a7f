/**
 * What it takes to bring a run back: how its lab was opened, what was done to it since, and where it stood by the last
 * that the core said. Answers count as much as pushes: what an answer says is on the screen before the next push is.
 */
import type { Answer, MethodName, Params } from "../../core/contract/api/api.ts";
import type { FramePush, RunState } from "../../core/contract/api/run-view.ts";
import type { Command, JournalEntry } from "../../core/contract/command.ts";

export class RunRecord {
  readonly #params: Params<"lab.open">;
  #journal: readonly JournalEntry[];
  #position: { readonly time: number; readonly events: number };

  constructor(params: Params<"lab.open">, run: RunState | null) {
    this.#params = params;
    this.#journal = params.journal ?? [];
    this.#position = { time: run?.time ?? 0, events: run?.events ?? 0 };
  }

  get whereItWas(): Params<"lab.open"> {
    return { ...this.#params, ...this.#position, journal: this.#journal };
  }

  get atItsStart(): Params<"lab.open"> {
    const { journal: _journal, time: _time, events: _events, ...same } = this.#params;
    return same;
  }

  onPush({ run, journal, journalFrom }: FramePush): void {
    if (journal.length > 0) this.#write(journalFrom, journal);
    this.#stand(run);
  }

  onAnswer<M extends MethodName>(method: M, params: Params<M>, answer: Answer<M>): void {
    const run = stateIn(answer);
    if (run === null) return;
    const command = commandOf(method, params, answer);
    // Applied at once: it is the last entry, and stands where the run does.
    if (command !== null) this.#write(run.journalLength - 1, [{ at: run.time, events: run.events, command }]);
    this.#stand(run);
  }

  #write(from: number, entries: readonly JournalEntry[]): void {
    this.#journal = [...this.#journal.slice(0, from), ...entries];
  }

  #stand({ time, events }: RunState): void {
    this.#position = { time, events };
  }
}

/** Every method that moves a run, or does something to it, answers with where it stands then. */
function stateIn(answer: Answer<MethodName>): RunState | null {
  if ("journalLength" in answer) return answer;
  return "run" in answer && answer.run !== null && "journalLength" in answer.run ? answer.run : null;
}

/** What a call that was answered put into the journal. */
function commandOf<M extends MethodName>(method: M, params: Params<M>, answer: Answer<M>): Command | null {
  if (method === "run.inject") return (params as Params<"run.inject">).command;
  if (method !== "console.open") return null;
  const { node } = params as Params<"console.open">;
  return { kind: "shell", node, console: (answer as Answer<"console.open">).console };
}
