/** Captured packets as lists and trees. */

export interface PacketRow {
  /** Counts from 1 over the run, as a capture file's frame numbers do. */
  readonly number: number;
  readonly time: number;
  /** `h1:eth0`, and which way it passed it. */
  readonly interface: string;
  readonly direction: "in" | "out";
  readonly source: string;
  readonly target: string;
  readonly protocol: string;
  readonly length: number;
  readonly info: string;
  /** Same on every hop. */
  readonly packet: number;
  /** Why the interface dropped it; "" when it did not. */
  readonly drop: string;
}

export interface PacketPage {
  /** Rows that the filter lets through, of those looked at so far. */
  readonly total: number;
  /** False while older packets are still being looked at: ask again. */
  readonly complete: boolean;
  /** Packets that fell out of the store at its old end. */
  readonly forgotten: number;
  /** Index of the first of the rows. */
  readonly from: number;
  readonly rows: readonly PacketRow[];
}

export interface FieldView {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** Bytes [from, to) of the frame. */
  readonly from: number;
  readonly to: number;
  readonly error: string;
}

export interface LayerView {
  readonly protocol: string;
  readonly summary: string;
  readonly from: number;
  readonly to: number;
  readonly fields: readonly FieldView[];
  readonly error: string;
}

export interface PacketDetail {
  readonly row: PacketRow;
  readonly layers: readonly LayerView[];
  readonly bytes: Uint8Array;
}
