/** The Run menu: time. */
import { registerCommands, type Command } from "../commands/registry.ts";
import { useLab } from "../stores/lab.ts";
import { SPEEDS, useRun } from "../stores/run.ts";
import { focusClock } from "./clock-focus.ts";

const isOpen = (): boolean => useLab().view !== null;
const canMove = (): boolean => isOpen() && !useRun().isSeeking;

/** To the neighbour in the list of speeds. */
function shiftSpeed(by: number): Promise<void> {
  const run = useRun();
  const at = SPEEDS.indexOf(run.speed);
  const next = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))];
  return next === undefined ? Promise.resolve() : run.setSpeed(next);
}

const MS = 1_000_000;
const command = (
  id: string,
  title: string,
  rest: Pick<Command, "run"> & Partial<Omit<Command, "id" | "title" | "run">>,
): Command => ({ id, title, category: "Run", when: canMove, ...rest });

registerCommands([
  command("run.play-pause", "Play or pause", {
    keys: ["Space"],
    menu: { group: 0, order: 0 },
    titleNow: () => (useRun().isPlaying ? "Pause" : "Play"),
    run: () => (useRun().isPlaying ? useRun().pause() : useRun().play()),
  }),
  command("run.play-max", "Play as fast as it goes", {
    run: async () => {
      await useRun().setSpeed("max");
      await useRun().play();
    },
  }),
  command("run.step-packet", "Step to the next packet", {
    keys: [".", "F10"],
    menu: { group: 1, order: 0 },
    run: () => useRun().step("packet"),
  }),
  command("run.step-event", "Step one event", {
    keys: ["Alt+."],
    menu: { group: 1, order: 1 },
    run: () => useRun().step("event"),
  }),
  command("run.step-time", "Step 1 ms", {
    keys: ["Ctrl+."],
    menu: { group: 1, order: 2 },
    run: () => useRun().step("time", MS),
  }),
  command("run.step-back", "Step back", {
    keys: [","],
    menu: { group: 1, order: 3 },
    run: () => useRun().stepBack(),
  }),
  command("run.seek", "Go to a time…", { keys: ["Ctrl+G"], menu: { group: 1, order: 4 }, run: focusClock }),
  command("run.restart", "Back to the start", {
    menu: { group: 2, order: 0 },
    run: () => useLab().rewind(),
  }),
  command("run.slower", "Slower", { keys: ["["], menu: { group: 3, order: 0 }, run: () => shiftSpeed(-1) }),
  command("run.faster", "Faster", { keys: ["]"], menu: { group: 3, order: 1 }, run: () => shiftSpeed(1) }),
  command("run.speed-real", "Real time (1×)", {
    menu: { group: 3, order: 2 },
    checked: () => useRun().speed === 1,
    run: () => useRun().setSpeed(1),
  }),
]);
