/**
 * What can be done to a running lab, as plain data. A command becomes a journal entry at the virtual time at which it
 * is given; lab, seed and journal together determine the run. Nodes and links go by name, as people see them.
 */
import type { Jitter, Loss } from "./impairment.ts";

/** Changes to one direction of a link; what is left out stays. Units as in the lab model: bit/s, ns, bytes, 0..1. */
export interface DirectionChange {
  readonly rateBps?: number;
  readonly delayNs?: number;
  readonly jitter?: Jitter | null;
  readonly loss?: Loss | null;
  readonly duplicate?: number;
  readonly reorder?: { readonly probability: number; readonly gap: number } | null;
  readonly corrupt?: number;
  readonly bitErrorRate?: number;
  readonly mtuBytes?: number;
  readonly queueFrames?: number;
}

export type Command =
  /** Runs a shell command on a host, on a terminal of its own. `console` is the caller's number for it. */
  | { readonly kind: "exec"; readonly node: string; readonly command: string; readonly console: number }
  /** Opens an interactive shell. */
  | { readonly kind: "shell"; readonly node: string; readonly console: number }
  /** Keystrokes for a console; Ctrl-C is "\u0003". */
  | { readonly kind: "input"; readonly console: number; readonly text: string }
  | {
      readonly kind: "link";
      readonly link: string;
      readonly action: "down" | "up";
      /** One way only: from the first end to the second is forward. */
      readonly direction?: "both" | "forward" | "backward";
    }
  | {
      readonly kind: "link-set";
      readonly link: string;
      readonly forward: DirectionChange;
      readonly backward: DirectionChange;
    }
  | { readonly kind: "node"; readonly node: string; readonly action: "crash" | "reboot" | "pause" | "resume" };

/**
 * A command and when it takes effect: at virtual time `at` (ns), after `events` events of the run. The count places it
 * among the events of one instant, so that a replay puts it exactly where it was.
 */
export interface JournalEntry {
  readonly at: number;
  readonly events: number;
  readonly command: Command;
}
