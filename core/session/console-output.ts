/**
 * What consoles printed since it was last taken, as text: bytes come in pieces that need not end with a character. A
 * console that prints faster than anybody takes loses the older part, and the text says so.
 */
import { concatBytes, utf8Decode } from "../base/bytes.ts";
import { CONSOLE_BYTES_PER_PUSH_MAX } from "./limits.ts";

interface Pending {
  chunks: Uint8Array[];
  bytes: number;
  lost: number;
}

export class ConsoleOutput {
  readonly #pending = new Map<number, Pending>();

  /** Keeps a copy. */
  add(console: number, bytes: Uint8Array): void {
    const pending = this.#pending.get(console) ?? { chunks: [], bytes: 0, lost: 0 };
    this.#pending.set(console, pending);
    pending.chunks.push(bytes.slice());
    pending.bytes += bytes.length;
    // Twice the bound before it is cut, so that a flood is not copied for each of its pieces.
    if (pending.bytes > 2 * CONSOLE_BYTES_PER_PUSH_MAX) cut(pending);
  }

  take(): { console: number; text: string }[] {
    const taken: { console: number; text: string }[] = [];
    for (const [console, pending] of this.#pending) {
      cut(pending);
      const bytes = concatBytes(pending.chunks);
      const whole = bytes.length - unfinishedTail(bytes);
      const note = pending.lost > 0 ? `\n[${pending.lost} bytes of output left out]\n` : "";
      if (whole > 0) taken.push({ console, text: note + utf8Decode(bytes.subarray(0, whole)) });
      if (whole === bytes.length) this.#pending.delete(console);
      else this.#pending.set(console, { chunks: [bytes.slice(whole)], bytes: bytes.length - whole, lost: 0 });
    }
    return taken;
  }
}

function cut(pending: Pending): void {
  const excess = pending.bytes - CONSOLE_BYTES_PER_PUSH_MAX;
  if (excess <= 0) return;
  pending.chunks = [concatBytes(pending.chunks).slice(excess)];
  pending.bytes -= excess;
  pending.lost += excess;
}

/** Bytes at the end that begin a UTF-8 sequence whose rest has not come yet. */
function unfinishedTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? back : 0;
  }
  return 0;
}
