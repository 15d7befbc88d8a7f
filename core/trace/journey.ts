/**
 * The way of one packet through the lab, told from the trace: every event that carries its id, in order, and for any
 * event the chain of causes that led to it. The recorder forgets old events, so both are gathered while the run goes
 * on.
 */
import { formatInstant } from "../base/time.ts";
import { DROP_REASON_TEXTS, DROP_REASONS } from "../contract/drop-reason.ts";
import type { TraceEvent } from "../contract/trace-event.ts";
import { TRACE_LIMITS } from "./limits.ts";
import type { TraceRecorder } from "./recorder.ts";

/** The part of the recorder that reading needs. */
export type TraceSource = Pick<TraceRecorder, "oldest" | "newest" | "at">;

/** Gathers the events of one packet from now on, and what first led to it. */
export class Journey {
  readonly packet: number;
  readonly events: TraceEvent[] = [];
  /** Events that did not fit any more. */
  lost = 0;
  /** Causes of the first event, the nearest first. */
  origin: readonly TraceEvent[] = [];
  readonly #source: TraceSource;

  constructor(source: TraceSource, packet: number) {
    this.#source = source;
    this.packet = packet;
  }

  /** Give it every event, as a listener of the recorder. */
  onEvent(event: TraceEvent): void {
    if (event.packet !== this.packet) return;
    if (this.events.length === 0) this.origin = why(this.#source, event.id).slice(1);
    if (this.events.length < TRACE_LIMITS.journeyEventsMax) this.events.push(event);
    else this.lost++;
  }
}

/**
 * The event and what led to it, each the cause of the one before. Ends where nothing caused the event, or where the
 * cause is not recorded any more.
 */
export function why(source: TraceSource, id: number): TraceEvent[] {
  const chain: TraceEvent[] = [];
  for (let next = id; next >= source.oldest && next <= source.newest;) {
    const event = source.at(next);
    chain.push(event);
    // A cause lies before its effect; anything else would go round in circles.
    if (event.cause >= next || chain.length >= TRACE_LIMITS.causesMax) break;
    next = event.cause;
  }
  return chain;
}

/** One line an event: time, place, context, name, fields. Times are seconds with nine decimals. */
export function formatEvent(event: TraceEvent): string {
  const where = event.place === "" ? "lab" : event.place;
  const fields = Object.entries(event.fields).map(([name, value]) => `${name}=${fieldText(event, name, value)}`);
  const context = contextText(event);
  const head = `${formatInstant(event.time)} ${where.padEnd(10)} ${context.padEnd(14)} ${event.name}`;
  return [head, ...fields].join(" ");
}

/** The journey as text lines, for a terminal. */
export function formatJourney(journey: Journey): string[] {
  if (journey.events.length === 0) return [`packet ${journey.packet}: no event carries this id`];
  const lines = journey.origin.toReversed().map((event) => `  caused by ${formatEvent(event)}`);
  let last = journey.events[0]?.time ?? 0;
  for (const event of journey.events) {
    lines.push(`${formatEvent(event)}${event.time > last ? `  (+${event.time - last} ns)` : ""}`);
    last = event.time;
  }
  if (journey.lost > 0) lines.push(`... and ${journey.lost} more events`);
  return lines;
}

function contextText(event: TraceEvent): string {
  if (event.context === "process") return `process ${event.pid}`;
  if (event.context === "hardirq" || event.context === "softirq") return `${event.context} cpu${event.cpu}`;
  return event.context === "none" ? "-" : event.context;
}

function fieldText(event: TraceEvent, name: string, value: number | string): string {
  if (event.name !== "skb:kfree_skb" || name !== "reason") return String(value);
  const reason = DROP_REASONS[Number(value)];
  return reason === undefined ? String(value) : `${reason} (${DROP_REASON_TEXTS[reason]})`;
}
