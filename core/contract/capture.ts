/** What a capture is made of: interfaces, names, and frames as they pass a network interface. */
import type { DropReason } from "./drop-reason.ts";

export interface CaptureInterface {
  /** `h1:eth0`. */
  readonly name: string;
  readonly node: string;
  readonly nic: string;
  /** 48-bit integer. */
  readonly mac: number;
  /** 32-bit integers with prefix lengths. */
  readonly addresses: readonly { readonly address: number; readonly prefixLength: number }[];
  /** bit/s; 0 unknown. */
  readonly speed: number;
}

/** One frame passing one interface, `[start, start + length)` of `bytes`: packet memory, valid during the call only. */
export interface CapturedFrame {
  /** Index into the capture's interfaces. */
  interface: number;
  /** Virtual ns. */
  time: number;
  direction: "in" | "out";
  /** Same on every hop; 0 unknown. */
  packetId: number;
  fcsGood: boolean;
  /** Why the interface dropped it, or null. */
  dropReason: DropReason | null;
  bytes: Uint8Array;
  start: number;
  length: number;
}

/** Receives a capture as it happens. */
export interface CaptureListener {
  onFrame(frame: CapturedFrame): void;
}
