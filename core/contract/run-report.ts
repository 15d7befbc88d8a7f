/**
 * What a run has to say for itself: results of checks, console output, counters. Plain data, as `lastack run --json`
 * prints it.
 */
import type { DropReason } from "./drop-reason.ts";

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  /** Virtual ns at which it was decided. */
  readonly at: number;
  readonly expected: string;
  readonly actual: string;
  readonly line: number;
  readonly column: number;
}

export interface ConsoleReport {
  readonly console: number;
  readonly node: string;
  readonly command: string;
  readonly startedAt: number;
  /** Null while it runs. */
  readonly endedAt: number | null;
  readonly status: number | null;
  readonly output: string;
  /** Bytes that did not fit into the limit on kept output. */
  readonly outputLost: number;
}

/**
 * Frames and packets of the whole lab. Conserved: `sent + copies = delivered + dropped + inFlight`, packets likewise.
 */
export interface Conservation {
  readonly frames: { sent: number; copies: number; delivered: number; dropped: number; inFlight: number };
  readonly packets: { queued: number; outstanding: number };
  readonly drops: readonly { place: string; reason: DropReason; count: number }[];
  /** What does not add up; empty when all is well. */
  readonly problems: readonly string[];
}

/** One sampled table of `measure` in a lab. */
export interface Measurement {
  readonly name: string;
  readonly columns: readonly string[];
  /** First column is virtual time in ns. */
  readonly rows: readonly (readonly number[])[];
}

export interface RunReport {
  readonly lab: string;
  readonly seed: number;
  /** Virtual ns reached. */
  readonly time: number;
  readonly events: number;
  readonly digest: string;
  readonly checks: readonly CheckResult[];
  readonly consoles: readonly ConsoleReport[];
  readonly conservation: Conservation;
  readonly measurements: readonly Measurement[];
}
