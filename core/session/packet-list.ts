/**
 * The packet list: rows of captured frames, through a display filter. Filtering a million frames takes seconds, so it
 * is done in portions between slices of the run: a page says whether all have been looked at, and asking again shows
 * more.
 */
import { bad, good, type Result } from "../base/result.ts";
import type { CaptureInterface } from "../contract/capture.ts";
import type { LayerView, PacketDetail, PacketPage, PacketRow } from "../contract/api/packet-view.ts";
import { LINKTYPE } from "../wire/capture.ts";
import { dissect, type DissectedPacket } from "../wire/dissect.ts";
import { matchesFilter } from "../wire/display-filter/evaluate.ts";
import type { FilterProblem } from "../wire/display-filter/lexer.ts";
import { parseDisplayFilter, type Filter } from "../wire/display-filter/parse.ts";
import type { CaptureStore, StoredFrame } from "./capture-store.ts";
import { FILTER_FRAMES_PER_LOOK, FOLLOW_ROWS_MAX, PACKET_PAGE_MAX } from "./limits.ts";

/** Names of protocols as the list shows them. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  eth: "Ethernet",
  vlan: "802.1Q",
  arp: "ARP",
  ip: "IPv4",
  icmp: "ICMP",
  udp: "UDP",
  tcp: "TCP",
};

export class PacketList {
  readonly #store: CaptureStore;
  readonly #interfaces: readonly CaptureInterface[];
  #text = "";
  #filter: Filter = { kind: "all" };
  /** Numbers that the filter let through, of those up to `#looked`, in order; those before `#first` are forgotten. */
  #chosen: number[] = [];
  #first = 0;
  #looked = 0;
  /** Newest frame when a page was last asked for: how far the filter is worth going. */
  #wanted = 0;

  constructor(store: CaptureStore, interfaces: readonly CaptureInterface[]) {
    this.#store = store;
    this.#interfaces = interfaces;
  }

  /** Rows `from` to `from + count - 1` of those that the filter lets through; from "end": the last ones. */
  page(text: string, from: number | "end", count: number): Result<PacketPage, FilterProblem> {
    if (text !== this.#text) {
      const filter = parseDisplayFilter(text);
      if (!filter.ok) return bad(filter.error);
      this.#text = text;
      this.#filter = filter.value;
      this.#chosen = [];
      this.#first = 0;
      this.#looked = 0;
    }
    const { oldest, newest } = this.#store;
    this.#wanted = newest;
    this.lookOn();
    this.#forget();
    const isAll = this.#filter.kind === "all";
    const total = isAll ? newest - oldest + 1 : this.#chosen.length - this.#first;
    const most = Math.min(count, PACKET_PAGE_MAX);
    const first = from === "end" ? Math.max(0, total - most) : from;
    const rows: PacketRow[] = [];
    for (let at = first; at < Math.min(first + most, total); at++) {
      const number = isAll ? oldest + at : (this.#chosen[this.#first + at] as number);
      rows.push(this.#row(this.#store.frame(number)));
    }
    return good({ total, complete: !this.isLooking, forgotten: oldest - 1, from: first, rows });
  }

  /** A page was asked for, and not all of what it could show has been looked at. */
  get isLooking(): boolean {
    return this.#filter.kind !== "all" && this.#looked < this.#wanted;
  }

  /** One portion of filtering. */
  lookOn(): void {
    if (!this.isLooking) return;
    const store = this.#store;
    this.#looked = Math.max(this.#looked, store.oldest - 1);
    const until = Math.min(this.#wanted, this.#looked + FILTER_FRAMES_PER_LOOK);
    while (this.#looked < until) {
      const frame = store.frame(++this.#looked);
      const facts = new Map([
        ["frame.number", frame.number],
        ["frame.len", frame.bytes.length],
      ]);
      if (matchesFilter(this.#filter, dissect(frame.bytes, LINKTYPE.ETHERNET), facts)) this.#chosen.push(frame.number);
    }
  }

  /** Null when the frame has fallen out of the store. */
  detail(number: number): PacketDetail | null {
    if (number < this.#store.oldest || number > this.#store.newest) return null;
    const frame = this.#store.frame(number);
    const packet = dissect(frame.bytes, LINKTYPE.ETHERNET);
    return { row: this.#row(frame, packet), layers: packet.layers.map(layerView), bytes: frame.bytes };
  }

  /** The same packet wherever it passed, in order of time. */
  follow(packet: number): PacketRow[] {
    const rows: PacketRow[] = [];
    const store = this.#store;
    for (let number = store.oldest; number <= store.newest && rows.length < FOLLOW_ROWS_MAX; number++) {
      if (store.packetId(number) === packet) rows.push(this.#row(store.frame(number)));
    }
    return rows;
  }

  /** What fell out of the store is no row any more. */
  #forget(): void {
    const { oldest } = this.#store;
    while (this.#first < this.#chosen.length && (this.#chosen[this.#first] as number) < oldest) this.#first++;
    // Now and then, so that the list does not grow for ever.
    if (this.#first > this.#chosen.length / 2) {
      this.#chosen = this.#chosen.slice(this.#first);
      this.#first = 0;
    }
  }

  #row(frame: StoredFrame, packet: DissectedPacket = dissect(frame.bytes, LINKTYPE.ETHERNET)): PacketRow {
    const protocols = packet.layers.filter((layer) => layer.quotes === 0 && layer.protocol in PROTOCOLS);
    const last = protocols.at(-1)?.protocol ?? "eth";
    return {
      number: frame.number,
      time: frame.time,
      interface: this.#interfaces[frame.interface]?.name ?? "?",
      direction: frame.direction,
      source: addressOf(packet, "src"),
      target: addressOf(packet, "dst"),
      protocol: PROTOCOLS[last] ?? last,
      length: frame.bytes.length,
      info: packet.summary,
      packet: frame.packetId,
      drop: frame.dropReason ?? "",
    };
  }
}

/** IPv4 address, or else MAC address. */
function addressOf(packet: DissectedPacket, side: "src" | "dst"): string {
  for (const protocol of ["ip", "eth"]) {
    const layer = packet.layers.find((one) => one.protocol === protocol && one.quotes === 0);
    const field = layer?.fields.find(({ name }) => name === `${protocol}.${side}`);
    if (field !== undefined) return String(field.value);
  }
  return "";
}

function layerView(layer: DissectedPacket["layers"][number]): LayerView {
  return {
    protocol: layer.protocol,
    summary: layer.summary,
    from: layer.range[0],
    to: layer.range[1],
    error: layer.error ?? "",
    fields: layer.fields.map(({ name, label, value, range, error }) => ({
      name,
      label,
      value: String(value),
      from: range[0],
      to: range[1],
      error: error ?? "",
    })),
  };
}
