/** Runs a session flat out in slices, so that signals, the screen and a slow reader of our output get their turn. */
import type { VirtualTime } from "../base/time.ts";
import type { Session } from "../session/session.ts";
import { NODE_LIMITS } from "./limits.ts";

export interface RunLoopOptions {
  readonly until: number;
  /** Asked between slices: the run ends early when it says so. */
  readonly shouldStop: () => boolean;
  /** Called between slices, for a progress bar. */
  readonly onSlice: () => void;
}

/** Ends at `until`, or when told to stop. Time in which nothing happens costs nothing. */
export async function runLoop(session: Session, options: RunLoopOptions): Promise<void> {
  const until = options.until as VirtualTime;
  while (!options.shouldStop()) {
    const events = session.run(until, NODE_LIMITS.eventsPerSlice);
    options.onSlice();
    // Fewer events than asked for: everything up to `until` has happened.
    if (events < NODE_LIMITS.eventsPerSlice) return;
    await breath();
  }
}

/** Lets the event loop run, and waits while whoever reads our output is behind. */
async function breath(): Promise<void> {
  if (process.stdout.writableNeedDrain) {
    await new Promise<void>((resolve) => {
      process.stdout.once("drain", resolve);
      process.stdout.once("close", resolve);
    });
  }
  await new Promise<void>((resolve) => setImmediate(resolve));
}
