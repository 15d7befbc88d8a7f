/**
 * A terminal with Linux's N_TTY line discipline, as termios(3) describes its default: lines are edited before a program
 * reads them, Ctrl-C, Ctrl-\ and Ctrl-Z are signals to the foreground process group, Ctrl-D ends a line without adding
 * to it, and so a file when the line is empty. Bytes written go to the host's sink as they are. A shell that edits
 * lines itself sets the raw mode: each byte at once, no echo, but keys still are signals. Left out: termios itself
 * (there are two modes), flow control, job control of readers (SIGTTIN): a process in the background that reads waits
 * until it is in the foreground.
 */
import { put8, utf8Decode } from "../../base/bytes.ts";
import { KIND } from "../../contract/trace-event.ts";
import type { TraceRecorder } from "../../trace/recorder.ts";
import { WaitQueue } from "../process/wait-queue.ts";
import { E } from "../syscall/errno.ts";
import { POLL, SIGNALS } from "../syscall/sys.ts";
import { TTY_INPUT_BYTES_MAX } from "./limits.ts";
import { OpenFile, type FileKind } from "./open-file.ts";

/** Where a terminal's output goes: a screen, a log, a test. */
export interface TtySink {
  /** The bytes are only lent. */
  onOutput(bytes: Uint8Array): void;
}

/** Gets the signals that keys stand for: the process table. */
export interface SignalTarget {
  signalGroup(group: number, signal: number): void;
}

const CTRL_C = 3;
const CTRL_D = 4;
const BACKSPACE = 8;
const NEWLINE = 10;
const RETURN = 13;
const CTRL_U = 21;
const CTRL_W = 23;
const CTRL_Z = 26;
const CTRL_BACKSLASH = 28;
const DELETE = 127;
const SPACE = 32;

/** Marks in the read queue, beside bytes: what Ctrl-D left. */
const END_OF_FILE = 256;
const END_OF_LINE = 257;

const KEY_SIGNALS: ReadonlyMap<number, number> = new Map([
  [CTRL_C, SIGNALS.INT],
  [CTRL_BACKSLASH, SIGNALS.QUIT],
  [CTRL_Z, SIGNALS.TSTP],
]);
/** Takes one character off the screen: back, blank, back. */
const RUBOUT = Uint8Array.of(BACKSPACE, SPACE, BACKSPACE);

export interface TtyOptions {
  /** `pts/0`; a file of that name should stand in /dev. */
  readonly name: string;
  readonly sink: TtySink;
  readonly signals: SignalTarget;
  readonly trace: TraceRecorder;
}

export class Tty {
  readonly name: string;
  /** Woken by input and by a change of the foreground group. */
  readonly waiters = new WaitQueue();
  echo = true;
  /** Bytes typed that did not fit any more. */
  overruns = 0;
  readonly #sink: TtySink;
  readonly #signals: SignalTarget;
  readonly #trace: TraceRecorder;
  /** ICANON: input comes in lines. Without it every byte is there at once. */
  #canonical = true;
  #foreground = 0;
  /** The line being edited. */
  readonly #line: number[] = [];
  /** Bytes to be read, with an END_OF_FILE where Ctrl-D was. */
  #ready: number[] = [];

  constructor(options: TtyOptions) {
    this.name = options.name;
    this.#sink = options.sink;
    this.#signals = options.signals;
    this.#trace = options.trace;
  }

  /** Process group that reads and that keys signal; 0 for none. */
  get foreground(): number {
    return this.#foreground;
  }

  set foreground(group: number) {
    this.#foreground = group;
    this.waiters.wake();
  }

  /** What was typed ahead is edited, or handed over, as if it were typed now. */
  setMode(mode: "canonical" | "raw"): void {
    const canonical = mode === "canonical";
    if (canonical === this.#canonical) return;
    this.#canonical = canonical;
    this.echo = canonical;
    const typed = [...this.#ready.filter((byte) => byte !== END_OF_LINE), ...this.#line];
    this.#ready.length = 0;
    this.#line.length = 0;
    for (const byte of typed) this.#take(byte === END_OF_FILE ? CTRL_D : byte);
    this.waiters.wake();
  }

  open(): TtyFile {
    return new TtyFile(this);
  }

  /** Keys typed by a person, or by the lab's timeline. */
  input(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
    if (this.#ready.length > 0) this.waiters.wake();
  }

  /** The terminal is gone: its programs get SIGHUP. */
  hangUp(): void {
    if (this.#foreground !== 0) this.#signals.signalGroup(this.#foreground, SIGNALS.HUP);
  }

  #take(byte: number): void {
    const signal = KEY_SIGNALS.get(byte);
    if (signal !== undefined) this.#signalKey(byte, signal);
    else if (this.#canonical) this.#edit(byte);
    else this.#deliver(byte);
  }

  #edit(byte: number): void {
    if (byte === CTRL_D) this.#endLine(END_OF_FILE);
    else if (byte === RETURN || byte === NEWLINE) {
      this.#echo(NEWLINE);
      this.#endLine(NEWLINE);
    } else if (byte === DELETE || byte === BACKSPACE) this.#erase();
    else if (byte === CTRL_U) while (this.#line.length > 0) this.#erase();
    else if (byte === CTRL_W) this.#eraseWord();
    else this.#append(byte);
  }

  #signalKey(byte: number, signal: number): void {
    this.#echo(byte);
    this.#line.length = 0;
    this.#ready.length = 0;
    if (this.#foreground !== 0) this.#signals.signalGroup(this.#foreground, signal);
  }

  #append(byte: number): void {
    // One place stays free for the newline, or a full line could never be ended.
    if (this.#line.length + this.#ready.length >= TTY_INPUT_BYTES_MAX - 1) {
      this.overruns++;
      return;
    }
    this.#line.push(byte);
    this.#echo(byte);
  }

  #endLine(end: number): void {
    for (const byte of this.#line) this.#ready.push(byte);
    // Ctrl-D behind text only hands the text over; a reader sees the end of file on an empty line.
    const emptyLine = this.#line.length === 0;
    this.#line.length = 0;
    if (end === END_OF_FILE && !emptyLine) this.#ready.push(END_OF_LINE);
    else this.#deliver(end);
  }

  #deliver(byte: number): void {
    if (this.#ready.length >= TTY_INPUT_BYTES_MAX) this.overruns++;
    else this.#ready.push(byte);
  }

  #erase(): void {
    let last = this.#line.pop();
    if (last === undefined) return;
    // A character of several UTF-8 bytes goes as a whole (IUTF8).
    while (last !== undefined && (last & 0xc0) === 0x80) last = this.#line.pop();
    if (!this.echo) return;
    this.#sink.onOutput(RUBOUT);
    if (last !== undefined && last < SPACE) this.#sink.onOutput(RUBOUT);
  }

  #eraseWord(): void {
    while (this.#line.at(-1) === SPACE) this.#erase();
    while (this.#line.length > 0 && this.#line.at(-1) !== SPACE) this.#erase();
  }

  #echo(byte: number): void {
    if (!this.echo) return;
    const isControl = (byte < SPACE && byte !== NEWLINE && byte !== 9) || byte === DELETE;
    this.#sink.onOutput(isControl ? Uint8Array.of(0x5e, byte ^ 0x40) : Uint8Array.of(byte));
  }

  /** At most a line. @returns its bytes, 0 at the end of the file, -EAGAIN when there is none. */
  take(buffer: Uint8Array): number {
    if (buffer.length === 0) return 0;
    if (this.#ready.length === 0) return -E.EAGAIN;
    let count = 0;
    let used = 0;
    while (used < this.#ready.length && count < buffer.length) {
      const byte = this.#ready[used] as number;
      if (byte === END_OF_FILE && count > 0) break;
      used++;
      if (byte === END_OF_FILE || byte === END_OF_LINE) break;
      put8(buffer, count++, byte);
      if (byte === NEWLINE && this.#canonical) break;
    }
    // A full buffer that ends right where Ctrl-D was must not make the next read look like the end of the file.
    if (this.#ready[used] === END_OF_LINE) used++;
    this.#ready = this.#ready.slice(used);
    return count;
  }

  get isReadable(): boolean {
    return this.#ready.length > 0;
  }

  put(bytes: Uint8Array): void {
    if (this.#trace.active) {
      this.#trace.record(KIND["console:write"], 0, 0, this.#trace.pid, this.#trace.intern(utf8Decode(bytes)));
    }
    this.#sink.onOutput(bytes);
  }
}

export class TtyFile extends OpenFile {
  readonly kind: FileKind = "tty";
  readonly tty: Tty;

  constructor(tty: Tty) {
    super(tty.waiters);
    this.tty = tty;
  }

  override read(buffer: Uint8Array): number {
    return this.tty.take(buffer);
  }

  override write(bytes: Uint8Array): number {
    if (bytes.length > 0) this.tty.put(bytes);
    return bytes.length;
  }

  override pollMask(): number {
    return (this.tty.isReadable ? POLL.IN : 0) | POLL.OUT;
  }

  protected override release(): void {}
}
