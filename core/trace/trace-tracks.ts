/** The tracks of a trace: their numbers, their names, and which slices are open on them. */
import { assert } from "../base/assert.ts";
import type { JsonStream } from "./json-stream.ts";
import { TRACE_LIMITS } from "./limits.ts";

/**
 * One row on the screen. `pid` groups the rows of one place; the format's word has nothing to do with our processes.
 */
export interface Track {
  readonly pid: number;
  readonly tid: number;
}

interface OpenTrack extends Track {
  readonly place: string;
  open: number;
}

/** Rows of a place from top to bottom: CPUs, processes, ports, all else. */
const SORT = { hardirq: 0, softirq: 1, process: 1_000, port: 10_000_000, other: 20_000_000 } as const;

export class TraceTracks {
  readonly #json: JsonStream;
  readonly #pids = new Map<string, number>();
  readonly #tracks = new Map<string, OpenTrack>();

  constructor(json: JsonStream) {
    this.#json = json;
  }

  cpu(place: string, cpu: number, context: "hardirq" | "softirq"): OpenTrack {
    const title = context === "hardirq" ? "hard IRQ" : "softirq";
    return this.#track(place, `${context}${cpu}`, `cpu${cpu} ${title}`, 2 * cpu + SORT[context]);
  }

  process(place: string, pid: number): OpenTrack {
    return this.#track(place, `process${pid}`, `pid ${pid}`, SORT.process + pid);
  }

  port(place: string, name: string): OpenTrack {
    return this.#track(place, `port ${name}`, name, SORT.port);
  }

  /** For what happens in no context of its own. */
  other(place: string): OpenTrack {
    return this.#track(place, "other", "events", SORT.other);
  }

  /** A process got its name, or another one (exec). */
  nameProcess(place: string, pid: number, name: string): void {
    this.#json
      .event("M", "thread_name", this.process(place, pid), 0)
      .members("args", { name: `${name} [${pid}]` })
      .end();
  }

  begin(track: Track, time: number, name: string): void {
    const open = track as OpenTrack;
    if (open.open >= TRACE_LIMITS.openSlicesMax) return;
    open.open++;
    this.#json.event("B", name, track, time).end();
  }

  /** Ends the innermost slice; nothing when the trace began inside it. */
  end(track: Track, time: number): void {
    const open = track as OpenTrack;
    if (open.open === 0) return;
    open.open--;
    this.#json.event("E", "", track, time).end();
  }

  /** Ends every slice of a place. */
  endAll(place: string, time: number): void {
    for (const track of this.#tracks.values()) if (track.place === place) while (track.open > 0) this.end(track, time);
  }

  finish(time: number): void {
    for (const track of this.#tracks.values()) while (track.open > 0) this.end(track, time);
  }

  #track(place: string, key: string, title: string, sort: number): OpenTrack {
    const whole = `${place}\n${key}`;
    const known = this.#tracks.get(whole);
    if (known !== undefined) return known;
    const track: OpenTrack = { pid: this.#pid(place), tid: this.#tracks.size + 1, place, open: 0 };
    this.#tracks.set(whole, track);
    this.#json.event("M", "thread_name", track, 0).members("args", { name: title }).end();
    this.#json.event("M", "thread_sort_index", track, 0).members("args", { sort_index: sort }).end();
    return track;
  }

  #pid(place: string): number {
    const known = this.#pids.get(place);
    if (known !== undefined) return known;
    const pid = this.#pids.size + 1;
    assert(pid > 0, "0 is the idle process of the format's readers");
    this.#pids.set(place, pid);
    this.#json
      .event("M", "process_name", { pid, tid: 0 }, 0)
      .members("args", { name: place === "" ? "lab" : place })
      .end();
    return pid;
  }
}
