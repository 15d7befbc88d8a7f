/**
 * A named point of the fabric at which frames are seen and lost. Fabric code runs inside a kernel's context as often as
 * in its own event, so the recorder's registers are put back after each record.
 */
import { CONTEXT, KIND } from "../contract/trace-event.ts";
import { dropReasonNumber, type DropReason } from "../contract/drop-reason.ts";
import type { TraceRecorder } from "../trace/recorder.ts";
import type { Frame, FramePool } from "../wire/frame.ts";
import type { FabricContext } from "./context.ts";
import type { DropCounters } from "../trace/drop-counters.ts";

export class FabricPlace {
  /** Number of the cable, switch or hub in the trace's `link`, `switch` and `hub` fields. */
  readonly id: number;
  readonly drops: DropCounters;
  readonly #trace: TraceRecorder;
  readonly #frames: FramePool;
  readonly #nameId: number;
  readonly #locationId: number;
  // The recorder's registers while this place writes.
  #place = 0;
  #context = 0;
  #cpu = 0;
  #pid = 0;

  /**
   * @param name as the trace shows it; @param location finer name (direction, port) under which drops are counted.
   */
  constructor(context: FabricContext, id: number, name: string, location: string = name) {
    this.id = id;
    this.drops = context.drops.at(location);
    this.#trace = context.trace;
    this.#frames = context.frames;
    this.#nameId = context.trace.intern(name);
    this.#locationId = context.trace.intern(location);
  }

  /** Records an event with this place's id as its first field; it becomes the cause of what `frame` meets next. */
  record(kind: number, frame: Frame | null, b: number, c: number): void {
    const trace = this.#trace;
    if (!trace.active || !trace.wants(kind)) return;
    this.#enter();
    const event = trace.record(kind, frame?.packetId ?? 0, frame?.cause ?? 0, this.id, b, c);
    this.#leave();
    if (frame !== null) frame.cause = event;
  }

  /** Counts, traces and frees a frame that ends here. */
  drop(frame: Frame, reason: DropReason): void {
    this.drops.count(reason);
    if (this.#trace.active) {
      this.#enter();
      this.#trace.record(
        KIND["skb:kfree_skb"],
        frame.packetId,
        frame.cause,
        dropReasonNumber(reason),
        this.#locationId,
      );
      this.#leave();
    }
    this.#frames.release(frame);
  }

  /** Sets the recorder's registers to this place. */
  #enter(): void {
    const trace = this.#trace;
    this.#place = trace.place;
    this.#context = trace.context;
    this.#cpu = trace.cpu;
    this.#pid = trace.pid;
    trace.place = this.#nameId;
    trace.context = CONTEXT.wire;
    trace.cpu = 0;
    trace.pid = 0;
  }

  #leave(): void {
    const trace = this.#trace;
    trace.place = this.#place;
    trace.context = this.#context;
    trace.cpu = this.#cpu;
    trace.pid = this.#pid;
  }
}
