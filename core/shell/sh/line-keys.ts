/**
 * Bytes of a terminal as keys: UTF-8 text, control characters, and the escape sequences of xterm for the keys that a
 * line editor knows (ECMA-48 section 5.4, xterm's ctlseqs). Everything else is nothing.
 */
import { utf8Decode } from "../../base/bytes.ts";

export type Key =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "edit"; readonly action: EditAction };

export type EditAction =
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "home"
  | "end"
  | "up"
  | "down"
  | "erase"
  | "delete"
  | "delete-or-end"
  | "kill-line"
  | "kill-rest"
  | "kill-word"
  | "yank"
  | "clear"
  | "complete"
  | "enter";

/** By control character: Ctrl-A is 1. */
const CONTROLS: ReadonlyMap<number, EditAction> = new Map([
  [1, "home"],
  [2, "left"],
  [4, "delete-or-end"],
  [5, "end"],
  [6, "right"],
  [8, "erase"],
  [9, "complete"],
  [10, "enter"],
  [11, "kill-rest"],
  [12, "clear"],
  [13, "enter"],
  [14, "down"],
  [16, "up"],
  [21, "kill-line"],
  [23, "kill-word"],
  [25, "yank"],
  [127, "erase"],
]);

/** What follows ESC. */
const SEQUENCES: ReadonlyMap<string, EditAction> = new Map([
  ...(["[", "O"] as const).flatMap((begin): [string, EditAction][] => [
    [`${begin}A`, "up"],
    [`${begin}B`, "down"],
    [`${begin}C`, "right"],
    [`${begin}D`, "left"],
    [`${begin}F`, "end"],
    [`${begin}H`, "home"],
  ]),
  ["[1~", "home"],
  ["[7~", "home"],
  ["[3~", "delete"],
  ["[4~", "end"],
  ["[8~", "end"],
  ["[1;5C", "word-right"],
  ["[1;3C", "word-right"],
  ["[1;5D", "word-left"],
  ["[1;3D", "word-left"],
  ["b", "word-left"],
  ["f", "word-right"],
  ["\u007f", "kill-word"],
]);

const ESCAPE = 27;
/** Longer sequences are none of ours. */
const SEQUENCE_MAX = 16;

export class LineKeys {
  /** After an ESC; null outside of a sequence. */
  #sequence: string | null = null;
  /** Of a character that has not come whole. */
  #bytes: number[] = [];

  /** @returns the key that this byte ends, or null. */
  feed(byte: number): Key | null {
    if (byte === ESCAPE) {
      this.#sequence = "";
      this.#bytes = [];
      return null;
    }
    if (this.#sequence !== null) return this.#inSequence(this.#sequence + String.fromCharCode(byte));
    const action = CONTROLS.get(byte);
    if (action !== undefined) {
      this.#bytes = [];
      return { kind: "edit", action };
    }
    return byte < 32 ? null : this.#character(byte);
  }

  #inSequence(sequence: string): Key | null {
    const isOpen = /^(?:\[[0-?]*[ -/]*|O)$/.test(sequence) && sequence.length < SEQUENCE_MAX;
    this.#sequence = isOpen ? sequence : null;
    const action = isOpen ? undefined : SEQUENCES.get(sequence);
    return action === undefined ? null : { kind: "edit", action };
  }

  #character(byte: number): Key | null {
    const isFollowing = (byte & 0xc0) === 0x80;
    // A new character ends one that never came whole.
    if (!isFollowing) this.#bytes = [];
    this.#bytes.push(byte);
    const [first = 0] = this.#bytes;
    const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (this.#bytes.length < size) return null;
    const text = utf8Decode(Uint8Array.from(this.#bytes));
    this.#bytes = [];
    return { kind: "text", text };
  }
}
