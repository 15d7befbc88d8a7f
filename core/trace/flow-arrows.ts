/**
 * Arrows of frames from port to port. Several copies of one packet can be on one wire (duplication, a retransmitted
 * burst), so arrivals are matched with departures of the same packet on the same link and way, first in first out.
 */
import { TRACE_LIMITS } from "./limits.ts";

export class FlowArrows {
  /** Numbers of the arrows under way, by link, direction and packet; in the order of departure. */
  readonly #flying = new Map<string, number[]>();
  #count = 0;
  #next = 1;

  /** A frame leaves. @returns the number of its arrow. */
  begin(link: string, direction: 0 | 1, packet: number): number {
    if (this.#count >= TRACE_LIMITS.flowsMax) this.#dropOldest();
    const key = keyOf(link, direction, packet);
    const numbers = this.#flying.get(key);
    const number = this.#next++;
    if (numbers === undefined) this.#flying.set(key, [number]);
    else numbers.push(number);
    this.#count++;
    return number;
  }

  /** A frame arrives. @returns the number of its arrow, 0 when its departure is not known. */
  end(link: string, direction: 0 | 1, packet: number): number {
    return this.#take(keyOf(link, direction, packet));
  }

  /** A frame is lost on the link, on either way. */
  forget(link: string, packet: number): void {
    if (this.#take(keyOf(link, 0, packet)) === 0) this.#take(keyOf(link, 1, packet));
  }

  #take(key: string): number {
    const numbers = this.#flying.get(key);
    const number = numbers?.shift();
    if (numbers === undefined || number === undefined) return 0;
    this.#count--;
    if (numbers.length === 0) this.#flying.delete(key);
    return number;
  }

  #dropOldest(): void {
    for (const key of this.#flying.keys()) {
      this.#take(key);
      return;
    }
  }
}

const keyOf = (link: string, direction: 0 | 1, packet: number): string => `${link}\n${direction}\n${packet}`;
