/**
 * What the readers of both capture formats share: the bytes not yet read, their byte order, and what was found so far.
 * A format reads one record at a time and says how many bytes it took.
 */
import type {
  CapturedInterface,
  CapturedNames,
  CapturedPacket,
  CapturedStatistics,
  CaptureProblem,
} from "./capture.ts";

/** All of a capture file that could be read. */
export type CaptureContent = {
  readonly interfaces: CapturedInterface[];
  readonly packets: CapturedPacket[];
  readonly names: CapturedNames[];
  readonly statistics: CapturedStatistics[];
  problem?: CaptureProblem;
};

/** The record at hand is not complete: nothing was taken. */
export const NEED_MORE = 0;
/** Reading ends here; `problem` says why. */
export const STOP = -1;

/** A window into the file: `view` begins at byte `base` of it. */
export type InputWindow = { readonly bytes: Uint8Array; readonly view: DataView; readonly base: number };

export interface CaptureFormat {
  /** Reads the record at `at` of the window. @returns the bytes it takes, `NEED_MORE` or `STOP`. */
  readRecord(input: InputWindow, at: number, content: CaptureContent): number;
}

export function stop(content: CaptureContent, at: number, message: string): typeof STOP {
  content.problem = { at, message };
  return STOP;
}
