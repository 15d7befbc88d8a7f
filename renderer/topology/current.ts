/** The canvas that is on the screen, for commands. */
import { ref, shallowRef } from "vue";
import type { TopologyCanvas } from "./topology-canvas.ts";
import type { MenuTarget } from "./canvas-pointer.ts";

export const canvas = shallowRef<TopologyCanvas | null>(null);

/** What is drawn besides nodes and cables. */
export const showsLinkLabels = ref(true);
export const showsInterfaces = ref(false);
export const showsAddresses = ref(true);

/** The link tool: click two nodes. */
export const isLinking = ref(false);
export const linkSource = ref<string | null>(null);

export function setLinking(on: boolean): void {
  isLinking.value = on;
  linkSource.value = null;
}

/** A menu at a point of the window. */
export const openMenu = shallowRef<{ readonly target: MenuTarget; readonly x: number; readonly y: number } | null>(
  null,
);
