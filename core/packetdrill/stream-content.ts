/**
 * What the bytes of a connection are. Scripts name lengths only; here each byte of a stream has a value of its place,
 * so that the interpreter also sees when the stack sends or delivers the wrong bytes. Text that a script does write
 * stands where it was written.
 */
export class StreamContent {
  readonly #salt: number;
  readonly #texts: { readonly start: number; readonly bytes: Uint8Array }[] = [];

  /** @param salt tells the two directions apart. */
  constructor(salt: number) {
    this.#salt = salt;
  }

  /** From now on these bytes are at that place of the stream. */
  write(start: number, bytes: Uint8Array): void {
    this.#texts.push({ start, bytes });
  }

  /** The bytes from a place on. */
  read(start: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = placeValue(start + i, this.#salt);
    for (const text of this.#texts) {
      const from = Math.max(start, text.start);
      const to = Math.min(start + length, text.start + text.bytes.length);
      if (from < to) bytes.set(text.bytes.subarray(from - text.start, to - text.start), from - start);
    }
    return bytes;
  }

  /** The first place at which `bytes`, said to begin at `start`, differ; -1 for none. */
  differsAt(start: number, bytes: Uint8Array): number {
    const expected = this.read(start, bytes.length);
    const at = expected.findIndex((value, index) => value !== bytes[index]);
    return at < 0 ? -1 : start + at;
  }
}

/** No period that a segment size is a multiple of. */
const placeValue = (place: number, salt: number): number =>
  ((Math.imul(place | 0, 0x9e3779b1) >>> 24) + (place >>> 11) + salt) & 0xff;
