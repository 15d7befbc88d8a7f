/**
 * A cable in somebody's hand. Pulled far enough it snaps and is out; let go before, it springs back. A loose end that
 * is brought to the other one, to the other node or back onto its line is plugged in. Distances are in pixels of the
 * screen, so that it feels the same at any zoom.
 */
import type { Place } from "../labs/lab-edits.ts";
import { distanceTo, looseEnd, pointOn, type Cable } from "./cables.ts";

/** Pull at which a cable comes out, screen pixels. */
export const SNAP = 84;
/** How near a loose end has to come. */
const CATCH = 40;
/** Springing back and recoiling, ms. */
const SPRING_MS = 420;
const RECOIL_MS = 360;

export type PullMode = "pull" | "hold";

export interface Pull {
  readonly link: number;
  readonly mode: PullMode;
  /** Of a loose end that is held. */
  readonly side: 0 | 1;
  pointer: Place;
  /** 0 at rest, 1 where it snaps. */
  tension: number;
  /** Letting go now would plug it in. */
  willCatch: boolean;
}

/** What goes on after the hand has let go. */
export interface Spring {
  readonly link: number;
  readonly kind: "back" | "recoil" | "caught";
  readonly from: Place;
  readonly fraction: number;
  readonly sinceMs: number;
}

export class CablePull {
  pull: Pull | null = null;
  springs: Spring[] = [];

  grab(cable: Cable, isUp: boolean, pointer: Place): void {
    this.springs = this.springs.filter(({ link }) => link !== cable.index);
    const mode = isUp ? "pull" : "hold";
    const [a, b] = [looseEnd(cable, 0).plug, looseEnd(cable, 1).plug];
    const side = distance(a, pointer) <= distance(b, pointer) ? 0 : 1;
    this.pull = { link: cable.index, mode, side, pointer, tension: 0, willCatch: false };
  }

  /** @returns true when it has just come out. */
  drag(cable: Cable, pointer: Place, zoom: number, wallMs: number): boolean {
    const { pull } = this;
    if (pull === null) return false;
    pull.pointer = pointer;
    if (pull.mode === "hold") {
      pull.willCatch = this.#isCaught(cable, pull.side, pointer, zoom);
      return false;
    }
    pull.tension = (distanceTo(cable, pointer).distance * zoom) / SNAP;
    if (pull.tension < 1) return false;
    this.#spring(cable, "recoil", pointer, wallMs);
    this.pull = null;
    return true;
  }

  /** @returns true when it is plugged in by that. */
  release(cable: Cable, wallMs: number): boolean {
    const { pull } = this;
    this.pull = null;
    if (pull === null) return false;
    if (pull.mode === "pull") {
      this.#spring(cable, "back", pull.pointer, wallMs);
      return false;
    }
    this.#spring(cable, pull.willCatch ? "caught" : "recoil", pull.pointer, wallMs);
    return pull.willCatch;
  }

  cancel(): void {
    this.pull = null;
  }

  /** Plugged in or out by other means than the hand: the same movement shows it. */
  moved(cable: Cable, isUp: boolean, wallMs: number): void {
    if (this.springs.some(({ link }) => link === cable.index) || this.pull?.link === cable.index) return;
    this.#spring(cable, isUp ? "caught" : "recoil", pointOn(cable, 0.5), wallMs);
  }

  #isCaught(cable: Cable, side: 0 | 1, pointer: Place, zoom: number): boolean {
    const other = looseEnd(cable, side === 0 ? 1 : 0);
    const node = side === 0 ? cable.b : cable.a;
    const line = distanceTo(cable, pointer);
    const isOnLine = line.distance * zoom < CATCH / 2 && line.fraction > 0.3 && line.fraction < 0.7;
    return isOnLine || distance(other.plug, pointer) * zoom < CATCH || distance(node, pointer) * zoom < CATCH;
  }

  #spring(cable: Cable, kind: Spring["kind"], from: Place, wallMs: number): void {
    const { fraction } = distanceTo(cable, from);
    this.springs.push({ link: cable.index, kind, from, fraction, sinceMs: wallMs });
  }

  tick(wallMs: number): void {
    this.springs = this.springs.filter((spring) => progressOf(spring, wallMs) < 1);
  }

  get isMoving(): boolean {
    return this.pull !== null || this.springs.length > 0;
  }
}

export function progressOf({ kind, sinceMs }: Spring, wallMs: number): number {
  return Math.min(1, (wallMs - sinceMs) / (kind === "recoil" ? RECOIL_MS : SPRING_MS));
}

/** A spring that swings past its rest and comes back: 1 at the start, 0 at the end. */
export function wobble(progress: number): number {
  return Math.exp(-5 * progress) * Math.cos(progress * 6 * Math.PI) * (1 - progress);
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
