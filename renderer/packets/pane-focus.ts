/** Ways into the packets pane for commands: it is there only while it is open. */
import { ref } from "vue";

interface PacketsPaneHandle {
  focusFilter(): void;
  focusList(): void;
  reveal(number: number): void;
}

export const areDetailsShown = ref(true);

let pane: PacketsPaneHandle | null = null;
let onceThere: ((pane: PacketsPaneHandle) => void) | null = null;

/** @returns how to take it back. */
export function setPacketsPane(to: PacketsPaneHandle): () => void {
  pane = to;
  // Its children have their focus only after they were mounted.
  if (onceThere !== null) requestAnimationFrame(() => onceThere?.(to));
  return () => {
    if (pane === to) pane = null;
  };
}

/** Now, or when the pane that is being opened is there. */
export function withPacketsPane(action: (pane: PacketsPaneHandle) => void): void {
  onceThere = null;
  if (pane === null) {
    onceThere = (there) => {
      onceThere = null;
      action(there);
    };
  } else requestAnimationFrame(() => pane !== null && action(pane));
}
