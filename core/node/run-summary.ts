/** What a run has to say for itself, for people: checks, drops, measurements, figures, files. */
import { formatDuration } from "../base/time.ts";
import { DROP_REASON_TEXTS } from "../contract/drop-reason.ts";
import type { CheckResult, Measurement, RunReport } from "../contract/run-report.ts";
import type { Lab } from "../lab/model.ts";
import { NODE_LIMITS } from "./limits.ts";
import type { CaptureSummary, TraceSummary } from "./outputs.ts";
import { printable, type Style } from "./style.ts";

export interface RunFacts {
  readonly report: RunReport;
  readonly lab: Lab;
  readonly wallSeconds: number;
  readonly capture: CaptureSummary | null;
  readonly trace: TraceSummary | null;
  readonly tables: readonly string[];
}

export function summaryLines(facts: RunFacts, style: Style): string[] {
  const { report } = facts;
  return [
    ...section(
      "checks",
      report.checks.flatMap((check) => checkLines(check, facts.lab.file, style)),
    ),
    ...report.measurements.flatMap((one) => section(`measured: ${one.name}`, measurementLines(one))),
    ...section("drops", dropLines(report)),
    ...section(
      "not conserved",
      report.conservation.problems.map((problem) => style.bad(problem)),
    ),
    ...section("run", [...figureLines(facts), ...fileLines(facts, style)]),
  ];
}

/** What is not as it should be: failed checks, frames unaccounted for. Empty when all is well. */
export function problemLines({ report, lab }: RunFacts, style: Style): string[] {
  const failed = report.checks.filter(({ passed }) => !passed);
  return [
    ...failed.flatMap((check) => checkLines(check, lab.file, style)),
    ...report.conservation.problems.map((problem) => style.bad(`not conserved: ${problem}`)),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function checkLines(check: CheckResult, file: string, style: Style): string[] {
  const name = printable(check.name);
  if (check.passed) return [`${style.good("pass")}  ${name}`];
  const text = [
    `${style.bad("FAIL")}  ${name}  (${file}:${check.line}:${check.column}, at ${formatDuration(check.at)})`,
  ];
  // A check that never ran has nothing it was compared with.
  if (check.expected !== "") text.push(`      expected: ${indented(check.expected)}`);
  text.push(`      actual:   ${indented(check.actual)}`);
  return text;
}

const indented = (text: string): string => printable(text.trimEnd()).replaceAll("\n", `\n${" ".repeat(18)}`);

function measurementLines({ columns, rows }: Measurement): string[] {
  const shown = rows
    .slice(0, NODE_LIMITS.measurementRowsMax)
    .map(([time, ...counters]) => [formatDuration(time ?? 0), ...counters.map(cellText)]);
  const widths = columns.map((column, at) => Math.max(column.length, ...shown.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join("  ");
  const more = rows.length - shown.length;
  return [line(columns), ...shown.map(line), ...(more > 0 ? [`... and ${more} more rows (--csv writes all)`] : [])];
}

const cellText = (value: number): string => String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));

function dropLines(report: RunReport): string[] {
  const drops = report.conservation.drops.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count);
  const shown = drops.slice(0, NODE_LIMITS.dropLinesMax);
  const countWidth = Math.max(0, ...shown.map(({ count }) => String(count).length));
  const placeWidth = Math.max(0, ...shown.map(({ place }) => place.length));
  const lines = shown.map(
    ({ place, reason, count }) =>
      `${String(count).padStart(countWidth)}  ${place.padEnd(placeWidth)}  ${reason}: ${DROP_REASON_TEXTS[reason]}`,
  );
  const more = drops.length - shown.length;
  return more > 0 ? [...lines, `... and ${more} more lines (--json lists all)`] : lines;
}

function figureLines({ report, wallSeconds }: RunFacts): string[] {
  const { frames } = report.conservation;
  const rate = wallSeconds > 0 ? Math.round(report.events / wallSeconds) : 0;
  const copies = frames.copies > 0 ? ` + ${frames.copies} copies` : "";
  return [
    `${formatDuration(report.time)} of virtual time in ${wallSeconds.toFixed(2)} s: ` +
      `${grouped(report.events)} events (${grouped(rate)}/s)`,
    `frames: ${grouped(frames.sent)} sent${copies} = ${grouped(frames.delivered)} delivered ` +
      `+ ${grouped(frames.dropped)} dropped + ${grouped(frames.inFlight)} under way`,
    `seed ${report.seed}, digest ${report.digest}`,
  ];
}

function fileLines({ capture, trace, tables }: RunFacts, style: Style): string[] {
  const lines: string[] = [];
  if (capture !== null) {
    const what = `${grouped(capture.frames)} frames of ${capture.interfaces} interfaces, ${size(capture.bytes)}`;
    lines.push(`capture: ${style.strong(capture.file)} (${what}; open it with Wireshark or tshark -r)`);
  }
  if (trace !== null) {
    const what = `${grouped(trace.events)} events, ${size(trace.bytes)}`;
    lines.push(`trace:   ${style.strong(trace.file)} (${what}; open it at ui.perfetto.dev)`);
  }
  for (const table of tables) lines.push(`table:   ${style.strong(table)}`);
  return lines;
}

const grouped = (value: number): string => value.toLocaleString("en-US");

function size(bytes: number): string {
  if (bytes < 1e4) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
