/** What ping counts, and its closing lines. All arithmetic is in whole microseconds, as in iputils (ping_common.c). */
import { fixedPoint, milliseconds } from "../lib/format.ts";

export class PingStatistics {
  transmitted = 0;
  received = 0;
  duplicates = 0;
  errors = 0;
  /** us. */
  least = Infinity;
  most = 0;
  #sum = 0n;
  #squares = 0n;
  /** Exponentially weighted average, times 8. */
  #ewma = 0;
  /** Most packets that were under way at once. */
  pipe = 0;

  add(us: number): void {
    this.least = Math.min(this.least, us);
    this.most = Math.max(this.most, us);
    this.#sum += BigInt(us);
    this.#squares += BigInt(us) * BigInt(us);
    this.#ewma = this.#ewma === 0 ? us * 8 : this.#ewma + us - Math.floor(this.#ewma / 8);
  }

  /** @param elapsedMs from the first packet to the last one sent. */
  lines(target: string, elapsedMs: number, flood: boolean): string {
    const parts = [`${this.transmitted} packets transmitted`, `${this.received} received`];
    if (this.duplicates > 0) parts.push(`+${this.duplicates} duplicates`);
    if (this.errors > 0) parts.push(`+${this.errors} errors`);
    if (this.transmitted > 0) parts.push(`${this.loss()}% packet loss`, `time ${elapsedMs}ms`);
    const last: string[] = [];
    if (this.received > 0 && this.least < Infinity) last.push(this.#roundTrips());
    if (this.pipe > 1) last.push(`pipe ${this.pipe}`);
    if (flood && this.received > 0 && this.transmitted > 1) {
      const gap = Math.floor((elapsedMs * 1000) / (this.transmitted - 1));
      last.push(`ipg/ewma ${milliseconds(gap)}/${milliseconds(Math.floor(this.#ewma / 8))} ms`);
    }
    return `\n--- ${target} ping statistics ---\n${parts.join(", ")}\n${last.join(", ")}\n`;
  }

  #roundTrips(): string {
    const total = BigInt(this.received + this.duplicates);
    const average = this.#sum / total;
    const variance = (this.#squares - (this.#sum * this.#sum) / total) / total;
    const values = [this.least, Number(average), this.most, Number(rootOf(variance))].map(milliseconds);
    return `rtt min/avg/max/mdev = ${values.join("/")} ms`;
  }

  /** Per cent lost with six significant digits, as C's %g prints it. */
  loss(): string {
    const lost = Math.max(0, this.transmitted - this.received);
    const value = (lost * 100) / this.transmitted;
    const digits = value >= 100 ? 3 : value >= 10 ? 4 : 5;
    const text = fixedPoint(Math.round(value * 10 ** digits), digits);
    return text.replace(/\.?0+$/, "") || "0";
  }
}

/** Integer square root by Newton's method. */
function rootOf(value: bigint): bigint {
  if (value <= 0n) return 0n;
  let root = value;
  for (let next = (root + 1n) / 2n; next < root; next = (root + value / root) / 2n) root = next;
  return root;
}
