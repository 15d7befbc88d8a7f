/**
 * How far a run may go: virtual time against the host's wall clock. A run that cannot keep up with its speed falls
 * behind and goes on from where it is; it never tries to catch up, since that would only make the window stutter.
 */
import { TIME_MAX, type VirtualTime } from "../base/time.ts";
import type { Speed } from "../contract/api/run-view.ts";

const NS_PER_MS = 1_000_000;
/** Behind by more than this much wall time counts, and the run is taken to start anew from here. */
const BEHIND_MS = 100;

export class Pacer {
  speed: Speed = 1;
  playing = false;
  behind = false;
  #wallMs = 0;
  #virtual = 0;

  play(speed: Speed, wallMs: number, now: VirtualTime): void {
    this.speed = speed;
    this.playing = true;
    this.behind = false;
    this.#rebase(wallMs, now);
  }

  pause(): void {
    this.playing = false;
    this.behind = false;
  }

  /** Virtual time that the run should have reached by `wallMs`. */
  target(wallMs: number): VirtualTime {
    if (this.speed === "max") return TIME_MAX as VirtualTime;
    const span = Math.max(0, Math.floor((wallMs - this.#wallMs) * NS_PER_MS * this.speed));
    return Math.min(TIME_MAX, this.#virtual + span) as VirtualTime;
  }

  /** The slice that ended at `wallMs` got to `now`. */
  reached(now: VirtualTime, wallMs: number): void {
    if (this.speed === "max") return;
    const lagMs = (this.target(wallMs) - now) / (NS_PER_MS * this.speed);
    this.behind = lagMs > BEHIND_MS;
    if (this.behind) this.#rebase(wallMs, now);
  }

  #rebase(wallMs: number, now: VirtualTime): void {
    this.#wallMs = wallMs;
    this.#virtual = now;
  }
}
