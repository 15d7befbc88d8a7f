/** Packets that died, as they are drawn: a burst where it happened, with the reason. Many alike are counted in one. */
import type { DropView } from "../../../core/contract/api/run-view.ts";

/** How long a burst is seen, ms. */
export const BURST_MS = 2200;
const BURSTS_MAX = 40;
/** Packets die of these all the time, and nothing is lost by it: the packet list has them. */
const QUIET = new Set(["ARP_IGNORED", "OTHERHOST", "ICMP_IGNORED", "TCP_PURE_ACK", "SWITCH_SAME_PORT", "TCP_OFOMERGE"]);

export interface Burst {
  readonly place: { readonly kind: "node" | "link"; readonly index: number; readonly fraction: number };
  readonly reason: string;
  readonly text: string;
  count: number;
  /** Wall time at which it began; null while the packet is still drawn on its way there. */
  bornMs: number | null;
  /** The flight it waits for. */
  readonly flight: number;
}

export class BurstBoard {
  bursts: Burst[] = [];

  clear(): void {
    this.bursts = [];
  }

  /** @param flight slot of the flight that has to arrive first; -1 for none */
  add(drop: DropView, place: Burst["place"], flight: number, wallMs: number): void {
    if (QUIET.has(drop.reason)) return;
    const alike = this.bursts.find(
      ({ reason, place: at }) => reason === drop.reason && at.kind === place.kind && at.index === place.index,
    );
    if (alike !== undefined) {
      alike.count++;
      // It goes on as long as packets die there.
      if (alike.bornMs !== null) alike.bornMs = Math.max(alike.bornMs, wallMs - BURST_MS / 3);
      return;
    }
    const bornMs = flight < 0 ? wallMs : null;
    this.bursts.push({ place, reason: drop.reason, text: drop.text, count: 1, bornMs, flight });
    if (this.bursts.length > BURSTS_MAX) this.bursts.shift();
  }

  flightEnded(slot: number, wallMs: number): void {
    for (const burst of this.bursts) if (burst.bornMs === null && burst.flight === slot) burst.bornMs = wallMs;
  }

  tick(wallMs: number): void {
    if (this.bursts.length === 0) return;
    this.bursts = this.bursts.filter(({ bornMs }) => bornMs === null || wallMs - bornMs < BURST_MS);
  }
}
