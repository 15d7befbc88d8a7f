/** The run as the core last told it, and what can be done with it. Virtual ns. */
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import type { Command, DirectionChange, JournalEntry } from "../../core/contract/command.ts";
import type { DirectionView } from "../../core/contract/api/lab-view.ts";
import type { FramePush, LinkState, NodeState, RunState, Speed } from "../../core/contract/api/run-view.ts";
import type { CheckResult } from "../../core/contract/run-report.ts";
import { call, onFrame } from "./core.ts";

export const SPEEDS: readonly Speed[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, "max"];

/** Events a second are averaged over this much wall time. */
const RATE_WINDOW_MS = 500;

export const useRun = defineStore("run", () => {
  const state = shallowRef<RunState | null>(null);
  const speed = ref<Speed>(1);
  /** All of it, also what lies ahead of a run that was wound back. */
  const journal = shallowRef<readonly JournalEntry[]>([]);
  /** By index. */
  const nodes = shallowRef<readonly NodeState[]>([]);
  const links = shallowRef<readonly LinkState[]>([]);
  const checks = shallowRef<readonly CheckResult[]>([]);
  const packets = ref(0);
  const eventsPerSecond = ref(0);
  /** On the way to another instant: the answer comes when it is reached. */
  const isSeeking = ref(false);
  const isPlaying = computed(() => state.value?.playing ?? false);
  const isFresh = computed(() => (state.value?.time ?? 0) === 0 && (state.value?.events ?? 0) === 0);

  let rateSince = { wallMs: 0, events: 0 };
  /** After a broken lab the core still has the one before: what it says is not about what is on the screen. */
  let isShown = false;

  function onPush(push: FramePush): void {
    if (!isShown) return;
    setState(push.run);
    if (push.nodes.length > 0) nodes.value = merged(nodes.value, push.nodes, ({ node }) => node);
    if (push.links.length > 0) links.value = merged(links.value, push.links, ({ link }) => link);
    if (push.journal.length > 0 || push.journalFrom < journal.value.length) {
      journal.value = [...journal.value.slice(0, push.journalFrom), ...push.journal];
    }
    if (!sameChecks(checks.value, push.checks)) checks.value = push.checks;
    packets.value = push.packets;
  }

  function setState(next: RunState): void {
    const now = performance.now();
    const span = now - rateSince.wallMs;
    if (next.events < rateSince.events || !next.playing) {
      eventsPerSecond.value = 0;
      rateSince = { wallMs: now, events: next.events };
    } else if (span > RATE_WINDOW_MS) {
      eventsPerSecond.value = Math.round(((next.events - rateSince.events) * 1000) / span);
      rateSince = { wallMs: now, events: next.events };
    }
    state.value = next;
    if (next.playing) speed.value = next.speed;
  }

  /** A lab was opened: what was known of the last one is void. */
  function reset(to: RunState | null): void {
    isShown = to !== null;
    nodes.value = [];
    links.value = [];
    checks.value = [];
    packets.value = 0;
    rateSince = { wallMs: performance.now(), events: 0 };
    state.value = to;
    if (to === null) journal.value = [];
  }

  async function play(): Promise<void> {
    setState(await call("run.play", { speed: speed.value }));
  }

  async function pause(): Promise<void> {
    setState(await call("run.pause", {}));
  }

  async function setSpeed(to: Speed): Promise<void> {
    speed.value = to;
    if (isPlaying.value) await play();
  }

  async function step(unit: "event" | "packet" | "time", ns?: number): Promise<void> {
    setState(await call("run.step", ns === undefined ? { unit } : { unit, ns }));
  }

  async function travelling(request: () => Promise<RunState>): Promise<void> {
    if (isSeeking.value) return;
    isSeeking.value = true;
    try {
      setState(await request());
    } finally {
      isSeeking.value = false;
    }
  }

  const stepBack = (): Promise<void> => travelling(() => call("run.stepBack", {}));
  const seek = (time: number): Promise<void> => travelling(() => call("run.seek", { time }));

  async function inject(command: Command): Promise<void> {
    setState(await call("run.inject", { command }));
  }

  /** Entries that lie behind; it changes rarely, and so does what hangs on it. */
  const appliedCount = computed(() => {
    const now = state.value?.time ?? 0;
    const ahead = journal.value.findIndex(({ at }) => at > now);
    return ahead < 0 ? journal.value.length : ahead;
  });

  /** What the journal has changed on links so far. A lab's own timeline is not seen here. */
  const linkChanges = computed(() => {
    const changes = new Map<string, { forward: DirectionChange; backward: DirectionChange }>();
    for (const { command } of journal.value.slice(0, appliedCount.value)) {
      if (command.kind !== "link-set") continue;
      const { forward, backward } = changes.get(command.link) ?? { forward: {}, backward: {} };
      changes.set(command.link, {
        forward: { ...forward, ...command.forward },
        backward: { ...backward, ...command.backward },
      });
    }
    return changes;
  });

  function directionNow(link: string, way: "forward" | "backward", base: DirectionView): DirectionView {
    return { ...base, ...linkChanges.value.get(link)?.[way] };
  }

  function listen(): () => void {
    return onFrame(onPush);
  }

  return {
    ...{ state, speed, journal, nodes, links, checks, packets, eventsPerSecond, isSeeking, isPlaying, isFresh },
    ...{ play, pause, setSpeed, step, stepBack, seek, inject, reset, listen, directionNow },
  };
});

/** Only what has been decided has been held against an expectation. */
export function checkState({ passed, expected }: CheckResult): "passed" | "failed" | "pending" {
  return passed ? "passed" : expected === "" ? "pending" : "failed";
}

function merged<T>(old: readonly T[], changed: readonly T[], indexOf: (item: T) => number): T[] {
  const all = [...old];
  for (const item of changed) all[indexOf(item)] = item;
  return all;
}

function sameChecks(a: readonly CheckResult[], b: readonly CheckResult[]): boolean {
  return (
    a.length === b.length &&
    a.every((check, index) => check.expected === b[index]?.expected && check.passed === b[index]?.passed)
  );
}
