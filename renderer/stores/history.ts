/** Undo and redo: of edits to the lab, and of what was done to the running network. */
import { computed, shallowReactive } from "vue";
import { inTurn } from "./in-turn.ts";

export interface Deed {
  /** `Delete h1`, as it stands in the menu. */
  readonly title: string;
  readonly undo: () => Promise<void>;
  readonly redo: () => Promise<void>;
}

const DEEDS_MAX = 200;

const done = shallowReactive<Deed[]>([]);
const undone = shallowReactive<Deed[]>([]);
export const nextUndo = computed(() => done.at(-1)?.title ?? null);
export const nextRedo = computed(() => undone.at(-1)?.title ?? null);

export function remember(deed: Deed): void {
  done.push(deed);
  if (done.length > DEEDS_MAX) done.shift();
  undone.length = 0;
}

export function forgetAll(): void {
  done.length = 0;
  undone.length = 0;
}

export function undo(): Promise<void> {
  return inTurn(async () => {
    const deed = done.pop();
    if (deed === undefined) return;
    await deed.undo();
    undone.push(deed);
  });
}

export function redo(): Promise<void> {
  return inTurn(async () => {
    const deed = undone.pop();
    if (deed === undefined) return;
    await deed.redo();
    done.push(deed);
  });
}
