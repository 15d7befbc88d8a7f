/**
 * The packet list: rows of captured frames, through a display filter. Filtering a million frames takes seconds, so it is
 * done in portions, newest question first: a page says how far the filter has come.
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
import { FILTER_FRAMES_PER_SLICE, FOLLOW_ROWS_MAX, PACKET_PAGE_MAX } from "./limits.ts";

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
  /** Numbers that the filter let through, of those up to `#looked`. */
  #chosen: number[] = [];
  #looked = 0;

  constructor(store: CaptureStore, interfaces: readonly CaptureInterface[]) {
    this.#store = store;
    this.#interfaces = interfaces;
  }

  clear(): void {
    this.#chosen = [];
    this.#looked = 0;
  }

  /** Rows `from` to `from + count - 1` of those that the filter lets through. */
  page(text: string, from: number, count: number): Result<PacketPage, FilterProblem> {
    if (text !== this.#text) {
      const filter = parseDisplayFilter(text);
      if (!filter.ok) return bad(filter.error);
      this.#text = text;
      this.#filter = filter.value;
      this.clear();
    }
    this.#look();
    const store = this.#store;
    const forgotten = store.oldest - 1;
    const rows: PacketRow[] = [];
    const wanted = Math.min(count, PACKET_PAGE_MAX);
    if (this.#filter.kind === "all") {
      for (let at = from; at < from + wanted && store.oldest + at <= store.newest; at++) {
        rows.push(this.#row(store.frame(store.oldest + at)));
      }
      return good({ total: store.newest - forgotten, complete: true, forgotten, rows });
    }
    for (const number of this.#chosen.slice(from, from + wanted)) rows.push(this.#row(store.frame(number)));
    return good({ total: this.#chosen.length, complete: this.#looked >= store.newest, forgotten, rows });
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

  /** One portion of filtering. */
  #look(): void {
    if (this.#filter.kind === "all") return;
    const store = this.#store;
    if (this.#looked < store.oldest - 1) this.#looked = store.oldest - 1;
    const gone = this.#chosen.findIndex((number) => number >= store.oldest);
    if (gone !== 0) this.#chosen.splice(0, gone < 0 ? this.#chosen.length : gone);
    const until = Math.min(store.newest, this.#looked + FILTER_FRAMES_PER_SLICE);
    while (this.#looked < until) {
      const frame = store.frame(++this.#looked);
      const facts = new Map([
        ["frame.number", frame.number],
        ["frame.len", frame.bytes.length],
      ]);
      if (matchesFilter(this.#filter, dissect(frame.bytes, LINKTYPE.ETHERNET), facts)) this.#chosen.push(frame.number);
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
