/**
 * Terminals on hosts of the lab. Each is a console of the run: its output comes with the pushes, its keys are entries
 * of the journal. When the run goes back, all that was printed is void, and comes again as the run does.
 */
import { defineStore } from "pinia";
import { computed, markRaw, reactive, ref, shallowReactive, watch } from "vue";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import { closePane, openPane } from "../panes/registry.ts";
import { call, onFrame } from "../stores/core.ts";
import { useLab } from "../stores/lab.ts";
import { useRun } from "../stores/run.ts";
import { KeyQueue } from "./key-queue.ts";
import { OutputBuffer } from "./output-buffer.ts";

/** What a terminal's console is at the present instant of the run. */
export type ConsoleState =
  /** Not opened yet, or given up together with the future that it was opened in. */
  | "none"
  | "opening"
  | "open"
  /** It is opened at a later instant of this run. */
  | "ahead"
  | "ended";

export interface TerminalSession {
  readonly key: string;
  readonly node: string;
  readonly output: OutputBuffer;
  readonly keys: KeyQueue;
  console: number | null;
  isOpening: boolean;
  /** Exit status, once it has ended. */
  status: number | null;
  /** What went wrong last; "" when nothing did. */
  problem: string;
}

export const useTerminals = defineStore("terminals", () => {
  const lab = useLab();
  const run = useRun();
  const sessions = shallowReactive(new Map<string, TerminalSession>());
  const lastNode = ref("");
  /** Output of consoles that no terminal shows, or not yet: a push may overtake the answer that tells the number. */
  const stray = new Map<number, OutputBuffer>();
  let stopListening: (() => void) | null = null;

  const machines = computed(() => (lab.view?.nodes ?? []).filter(({ cpus }) => cpus > 0).map(({ name }) => name));

  function onPush(push: FramePush): void {
    const byConsole = new Map([...sessions.values()].map((session) => [session.console, session] as const));
    if (push.rewound) {
      stray.clear();
      for (const session of sessions.values()) {
        session.output.clear();
        session.status = null;
        session.problem = "";
      }
    }
    for (const { console, text } of push.consoles) (byConsole.get(console)?.output ?? strayOf(console)).add(text);
    for (const { console, status } of push.ended) {
      const session = byConsole.get(console);
      if (session !== undefined) session.status = status;
    }
  }

  function strayOf(console: number): OutputBuffer {
    const output = stray.get(console) ?? new OutputBuffer();
    stray.set(console, output);
    return output;
  }

  function make(key: string, node: string): TerminalSession {
    const known = sessions.get(key);
    if (known !== undefined) return known;
    stopListening ??= onFrame(onPush);
    const session: TerminalSession = reactive({
      ...{ key, node, console: null, isOpening: false, status: null, problem: "" },
      output: markRaw(new OutputBuffer()),
      keys: markRaw(new KeyQueue((text) => type(session, text))),
    });
    sessions.set(key, session);
    return session;
  }

  async function type(session: TerminalSession, text: string): Promise<void> {
    if (session.console === null) return;
    try {
      await run.inject({ kind: "input", console: session.console, text });
      session.problem = "";
    } catch (error) {
      session.problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  /** Opens a shell on the session's host. */
  async function connect(session: TerminalSession): Promise<void> {
    if (session.isOpening) return;
    session.isOpening = true;
    session.output.clear();
    session.status = null;
    session.problem = "";
    try {
      const { console } = await call("console.open", { node: session.node });
      session.console = console;
      session.output.add(stray.get(console)?.text ?? "");
      stray.delete(console);
    } catch (error) {
      session.console = null;
      session.problem = error instanceof Error ? error.message : String(error);
    } finally {
      session.isOpening = false;
    }
  }

  function stateOf(session: TerminalSession): ConsoleState {
    const { console } = session;
    if (session.isOpening) return "opening";
    if (console === null) return "none";
    const entry = run.journal.find(({ command }) => command.kind === "shell" && command.console === console);
    // Its entry comes with the next push.
    if (entry === undefined) return session.output.text === "" && session.status === null ? "none" : "open";
    const { time = 0, events = 0 } = run.state ?? {};
    if (entry.at > time || (entry.at === time && entry.events > events)) return "ahead";
    return session.status === null ? "open" : "ended";
  }

  /** A new terminal on a host, beside those that are there. */
  async function open(node: string): Promise<void> {
    const taken = [...sessions.values()].filter((session) => session.node === node).length;
    let number = taken + 1;
    while (sessions.has(`${node}-${number}`)) number++;
    const session = make(`${node}-${number}`, node);
    lastNode.value = node;
    show(session, number);
    await connect(session);
  }

  function show({ key, node }: TerminalSession, number = Number(/\d+$/.exec(key)?.[0])): void {
    const title = number > 1 ? `${node} (${number})` : node;
    openPane("terminal", { instance: key, title, props: { session: key, node }, focus: true });
  }

  /** To the front, the newest one of that host; a new one when it has none. */
  async function reveal(node: string): Promise<void> {
    const open_ = [...sessions.values()].filter((session) => session.node === node && stateOf(session) !== "none");
    const session = open_.at(-1);
    if (session !== undefined) show(session);
    else await open(node);
  }

  function forget(key: string): void {
    sessions.delete(key);
  }

  /** Another lab has other hosts: what was typed there is over. */
  function closeAll(): void {
    for (const key of [...sessions.keys()]) {
      sessions.delete(key);
      closePane("terminal", key);
    }
  }

  watch(() => lab.generation, closeAll);

  return { sessions, machines, lastNode, make, connect, stateOf, open, reveal, forget };
});
