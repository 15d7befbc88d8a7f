/**
 * Whether byte streams arrive as RFC 9293 promises: what is read is a prefix of what was written, at the right end, and
 * all of it once the end of the stream is read. Programs that write ask for the bytes to write, programs that read show
 * what came. Every byte follows from the stream's number and its own place, so one lost, doubled, moved or invented is
 * seen where it stands; the first eight bytes carry the number, so bytes of another connection are seen as well.
 * Left out: urgent data, which belongs to no place in the stream (RFC 6093).
 */
import { assert } from "../base/assert.ts";

export const STREAM_HEADER_BYTES = 8;
const MAGIC = 0x5354;
/** Problems kept; of a broken stream every byte may be wrong. */
const PROBLEMS_MAX = 50;
/** Bytes shown of what was read, and places searched for them. */
const SHOWN_BYTES = 8;
const SEARCHED_MAX = 1 << 20;

/** The two ends of a connection as one side sees them: `10.0.0.1:4000`. */
export interface StreamEnds {
  readonly local: string;
  readonly peer: string;
}

/** Four bytes of the pattern: a hash of stream and place (the mixer of MurmurHash3). */
function patternWord(id: number, word: number): number {
  let hash = Math.imul(word ^ Math.imul(id, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The byte at that place of the stream of that number. */
export function patternByte(id: number, at: number): number {
  if (at < 2) return (MAGIC >>> (8 - 8 * at)) & 0xff;
  if (at < 6) return (id >>> (40 - 8 * at)) & 0xff;
  return (patternWord(id, at >>> 2) >>> (8 * (at & 3))) & 0xff;
}

/** One direction of a connection, as its writer knows it. */
export class StreamWriter {
  readonly id: number;
  readonly ends: StreamEnds;
  /** Bytes that the kernel has taken, and those that it was offered and may have taken. */
  written = 0;
  offered = 0;
  /** `finished`: the end of the stream was sent behind all bytes. `aborted`: a reset may overtake them. */
  state: "open" | "finished" | "aborted" = "open";
  reader: StreamReader | null = null;

  constructor(id: number, ends: StreamEnds) {
    this.id = id;
    this.ends = ends;
  }

  /** Fills `buffer` with what comes next, to be offered to the kernel at once. */
  next(buffer: Uint8Array, length: number): void {
    assert(this.state === "open", "a stream that has ended is not written");
    for (let i = 0; i < length; i++) buffer[i] = patternByte(this.id, this.written + i);
    this.offered = Math.max(this.offered, this.written + length);
  }

  /** The kernel has taken the first `count` of the bytes offered last. */
  wrote(count: number): void {
    this.written += count;
    assert(this.written <= this.offered, "no more is taken than was offered");
    this.offered = this.written;
  }

  finish(): void {
    if (this.state === "open") this.state = "finished";
  }

  /** The connection is gone. An end that was sent before may still arrive, behind all bytes. */
  abort(): void {
    if (this.state === "open") this.state = "aborted";
  }

  toString(): string {
    return `stream ${this.id} (${this.ends.local} > ${this.ends.peer})`;
  }
}

/** One direction of a connection, as its reader sees it. */
export class StreamReader {
  readonly ends: StreamEnds;
  readonly #checker: StreamIntegrity;
  readonly #header = new Uint8Array(STREAM_HEADER_BYTES);
  writer: StreamWriter | null = null;
  received = 0;
  /** How reading ended; `open` while it goes on, `left` when the program had enough. */
  state: "open" | "end" | "left" | "broken" | { readonly error: number } = "open";

  constructor(checker: StreamIntegrity, ends: StreamEnds) {
    this.#checker = checker;
    this.ends = ends;
  }

  /** The first `count` bytes of `buffer` were read. */
  take(buffer: Uint8Array, count: number): void {
    if (this.state === "broken") return;
    if (this.state !== "open") this.#break(`${count} bytes came after the end`);
    else if (this.#check(buffer, count)) this.received += count;
  }

  /** The first `count` bytes of `buffer` were seen by MSG_PEEK: they come again. */
  peek(buffer: Uint8Array, count: number): void {
    if (this.state === "open") this.#check(buffer, count);
  }

  /** The end of the stream was read: all must be here. */
  end(): void {
    if (this.state === "broken" || this.state === "end") return;
    const writer = this.writer ?? this.#checker.writerOf(this.ends, this.received);
    this.state = "end";
    if (writer === null) return this.#break("the end came from nobody");
    this.writer = writer;
    writer.reader ??= this;
    if (writer.state === "finished" || this.#checker.writersVanish) {
      if (this.received < writer.written) {
        this.#break(`the end came after ${this.received} bytes of ${writer.written}`);
      }
    } else this.#break(`the end came after ${this.received} bytes, but the writer is ${writer.state}`);
  }

  /** An error (a positive errno) ended it. */
  fail(error: number): void {
    if (this.state === "open") this.state = { error };
  }

  /** The program stopped reading of its own will. */
  leave(): void {
    if (this.state === "open") this.state = "left";
  }

  /** @returns whether the bytes are those that belong behind what was received. */
  #check(buffer: Uint8Array, count: number): boolean {
    for (let i = 0; i < count; i++) {
      const at = this.received + i;
      if (at < STREAM_HEADER_BYTES) {
        this.#header[at] = buffer[i] as number;
        if (at === STREAM_HEADER_BYTES - 1 && !this.#identify()) return false;
      }
      if (this.writer === null) continue;
      if (buffer[i] !== patternByte(this.writer.id, at)) {
        this.#break(this.#difference(buffer.subarray(i, count), at));
        return false;
      }
    }
    if (this.writer !== null && this.received + count > this.writer.offered) {
      this.#break(`${this.received + count} bytes are here, but only ${this.writer.offered} were written`);
      return false;
    }
    return true;
  }

  /** The header is whole: which stream is it, and has it come to the right socket? */
  #identify(): boolean {
    const header = this.#header;
    const id = header.subarray(2, 6).reduce((sum, byte) => sum * 256 + byte, 0);
    const writer = this.#checker.writer(id);
    if (writer === null || !header.every((byte, at) => byte === patternByte(id, at))) {
      this.#break(`begins with ${hex(header)}, which is the start of no stream`);
      return false;
    }
    if (writer.ends.local !== this.ends.peer || writer.ends.peer !== this.ends.local) {
      this.#break(`begins with the bytes of ${writer.toString()}`);
      return false;
    }
    if (writer.reader !== null && writer.reader !== this) {
      this.#break(`begins with the bytes of ${writer.toString()}, which another socket has read`);
      return false;
    }
    this.writer = writer;
    writer.reader = this;
    return true;
  }

  /** Says what stands where, and where in the stream those bytes belong. */
  #difference(bytes: Uint8Array, at: number): string {
    const shown = bytes.subarray(0, SHOWN_BYTES);
    const id = this.writer?.id ?? 0;
    const text = `byte ${at} is ${hex(shown.subarray(0, 1))} instead of ${hex([patternByte(id, at)])}`;
    if (shown.length < 4) return text;
    const last = Math.min(this.writer?.offered ?? 0, at + SEARCHED_MAX);
    for (let from = Math.max(0, at - SEARCHED_MAX); from < last; from++) {
      if (!shown.every((byte, i) => byte === patternByte(id, from + i))) continue;
      return `${text}: ${from > at ? `${from - at} bytes are missing` : `${at - from} bytes came twice`}`;
    }
    return `${text}: ${hex(shown)} is nowhere in the stream`;
  }

  #break(what: string): void {
    this.state = "broken";
    this.#checker.problem(
      `${this.writer?.toString() ?? `what ${this.ends.local} reads of ${this.ends.peer}`}: ${what}`,
    );
  }
}

/** All streams of a run. */
export class StreamIntegrity {
  /** Writers may be killed: their kernel ends the stream for them, behind what it had taken. */
  readonly writersVanish: boolean;
  readonly #problems: string[] = [];
  readonly #writers: StreamWriter[] = [];
  readonly #readers: StreamReader[] = [];

  constructor(writersVanish = false) {
    this.writersVanish = writersVanish;
  }

  /** Both directions of a connection, as one of its ends uses them. */
  open(ends: StreamEnds): { readonly writer: StreamWriter; readonly reader: StreamReader } {
    const writer = new StreamWriter(this.#writers.length + 1, ends);
    const reader = new StreamReader(this, ends);
    this.#writers.push(writer);
    this.#readers.push(reader);
    return { writer, reader };
  }

  writer(id: number): StreamWriter | null {
    return this.#writers[id - 1] ?? null;
  }

  /** The newest stream that may have ended after so few bytes that its number is not known. */
  writerOf(ends: StreamEnds, received: number): StreamWriter | null {
    if (received >= STREAM_HEADER_BYTES) return null;
    const fits = ({ ends: its, reader }: StreamWriter): boolean =>
      its.local === ends.peer && its.peer === ends.local && reader === null;
    return this.#writers.findLast(fits) ?? null;
  }

  problem(text: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(text);
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  get bytesRead(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.received, 0);
  }

  /** Streams read to their end. */
  get complete(): number {
    return this.#readers.filter((reader) => reader.state === "end").length;
  }

  get count(): number {
    return this.#writers.length;
  }

  /**
   * In a run in which nobody gives up and nothing crashes, every stream is finished and read to its end.
   * @returns what is not so.
   */
  unfinished(): string[] {
    const open = this.#writers.filter((writer) => writer.state !== "finished");
    const unread = this.#readers.filter((reader) => reader.state !== "end" && reader.state !== "broken");
    return [
      ...open.map((writer) => `${writer.toString()}: not finished by its writer after ${writer.written} bytes`),
      ...unread.map(({ writer, ends, received, state }) => {
        const name = writer?.toString() ?? `what ${ends.local} reads of ${ends.peer}`;
        const how = typeof state === "string" ? state : `error ${state.error}`;
        return `${name}: not read to its end (${how}), ${received} of ${writer?.written ?? "unknown"} bytes`;
      }),
    ];
  }
}

const hex = (bytes: Iterable<number>): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
