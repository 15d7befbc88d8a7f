/** What Wireshark makes of the TCP that passes one network card: its analysis frame by frame. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtualTime } from "../../core/base/time.ts";
import type { CapturedFrame } from "../../core/contract/capture.ts";
import { Session } from "../../core/session/session.ts";
import { PcapngExporter } from "../../core/trace/pcapng-exporter.ts";
import { LINKTYPE } from "../../core/wire/capture.ts";
import { dissect } from "../../core/wire/dissect.ts";
import { runTool } from "../harness/tools.ts";
import { sampleLab } from "./sample.ts";

/** tcp.analysis.* fields are "1" where they hold and empty elsewhere. */
const FIELDS = {
  direction: "frame.packet_flags_direction",
  time: "frame.time_relative",
  source: "ip.src",
  length: "tcp.len",
  window: "tcp.window_size_value",
  flags: "tcp.flags",
  seq: "tcp.seq_raw",
  ack: "tcp.ack_raw",
  stream: "tcp.stream",
  retransmission: "tcp.analysis.retransmission",
  fastRetransmission: "tcp.analysis.fast_retransmission",
  spuriousRetransmission: "tcp.analysis.spurious_retransmission",
  outOfOrder: "tcp.analysis.out_of_order",
  lostSegment: "tcp.analysis.lost_segment",
  duplicateAck: "tcp.analysis.duplicate_ack",
  zeroWindow: "tcp.analysis.zero_window",
  zeroWindowProbe: "tcp.analysis.zero_window_probe",
  keepAlive: "tcp.analysis.keep_alive",
  windowUpdate: "tcp.analysis.window_update",
  windowFull: "tcp.analysis.window_full",
  sackLeft: "tcp.options.sack_le",
  sackRight: "tcp.options.sack_re",
} as const;

const CHECKSUMS = ["ip", "tcp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);

export class Segment {
  readonly #values: readonly string[];

  constructor(values: readonly string[]) {
    this.#values = values;
  }

  text(field: keyof typeof FIELDS): string {
    return this.#values[Object.keys(FIELDS).indexOf(field)] ?? "";
  }

  number(field: keyof typeof FIELDS): number {
    return Number(this.text(field));
  }

  is(field: keyof typeof FIELDS): boolean {
    return this.text(field) !== "";
  }

  /** Left the machine whose card this is. */
  get isSent(): boolean {
    return this.number("direction") === 2;
  }

  /** As [left, right], in the order of the option. */
  get sackBlocks(): readonly (readonly [number, number])[] {
    if (!this.is("sackLeft")) return [];
    const [left, right] = [this.text("sackLeft").split(","), this.text("sackRight").split(",")];
    return left.map((edge, at) => [Number(edge), Number(right[at])] as const);
  }
}

export interface Card {
  /** `h1:eth0`. */
  readonly name: string;
  readonly segments: readonly Segment[];
  /** SACK blocks in both directions as our own dissector counts them. */
  readonly blocksDissected: number;
}

/** Runs a sample lab to its end, and has tshark look at what passed each card of its hosts, one card at a time. */
export function analyse(lab: string): { session: Session; cards: ReadonlyMap<string, Card> } {
  const session = new Session(sampleLab(lab));
  const folder = mkdtempSync(join(tmpdir(), "lastack-tcp-"));
  const hosts = new Set(session.lab.nodes.flatMap((node) => (node.kind === "host" ? [node.name] : [])));
  const captures = session.captureInterfaces.flatMap(({ name }, index) => {
    if (!hosts.has(name.split(":")[0] ?? "")) return [];
    const chunks: Uint8Array[] = [];
    const exporter = new PcapngExporter({
      interfaces: session.captureInterfaces,
      selected: [index],
      names: session.names,
      sink: (chunk) => void chunks.push(chunk.slice()),
    });
    const blocks = { count: 0 };
    session.capture([index], {
      onFrame: (frame) => {
        exporter.onFrame(frame);
        blocks.count += sackBlocksOf(frame);
      },
    });
    return [{ name, chunks, exporter, blocks }];
  });
  session.advance(session.lab.durationNs as VirtualTime);
  const cards = captures.map(({ name, chunks, exporter, blocks }): [string, Card] => {
    exporter.finish(session.now);
    const path = join(folder, `${name.replace(":", "-")}.pcapng`);
    writeFileSync(path, Buffer.concat(chunks));
    const wrong = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0";
    const damage = runTool("tshark", ["-n", "-r", path, ...CHECKSUMS, "-Y", wrong]);
    if (damage !== "") throw new Error(`${lab}, ${name}: ${damage}`);
    return [name, { name, segments: segmentsOf(path), blocksDissected: blocks.count }];
  });
  rmSync(folder, { recursive: true });
  return { session, cards: new Map(cards) };
}

function sackBlocksOf({ bytes, start, length }: CapturedFrame): number {
  const layers = dissect(bytes.slice(start, start + length), LINKTYPE.ETHERNET).layers;
  const fields = layers.flatMap((layer) => (layer.protocol === "tcp" ? layer.fields : []));
  const sack = fields.find((field) => field.name === "tcp.options.sack");
  return sack === undefined ? 0 : String(sack.value).split(" ").length;
}

function segmentsOf(path: string): Segment[] {
  const fields = Object.values(FIELDS).flatMap((field) => ["-e", field]);
  // Segments quoted by ICMP errors would have two values in one field.
  const format = ["-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=,"];
  const absolute = ["-o", "tcp.relative_sequence_numbers:FALSE"];
  return runTool("tshark", ["-n", "-r", path, ...absolute, "-Y", "tcp && !icmp", ...format, ...fields])
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => new Segment(line.split("|")));
}
