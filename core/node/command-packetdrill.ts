/** `lastack packetdrill`: packetdrill scripts against our TCP/IP stack, each on a machine of its own. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { packetLine, runPacketdrill, type OptionOverride, type ScriptOutcome } from "../packetdrill/packetdrill.ts";
import { captureTimeOf, LINKTYPE } from "../wire/capture.ts";
import { PcapWriter } from "../wire/pcap.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { FileSink } from "./file-sink.ts";
import { readText } from "./read-file.ts";
import { printable, styleFor, type Style } from "./style.ts";
import { systemErrorText } from "./system-error.ts";

export interface PacketdrillOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly define?: readonly string[];
  readonly tolerance_usecs?: number;
  readonly pcap?: string;
}

interface Result {
  readonly path: string;
  readonly outcome: ScriptOutcome;
}

/** Packets shown before the one that was not as expected. */
const PACKETS_SHOWN = 10;

/** @returns EXIT.checkFailed when a script did not pass. */
export function packetdrillCommand(paths: readonly string[], options: PacketdrillOptions): number {
  const files = paths.flatMap(scriptsIn);
  if (options.pcap !== undefined && files.length !== 1) {
    throw new CliFailure(EXIT.usage, `--pcap takes one script, not ${files.length}`);
  }
  const overrides = overridesOf(options);
  // Everything is read before anything is run.
  const texts = files.map((path) => ({ path, text: readText(path) }));
  const capture = options.pcap === undefined ? null : new FileSink(options.pcap);
  const results: Result[] = [];
  const style = styleFor(process.stdout);
  for (const { path, text } of texts) {
    const result = { path, outcome: runPacketdrill(text, overrides) };
    results.push(result);
    if (options.json !== true) print(reportOf(result, files.length === 1, options.verbose === true, style));
  }
  if (capture !== null) writeCapture(capture, results[0]?.outcome.packets ?? []);
  if (options.json === true) print([JSON.stringify(jsonOf(results), null, 2)]);
  else print(summaryOf(results, style));
  if (capture !== null && capture.failure !== null) throw new CliFailure(EXIT.file, capture.failure);
  return results.every(isPassed) ? EXIT.ok : EXIT.checkFailed;
}

const isPassed = ({ outcome }: Result): boolean => outcome.status === "pass";

function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.map(printable).join("\n")}\n`);
}

/** A file itself, or all scripts of a folder, in order. @throws CliFailure */
function scriptsIn(path: string): string[] {
  let found: string[];
  try {
    if (!statSync(path).isDirectory()) return [path];
    found = readdirSync(path, { recursive: true, encoding: "utf8" });
  } catch (error) {
    throw new CliFailure(EXIT.file, `${path === "" ? "''" : path}: cannot be read: ${systemErrorText(error)}`);
  }
  const scripts = found.filter((name) => name.endsWith(".pkt")).sort();
  if (scripts.length === 0) throw new CliFailure(EXIT.file, `${path}: no packetdrill script (.pkt) in this folder`);
  return scripts.map((name) => join(path, name));
}

function overridesOf({ define = [], tolerance_usecs }: PacketdrillOptions): OptionOverride[] {
  const wrong = define.find((text) => !/^\w+=/.test(text));
  if (wrong !== undefined) throw new CliFailure(EXIT.usage, `-D ${wrong}: expected NAME=VALUE`);
  const definitions = define.map((value) => ({ name: "define", value }));
  const tolerance = tolerance_usecs === undefined ? [] : [{ name: "tolerance_usecs", value: String(tolerance_usecs) }];
  return [...definitions, ...tolerance];
}

// What is printed

/** A line for a script that did not pass, with the packets when it is the only one or when all is to be shown. */
function reportOf({ path, outcome }: Result, isOnly: boolean, isVerbose: boolean, style: Style): string[] {
  const { status, line, column, reason, packets, output } = outcome;
  const lines = isVerbose ? [style.strong(path), ...packets.map(packetLine), ...output] : [];
  if (status === "pass") return lines;
  const [first = "", ...details] = reason.split("\n");
  const place = [path, ...(line > 0 ? [line] : []), ...(column > 0 ? [column] : [])].join(":");
  lines.push(`${place}: ${style.bad(status)}: ${first}`);
  if (!isOnly && !isVerbose) return lines;
  const before = isVerbose ? [] : packets.slice(-PACKETS_SHOWN).map(packetLine);
  if (before.length > 0) lines.push("  packets up to then", ...before);
  return [...lines, ...details];
}

/** How many passed, by folder. */
function summaryOf(results: readonly Result[], style: Style): string[] {
  const folders = new Map<string, Result[]>();
  for (const result of results) {
    const folder = dirname(result.path);
    folders.set(folder, [...(folders.get(folder) ?? []), result]);
  }
  const lines = [...folders].map(([folder, some]) => `${countText(some, style)}  ${folder}`);
  return folders.size > 1 ? [...lines, `${countText(results, style)}  in all`] : lines;
}

function countText(results: readonly Result[], style: Style): string {
  const passed = results.filter(isPassed).length;
  const text = `${String(passed).padStart(4)} of ${String(results.length).padStart(4)} passed`;
  return passed === results.length ? style.good(text) : style.bad(text);
}

function jsonOf(results: readonly Result[]): unknown {
  const passed = results.filter(isPassed).length;
  const scripts = results.map(({ path, outcome: { status, line, reason } }) => ({ path, status, line, reason }));
  return { passed, failed: results.length - passed, scripts };
}

/** The exchange with link type RAW: packets begin at the IP header. */
function writeCapture(file: FileSink, packets: ScriptOutcome["packets"]): void {
  const writer = new PcapWriter((chunk) => file.write(chunk), LINKTYPE.RAW);
  for (const { at, bytes } of packets) writer.writePacket(captureTimeOf(0, at), bytes);
  file.close();
}
