/** Columns, times and fixed-point numbers, in integers where it matters. */
import { SECOND } from "../../base/time.ts";

/** `value / 10^digits` with exactly `digits` decimals, from an integer. */
export function fixedPoint(value: number, digits: number): string {
  if (digits === 0) return String(Math.round(value));
  const sign = value < 0 ? "-" : "";
  const scale = 10 ** digits;
  const magnitude = Math.abs(Math.round(value));
  const rest = magnitude % scale;
  return `${sign}${(magnitude - rest) / scale}.${String(rest).padStart(digits, "0")}`;
}

/** As C's %g: so many significant digits, no trailing zeros. For numbers that need no exponent. */
export const general = (value: number, digits: number): string => String(Number(value.toPrecision(digits)));

/** us as milliseconds with three decimals: 1234 is `1.234`. */
export const milliseconds = (us: number): string => fixedPoint(us, 3);

/** A round trip as ping prints it, from us: fewer decimals as it grows. */
export function roundTripText(us: number): string {
  if (us >= 100_000 - 50) return String(Math.floor((us + 500) / 1000));
  if (us >= 10_000 - 5) return fixedPoint(Math.floor((us + 50) / 100), 1);
  if (us >= 1000) return fixedPoint(Math.floor((us + 5) / 10), 2);
  return fixedPoint(us, 3);
}

/** `HH:MM:SS` of a span in ns. */
export function clock(span: number): string {
  const seconds = Math.floor(span / SECOND);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** Rows padded to their widest cell; cells of columns in `right` are aligned right. The last column is not padded. */
export function columns(rows: readonly (readonly string[])[], gap = 1, right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        if (right.includes(i)) return cell.padStart(width);
        return i === row.length - 1 ? cell : cell.padEnd(width);
      })
      .join(" ".repeat(gap)),
  );
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const DAY_SECONDS = 86_400;

export type CivilTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: string;
  readonly monthName: string;
  readonly seconds: number;
};

/** UTC calendar date of seconds since 1970 (H. Hinnant's days-to-civil in era arithmetic). */
export function civilTime(epochSeconds: number): CivilTime {
  const days = Math.floor(epochSeconds / DAY_SECONDS);
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fifth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fifth < 10 ? fifth + 3 : fifth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fifth + 2) / 5) + 1,
    weekday: DAYS[(((days + 4) % 7) + 7) % 7] ?? "",
    monthName: MONTHS[month - 1] ?? "",
    seconds: epochSeconds - days * DAY_SECONDS,
  };
}
