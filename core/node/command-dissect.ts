/** `lastack dissect`: a capture as text, one line a frame as tcpdump prints it, or layer by layer. */
import { toHex } from "../base/bytes.ts";
import type { CapturedPacket } from "../wire/capture.ts";
import { CaptureReader } from "../wire/capture-reader.ts";
import { matchesFilter } from "../wire/display-filter/evaluate.ts";
import { parseDisplayFilter, type Filter } from "../wire/display-filter/parse.ts";
import { dissect } from "../wire/dissect.ts";
import { PacketPrinter } from "../wire/tcpdump.ts";
import { EXIT } from "./exit-codes.ts";
import { fileChunks } from "./read-file.ts";
import { printable } from "./style.ts";

export interface DissectOptions {
  readonly verbose?: boolean;
  readonly layers?: boolean;
  readonly linkHeader?: boolean;
  readonly hex?: boolean;
  /** Display filter: only frames that it lets through. */
  readonly filter?: string;
}

/** @returns EXIT.file for a damaged capture, after printing what comes before the damage. */
export function dissectCommand(path: string, options: DissectOptions): number {
  const text = options.filter ?? "";
  const filter = parseDisplayFilter(text);
  if (!filter.ok) {
    const { from, to, message } = filter.error;
    process.stderr.write(`lastack: filter: ${message}\n  ${text}\n  ${" ".repeat(from)}${"^".repeat(to - from)}\n`);
    return EXIT.usage;
  }
  const reader = new CaptureReader();
  const printer = new PacketPrinter({
    verbosity: options.verbose === true ? 1 : 0,
    linkHeader: options.linkHeader === true,
    nanoseconds: true,
    ...(options.hex === true ? { hex: "X" } : {}),
  });
  let number = 0;
  for (const chunk of fileChunks(path)) {
    const packets = reader.push(chunk).filter((packet) => isWanted(filter.value, packet, ++number));
    const lines = packets.map((packet) => (options.layers === true ? layersText(packet) : lineText(printer, packet)));
    if (lines.length > 0) process.stdout.write(`${lines.map(printable).join("\n")}\n`);
    if (reader.content.problem !== undefined || process.stdout.destroyed) break;
  }
  const { problem } = reader.end();
  if (problem === undefined) return EXIT.ok;
  process.stderr.write(`lastack: ${path}: byte ${problem.at}: ${problem.message}\n`);
  return EXIT.file;
}

function isWanted(filter: Filter, packet: CapturedPacket, number: number): boolean {
  if (filter.kind === "all") return true;
  const facts = new Map([
    ["frame.number", number],
    ["frame.len", packet.originalLength],
  ]);
  return matchesFilter(filter, dissect(packet.data, packet.linkType), facts);
}

function lineText(printer: PacketPrinter, packet: CapturedPacket): string {
  const { data, originalLength, linkType, comments } = packet;
  const time = packet.time ?? { seconds: 0, nanoseconds: 0 };
  const text = printer.print({ time, data, originalLength, linkType });
  return [text, ...comments.map((comment) => `    # ${comment}`)].join("\n");
}

function layersText(packet: CapturedPacket): string {
  const { layers, summary } = dissect(packet.data, packet.linkType);
  const lines = [`Frame at byte ${packet.at}, ${packet.originalLength} bytes: ${summary}`];
  for (const layer of layers) {
    lines.push(`  ${layer.protocol} [${layer.range.join(",")}) ${layer.summary}`);
    for (const { name, label, value, range, error } of layer.fields) {
      const bytes = toHex(packet.data.subarray(range[0], Math.min(range[1], range[0] + 8)), " ");
      lines.push(`    ${name.padEnd(28)} ${label}: ${value}  [${bytes}]${error === undefined ? "" : `  ! ${error}`}`);
    }
  }
  return lines.join("\n");
}
