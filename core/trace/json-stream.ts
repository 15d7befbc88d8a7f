/** Objects of one JSON array, written as they come: the text so far always ends after a whole object. */
import { assert } from "../base/assert.ts";
import { MICROSECOND } from "../base/time.ts";
import { TRACE_LIMITS } from "./limits.ts";
import type { Track } from "./trace-tracks.ts";

export class JsonStream {
  readonly #sink: (text: string) => void;
  #text = "[";
  #open = false;
  objects = 0;

  constructor(sink: (text: string) => void) {
    this.#sink = sink;
  }

  /** Starts an object with what every trace event has. @param time virtual ns. */
  event(phase: string, name: string, track: Track, time: number): this {
    assert(!this.#open, "one object at a time");
    this.#open = true;
    this.#text += this.objects === 0 ? "\n" : ",\n";
    this.#text += `{"ph":"${phase}","name":${JSON.stringify(name)},"pid":${track.pid},"tid":${track.tid}`;
    return this.time("ts", time);
  }

  /** Microseconds with three decimals, digit by digit: a double would round late in a long run. */
  time(name: string, ns: number): this {
    const rest = ns % MICROSECOND;
    this.#text += `,"${name}":${(ns - rest) / MICROSECOND}.${String(rest).padStart(3, "0")}`;
    return this;
  }

  member(name: string, value: string): this {
    this.#text += `,"${name}":${JSON.stringify(value)}`;
    return this;
  }

  number(name: string, value: number): this {
    this.#text += `,"${name}":${value}`;
    return this;
  }

  members(name: string, values: Readonly<Record<string, number | string>>): this {
    this.#text += `,"${name}":${JSON.stringify(values)}`;
    return this;
  }

  end(): void {
    assert(this.#open, "an object is open");
    this.#open = false;
    this.objects++;
    this.#text += "}";
    if (this.#text.length >= TRACE_LIMITS.jsonChunkCharacters) this.#handOn();
  }

  finish(): void {
    assert(!this.#open, "the last object is whole");
    this.#text += "\n]\n";
    this.#handOn();
  }

  #handOn(): void {
    const text = this.#text;
    this.#text = "";
    this.#sink(text);
  }
}
