/** Which machine the kernel view looks at, and what was found. A look runs the lab again, so it is taken with care. */
import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";
import type { KernelTimeline } from "../../core/contract/api/close-view.ts";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import { call, onFrame } from "../stores/core.ts";
import { report } from "../stores/notices.ts";
import { useLab } from "../stores/lab.ts";
import { useRun } from "../stores/run.ts";
import { useSelection } from "../stores/selection.ts";
import { clampWindow, type TimeWindow } from "./timeline-window.ts";

const LOOK_MS = 200;

export const useKernel = defineStore("kernel", () => {
  const lab = useLab();
  const run = useRun();
  const selection = useSelection();
  const picked = ref("");
  const timeline = shallowRef<KernelTimeline | null>(null);
  const isLooking = ref(false);
  /** Null: all of the run. */
  const wanted = shallowRef<TimeWindow | null>(null);
  /** Of the run that `timeline` shows: steps and seeks make it old. */
  const lookedAt = ref(-1);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  const machines = computed(() => (lab.view?.nodes ?? []).filter(({ cpus }) => cpus > 0));
  const node = computed(() => machines.value.find(({ name }) => name === picked.value) ?? machines.value[0] ?? null);
  const now = computed(() => run.state?.time ?? 0);
  const window = computed<TimeWindow>(() => clampWindow(wanted.value ?? { from: 0, to: now.value }, now.value));
  /** The run has gone on since. */
  const isOld = computed(() => lookedAt.value !== now.value);

  function lookSoon(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), LOOK_MS);
  }

  async function look(): Promise<void> {
    const machine = node.value;
    if (machine === null || now.value === 0) return;
    const mine = ++turn;
    const at = now.value;
    isLooking.value = true;
    try {
      const { from, to } = window.value;
      const found = await call("kernel.timeline", { node: machine.name, from, to });
      if (mine !== turn) return;
      timeline.value = found;
      lookedAt.value = at;
    } catch (error) {
      const { code } = error as { code?: string };
      if (mine === turn && code !== "look/superseded") report(error);
    } finally {
      if (mine === turn) isLooking.value = false;
    }
  }

  function forget(): void {
    turn++;
    timeline.value = null;
    isLooking.value = false;
    lookedAt.value = -1;
  }

  /** What is on the screen; looked at anew where the last look does not show it well. */
  function show(to: TimeWindow | null): void {
    wanted.value = to;
    const found = timeline.value;
    if (found === null) return lookSoon();
    const { from, to: end } = window.value;
    const isCovered = found.from <= from && end <= found.to;
    const isCoarse = found.truncated && end - from < (found.to - found.from) / 2;
    if (!isCovered || isCoarse) lookSoon();
  }

  function pick(name: string): void {
    picked.value = name;
    forget();
    lookSoon();
  }

  function onPush({ run: state, rewound }: FramePush): void {
    if (rewound) forget();
    // While it plays, a look would have to run all of it again and again.
    if (!state.playing && lookedAt.value !== state.time) lookSoon();
  }

  watch(
    () => lab.generation,
    () => {
      picked.value = "";
      wanted.value = null;
      forget();
    },
  );
  watch(
    () => selection.single,
    (single) => {
      if (single?.kind === "node" && machines.value.some(({ name }) => name === single.name)) pick(single.name);
    },
  );

  /** While a pane shows it. @returns how to stop. */
  function listen(): () => void {
    const stop = onFrame(onPush);
    if (isOld.value) lookSoon();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }

  return { machines, node, now, window, wanted, timeline, isLooking, isOld, lookSoon, show, pick, listen };
});
