/** The result of a dissection while it is built: layers in order, with a bound on how many. */
import { hexPreview, type ByteRange, type Field } from "./fields.ts";
import { DISSECT_LAYERS_MAX } from "./limits.ts";

export type LayerProtocol =
  "eth" | "vlan" | "null" | "sll" | "arp" | "ip" | "icmp" | "udp" | "tcp" | "data" | "padding";

export type Layer = {
  readonly protocol: LayerProtocol;
  readonly summary: string;
  /** The header, and for data and padding all of it. */
  readonly range: ByteRange;
  readonly fields: readonly Field[];
  /** What is wrong with the layer as a whole: cut short, malformed. */
  readonly error?: string;
  /** How many ICMP errors quote this layer: 0 for the packet itself. */
  readonly quotes: number;
};

export class LayerList {
  readonly bytes: Uint8Array;
  readonly layers: Layer[] = [];
  /** Inside how many quotations the layers now being added are. */
  quotes = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** True while deeper protocols may be looked at. */
  get hasRoom(): boolean {
    return this.layers.length < DISSECT_LAYERS_MAX;
  }

  add(layer: Omit<Layer, "quotes">): void {
    this.layers.push({ ...layer, quotes: this.quotes });
  }

  /** A layer of bytes nobody looks into; nothing when there are none. */
  data(from: number, to: number, what: string): void {
    this.blob({ protocol: "data", name: "data.data", summary: `${to - from} bytes, ${what}` }, from, to);
  }

  blob(kind: { protocol: "data" | "padding"; name: string; summary: string }, from: number, to: number): void {
    if (from >= to) return;
    const { protocol, name, summary } = kind;
    const range: ByteRange = [from, to];
    const value = hexPreview(this.bytes, range);
    this.add({ protocol, summary, range, fields: [{ name, label: "Bytes", value, range }] });
  }

  summary(): string {
    const own = this.layers.filter((layer) => layer.quotes === 0);
    const last = own.findLast((layer) => layer.protocol !== "data" && layer.protocol !== "padding");
    return (last ?? own[0])?.summary ?? "no bytes";
  }
}
