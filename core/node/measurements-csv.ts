/**
 * Measured tables as CSV (RFC 4180), one file a table. The files are opened before the run, so that a wrong path is
 * known before the work and not after it.
 */
import { extname } from "node:path";
import type { Measurement } from "../contract/run-report.ts";
import { FileSink } from "./file-sink.ts";

/**
 * Opens a file for each table; with more than one, each file's name gets the table's before its ending.
 * @throws CliFailure when one cannot be written.
 */
export function openTables(path: string, names: readonly string[]): FileSink[] {
  return names.map((name, index) => new FileSink(names.length === 1 ? path : withName(path, name, index)));
}

/** Fills and closes the files that `openTables` opened for these tables. */
export function writeTables(files: readonly FileSink[], measurements: readonly Measurement[]): void {
  for (const [index, file] of files.entries()) {
    const measurement = measurements[index];
    if (measurement !== undefined) file.write(csvText(measurement));
    file.close();
  }
}

function csvText({ columns, rows }: Measurement): string {
  const [, ...counters] = columns;
  const lines = [["time_ns", ...counters.map(quoted)], ...rows.map((row) => row.map(String))];
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

/** The number keeps two names apart that differ only in characters a file name should not have. */
function withName(path: string, name: string, index: number): string {
  const ending = extname(path);
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, "-");
  return `${path.slice(0, path.length - ending.length)}.${index + 1}-${safe}${ending}`;
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
