/** Every packet of a run in order, as the script counts: for reports, `-v` and captures. */
import type { Nanoseconds, VirtualTime } from "../base/time.ts";
import { TIMELINE_MAX } from "./limits.ts";

export interface TimelineEntry {
  readonly direction: "in" | "out";
  /** Virtual time, and that of the script. */
  readonly at: VirtualTime;
  readonly scriptTime: Nanoseconds;
  /** As a script writes it; of one that was sent, better known once the script has expected it. */
  text: string;
  readonly bytes: Uint8Array;
}

export class Timeline {
  readonly entries: TimelineEntry[] = [];

  add(entry: TimelineEntry): TimelineEntry {
    if (this.entries.length < TIMELINE_MAX) this.entries.push(entry);
    return entry;
  }
}

/** `    0.100250 < S 0:0(0) win 65535`. */
export const timelineLine = ({ direction, scriptTime, text }: TimelineEntry): string =>
  `${seconds(scriptTime).padStart(12)} ${direction === "in" ? "<" : ">"} ${text}`;

/** Script time in seconds, to the microsecond. */
export const seconds = (span: Nanoseconds): string => (span / 1e9).toFixed(6);
