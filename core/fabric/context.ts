/** What every part of the fabric needs: the clock, packet memory, the trace, and who is to blame for a lost frame. */
import { NumberRows } from "../base/number-rows.ts";
import type { Engine } from "../engine/engine.ts";
import type { TraceRecorder } from "../trace/recorder.ts";
import type { FramePool } from "../wire/frame.ts";
import { CableDelays } from "./cable-delays.ts";
import { DropLedger } from "./drop-ledger.ts";
import { FaultRules } from "./fault-rules.ts";

export interface FabricContext {
  readonly engine: Engine;
  readonly frames: FramePool;
  readonly trace: TraceRecorder;
  readonly drops: DropLedger;
  /** One ordered list for the whole lab. */
  readonly faults: FaultRules;
  /** Instants and spans of all cables. */
  readonly numbers: NumberRows;
  readonly delays: CableDelays;
}

/** A context with empty counters and no fault rules. */
export function fabricContext(engine: Engine, frames: FramePool, trace: TraceRecorder): FabricContext {
  return {
    engine,
    frames,
    trace,
    drops: new DropLedger(),
    faults: new FaultRules(engine),
    numbers: new NumberRows(),
    delays: new CableDelays(),
  };
}
