/** Measured tables as CSV (RFC 4180), one file a table. */
import { extname } from "node:path";
import type { Measurement } from "../contract/run-report.ts";
import { FileSink } from "./file-sink.ts";

/** Writes them; with more than one, each file's name gets the table's before its ending. @returns the files. */
export function writeMeasurements(path: string, measurements: readonly Measurement[]): FileSink[] {
  return measurements.map((measurement) => {
    const file = new FileSink(measurements.length === 1 ? path : withName(path, measurement.name));
    file.write(csvText(measurement));
    file.close();
    return file;
  });
}

export function csvText({ columns, rows }: Measurement): string {
  const lines = [columns.map(quoted), ...rows.map((row) => row.map(String))];
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

function withName(path: string, name: string): string {
  const ending = extname(path);
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, "-");
  return `${path.slice(0, path.length - ending.length)}.${safe}${ending}`;
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
