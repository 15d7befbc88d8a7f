/** What a command or an interactive shell on a host printed, kept up to a limit, and how it ended. */
import { concatBytes, utf8Decode } from "../base/bytes.ts";
import type { ConsoleReport } from "../contract/run-report.ts";
import type { Lane } from "../engine/rank.ts";

/** Output kept of one console, in bytes. What comes later is counted, passed on to listeners, and forgotten. */
export const CONSOLE_BYTES_MAX = 1024 * 1024;

/** What is known of a console from its start. */
type ConsoleOrigin = Pick<Console, "id" | "node" | "lane" | "command" | "startedAt" | "isQuiet">;

export class Console {
  readonly id: number;
  readonly node: string;
  /** Of its machine. */
  readonly lane: Lane;
  readonly command: string;
  readonly startedAt: number;
  /** Nobody wants to see its output as it comes. */
  readonly isQuiet: boolean;
  endedAt: number | null = null;
  status: number | null = null;
  /** Told once, when the command has ended. */
  onEnd: ((console: Console) => void) | null = null;
  readonly #chunks: Uint8Array[] = [];
  #kept = 0;
  #lost = 0;

  constructor(origin: ConsoleOrigin) {
    this.id = origin.id;
    this.node = origin.node;
    this.lane = origin.lane;
    this.command = origin.command;
    this.startedAt = origin.startedAt;
    this.isQuiet = origin.isQuiet;
  }

  /** Keeps a copy of `bytes`. */
  write(bytes: Uint8Array): void {
    const taken = Math.min(bytes.length, CONSOLE_BYTES_MAX - this.#kept);
    if (taken > 0) this.#chunks.push(bytes.slice(0, taken));
    this.#kept += taken;
    this.#lost += bytes.length - taken;
  }

  /**
   * Whoever waits for it is told by the world (`World.endConsole`).
   * @param status exit status; 128 + signal for a killed command, 255 when its machine went down.
   */
  end(status: number, at: number): void {
    this.endedAt = at;
    this.status = status;
  }

  get output(): string {
    return utf8Decode(concatBytes(this.#chunks));
  }

  report(): ConsoleReport {
    return {
      console: this.id,
      node: this.node,
      command: this.command,
      startedAt: this.startedAt,
      endedAt: this.endedAt,
      status: this.status,
      output: this.output,
      outputLost: this.#lost,
    };
  }
}
