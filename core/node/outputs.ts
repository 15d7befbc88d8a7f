/** The files a run writes: its capture and trace as it goes, its tables at the end; and one packet's journey. */
import type { Lab } from "../lab/model.ts";
import type { Session } from "../session/session.ts";
import { Journey } from "../trace/journey.ts";
import { PcapngExporter } from "../trace/pcapng-exporter.ts";
import { TraceEventExporter } from "../trace/trace-event-json.ts";
import type { Measurement } from "../contract/run-report.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { FileSink } from "./file-sink.ts";
import { traceNames } from "../session/lab-names.ts";
import { openTables, writeTables } from "./measurements-csv.ts";
import { refuseSharedFiles } from "./output-paths.ts";
import { selectedInterfaces, type RunOptions } from "./run-options.ts";

export interface CaptureSummary {
  readonly file: string;
  readonly frames: number;
  readonly interfaces: number;
  readonly bytes: number;
}

export interface TraceSummary {
  readonly file: string;
  readonly events: number;
  readonly bytes: number;
}

export class RunOutputs {
  readonly journey: Journey | null;
  readonly #session: Session;
  readonly #files: FileSink[] = [];
  #capture: { exporter: PcapngExporter; file: FileSink; interfaces: number } | null = null;
  #trace: { exporter: TraceEventExporter; file: FileSink } | null = null;
  readonly #tables: readonly FileSink[];

  /** Opens what was asked for, so that a wrong path or name is known before the run. @throws CliFailure */
  constructor(lab: Lab, session: Session, options: RunOptions) {
    this.#session = session;
    checkPaths(lab, options);
    const selected = selectedInterfaces(session.captureInterfaces, options.capture);
    if (options.pcap !== undefined) this.#openCapture(options.pcap, selected);
    if (options.trace !== undefined) this.#openTrace(options.trace, lab);
    const tableNames = lab.measurements.map(({ name }) => name);
    this.#tables = options.csv === undefined ? [] : openTables(options.csv, tableNames);
    this.#files.push(...this.#tables);
    this.journey = options.packet === undefined ? null : new Journey(session.trace, options.packet);
    if (this.journey !== null) {
      session.trace.wantAll();
      session.trace.listen((event) => this.journey?.onEvent(event));
    }
  }

  /** Why a file could not be written any more, or null. */
  get failure(): string | null {
    return this.#files.find(({ failure }) => failure !== null)?.failure ?? null;
  }

  /** Completes and closes the files. */
  finish(measurements: readonly Measurement[]): void {
    writeTables(this.#tables, measurements);
    this.#capture?.exporter.finish(this.#session.now);
    this.#trace?.exporter.finish();
    for (const file of this.#files) file.close();
  }

  get capture(): CaptureSummary | null {
    if (this.#capture === null) return null;
    const { exporter, file, interfaces } = this.#capture;
    return { file: file.path, frames: exporter.frames, interfaces, bytes: file.bytes };
  }

  get trace(): TraceSummary | null {
    if (this.#trace === null) return null;
    return { file: this.#trace.file.path, events: this.#trace.exporter.written, bytes: this.#trace.file.bytes };
  }

  /** Files of the tables that were written. */
  get tables(): readonly string[] {
    return this.#tables.map(({ path }) => path);
  }

  #openCapture(path: string, selected: readonly number[]): void {
    const file = this.#open(path);
    const { captureInterfaces: interfaces, names } = this.#session;
    const exporter = new PcapngExporter({ interfaces, selected, names, sink: (chunk) => file.write(chunk) });
    this.#capture = { exporter, file, interfaces: selected.length };
    this.#session.capture(selected, exporter);
  }

  #openTrace(path: string, lab: Lab): void {
    const file = this.#open(path);
    const exporter = new TraceEventExporter(traceNames(lab), (text) => file.write(text));
    this.#trace = { exporter, file };
    this.#session.trace.wantAll();
    this.#session.trace.listen((event) => exporter.onEvent(event));
  }

  #open(path: string): FileSink {
    const file = new FileSink(path);
    this.#files.push(file);
    return file;
  }
}

/** @throws CliFailure for an output that would be empty, go nowhere, or overwrite another one or the lab. */
function checkPaths(lab: Lab, { pcap, trace, csv }: RunOptions): void {
  const outputs = [
    ["--pcap", pcap],
    ["--trace", trace],
    ["--csv", csv],
  ] as const;
  for (const [option, path] of outputs) {
    if (path === "-") throw new CliFailure(EXIT.usage, `${option} needs a file: standard output has the report`);
  }
  if (csv !== undefined && lab.measurements.length === 0) {
    throw new CliFailure(EXIT.usage, `--csv writes the tables of the lab's 'measure', and ${lab.file} has none`);
  }
  refuseSharedFiles([["the lab", lab.file], ...outputs]);
}
