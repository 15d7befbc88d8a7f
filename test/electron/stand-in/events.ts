/** Electron's events: an emitter whose first argument can be prevented from having its usual effect. */
import type { EventEmitter } from "node:events";

export class Preventable {
  defaultPrevented = false;

  preventDefault(): void {
    this.defaultPrevented = true;
  }
}

/** @returns whether somebody has prevented it. */
export function ask(emitter: EventEmitter, name: string, ...args: unknown[]): boolean {
  const event = new Preventable();
  emitter.emit(name, event, ...args);
  return event.defaultPrevented;
}
