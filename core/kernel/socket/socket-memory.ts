/** The memory account of a socket: what its packets hold, wherever they are. */
import { assert } from "../../base/assert.ts";
import type { MemoryAccount } from "../skb/memory-account.ts";
import type { Socket } from "./socket.ts";

/** Bytes that packets of one direction hold (sk_wmem_alloc, sk_rmem_alloc). */
export class SocketMemory implements MemoryAccount {
  used = 0;
  readonly #socket: Socket;
  /** Whether room wakes the socket's waiters: those who wait for room to send. */
  readonly #wakes: boolean;

  constructor(socket: Socket, wakes: boolean) {
    this.#socket = socket;
    this.#wakes = wakes;
  }

  uncharge(bytes: number): void {
    this.used -= bytes;
    assert(this.used >= 0, "no more is given back than was taken");
    if (this.#wakes) this.#socket.sendMemoryFreed();
  }

  pacedBelow(): void {
    this.#socket.isPacedBelow = true;
  }
}
