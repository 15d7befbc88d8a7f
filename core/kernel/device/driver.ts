/** What the kinds of drivers have in common: they answer the card's interrupt. */
import type { IrqLine } from "../cpu/work.ts";

export interface Driver extends IrqLine {
  /** Whether sending frees finished descriptors itself when it runs out of them. */
  readonly reclaimsOnSend: boolean;
  /** Polls and interrupts so far, for `ethtool -S`. */
  readonly polls: number;
  readonly interrupts: number;
  /** Whether an interrupt now would have the card polled at once, its one packet taken, and all be as before. */
  readonly canPass: boolean;
  /** Counts such an interrupt and poll. */
  countPass(): void;
  /** The card has a reason for an interrupt: frames received or descriptors done. Ignored while masked. */
  request(): void;
  /** Input was inhibited or allowed again. */
  inputChanged(): void;
}
