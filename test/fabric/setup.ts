/**
 * What every test of the fabric starts with: a context, frames with real Ethernet headers, and sinks that note
 * arrivals.
 */
import { put16, put32 } from "../../core/base/bytes.ts";
import type { VirtualTime } from "../../core/base/time.ts";
import { Engine } from "../../core/engine/engine.ts";
import { WORLD_FAULT } from "../../core/engine/rank.ts";
import { fabricContext, type FabricContext } from "../../core/fabric/context.ts";
import { TraceRecorder } from "../../core/trace/recorder.ts";
import { putMac, type MacAddress } from "../../core/wire/address.ts";
import { BlockPool } from "../../core/wire/block.ts";
import { FramePool, type Frame, type FrameSink, type TransmitPort } from "../../core/wire/frame.ts";

/** Small: properties make thousands of contexts. */
const TRACE_EVENTS = 1024;

export function newContext(seed = 1): FabricContext {
  const engine = new Engine(seed);
  return fabricContext(engine, new FramePool(new BlockPool()), new TraceRecorder(engine, TRACE_EVENTS));
}

export const station = (index: number): MacAddress => (0x020000000000 + index) as MacAddress;

export interface FramePlan {
  readonly to: number;
  readonly from: number;
  /** Without FCS. */
  readonly length?: number;
  readonly id?: number;
}

/** A frame with its packet id in the payload as well, so that damage and mix-ups show. */
export function newFrame(context: FabricContext, plan: FramePlan): Frame {
  const length = plan.length ?? 60;
  const block = context.frames.blocks.acquire(length);
  const { bytes, start } = block;
  bytes.fill(0, start, start + length);
  putMac(bytes, start, plan.to as MacAddress);
  putMac(bytes, start + 6, plan.from as MacAddress);
  put16(bytes, start + 12, 0x88b5); // local experimental EtherType
  if (length >= 18) put32(bytes, start + 14, plan.id ?? 0);
  const frame = context.frames.acquire(block, start, length);
  frame.packetId = plan.id ?? 0;
  return frame;
}

export interface Arrival {
  readonly at: number;
  readonly id: number;
  readonly length: number;
  readonly fcsGood: boolean;
}

/** Notes what arrives and frees it. */
export class Collector implements FrameSink {
  readonly arrivals: Arrival[] = [];
  readonly carrier: boolean[] = [];
  sent = 0;
  givenUp = 0;
  readonly #context: FabricContext;
  readonly #also: ((frame: Frame) => void) | undefined;

  constructor(context: FabricContext, port: TransmitPort, also?: (frame: Frame) => void) {
    this.#context = context;
    this.#also = also;
    port.attach(this);
  }

  get ids(): number[] {
    return this.arrivals.map((arrival) => arrival.id);
  }

  receiveFrame(frame: Frame): void {
    const at = this.#context.engine.now;
    this.arrivals.push({ at, id: frame.packetId, length: frame.length, fcsGood: frame.fcsGood });
    this.#also?.(frame);
    this.#context.frames.release(frame);
  }

  carrierChanged(up: boolean): void {
    this.carrier.push(up);
  }

  frameSent(sent: boolean): void {
    if (sent) this.sent++;
    else this.givenUp++;
  }
}

/** Runs `action` at `at`, before whatever else happens then. */
export function atTime(context: FabricContext, at: number, action: () => void): void {
  context.engine.at(at as VirtualTime, WORLD_FAULT, { onEvent: action }, 0);
}

/** Runs to `until`; without it, until nothing is left to do, and the clock stops there. */
export function run(context: FabricContext, until?: number): void {
  const { engine } = context;
  if (until !== undefined) engine.advance(until as VirtualTime);
  else while (engine.nextTime < Infinity) engine.advance(engine.nextTime as VirtualTime);
}
