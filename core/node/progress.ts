/** A progress bar on standard error, for runs that take longer than a second and only on a terminal. */
import { formatDuration } from "../base/time.ts";

const QUIET_MS = 1000;
const INTERVAL_MS = 100;
const BAR_COLUMNS = 30;
const CLEAR_LINE = "\r\u001b[K";

export class ProgressBar {
  readonly #started = performance.now();
  readonly #until: number;
  readonly #shows: boolean;
  #last = 0;
  #drawn = false;

  /** @param until virtual ns at which the run is done. */
  constructor(until: number, wanted: boolean) {
    this.#until = until;
    this.#shows = wanted && process.stderr.isTTY;
  }

  update(now: number, events: number): void {
    if (!this.#shows) return;
    const wall = performance.now();
    if (wall - this.#started < QUIET_MS || wall - this.#last < INTERVAL_MS) return;
    this.#last = wall;
    this.#drawn = true;
    const share = this.#until > 0 ? Math.min(1, now / this.#until) : 1;
    const full = Math.floor(share * BAR_COLUMNS);
    const bar = "#".repeat(full).padEnd(BAR_COLUMNS, ".");
    const rate = Math.round(events / ((wall - this.#started) / 1000)).toLocaleString("en-US");
    const tenth = formatDuration(Math.floor(now / 1e6) * 1e6);
    process.stderr.write(`${CLEAR_LINE}[${bar}] ${tenth} of ${formatDuration(this.#until)}, ${rate} events/s`);
  }

  /** Takes the bar off the screen, before anything else is printed there. */
  clear(): void {
    if (this.#drawn) process.stderr.write(CLEAR_LINE);
    this.#drawn = false;
  }
}
