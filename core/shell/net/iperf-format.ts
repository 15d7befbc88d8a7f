/** The lines of iperf 2's reports. Amounts use 1024, rates 1000, as iperf does; three significant digits. */
import { SECOND } from "../../base/time.ts";
import { fixedPoint } from "../lib/format.ts";

const UNITS = ["", "K", "M", "G", "T"];

function scaled(value: number, base: number): string {
  let unit = 0;
  let number = value;
  while (number >= base && unit < UNITS.length - 1) {
    number /= base;
    unit++;
  }
  const digits = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
  return `${fixedPoint(Math.round(number * 10 ** digits), digits)
    .replace(/\.$/, "")
    .padStart(4)} ${UNITS[unit] ?? ""}`;
}

const amountText = (bytes: number): string => `${scaled(bytes, 1024)}Bytes`;
/** A size of a buffer: iperf has it in the singular. */
export const sizeText = (bytes: number): string => `${scaled(bytes, 1024)}Byte`;
const rateText = (bitsPerSecond: number): string => `${scaled(bitsPerSecond, 1000)}bits/sec`;

/** ` 0.0000-10.0012 sec` */
function span(from: number, to: number): string {
  const seconds = (at: number): string => fixedPoint(Math.round(at / 100_000), 4);
  return `${seconds(from)}-${seconds(to)} sec`;
}

export type Interval = { readonly from: number; readonly to: number; readonly bytes: number };

const rate = ({ from, to, bytes }: Interval): number => (to > from ? (bytes * 8 * SECOND) / (to - from) : 0);

export const clientLine = (id: number, each: Interval): string =>
  `[${String(id).padStart(3)}] ${span(each.from, each.to)}  ${amountText(each.bytes)}  ${rateText(rate(each))}`;

export type ServerCounts = Interval & {
  /** ns, smoothed as RFC 1889 has it. */
  readonly jitter: number;
  readonly lost: number;
  readonly total: number;
};

export function serverLine(id: number, each: ServerCounts): string {
  const percent = each.total === 0 ? "0" : shortPercent((each.lost * 100) / each.total);
  const jitter = fixedPoint(Math.round(each.jitter / 1000), 3).padStart(6);
  return `${clientLine(id, each)}  ${jitter} ms ${each.lost}/${each.total} (${percent}%)`;
}

/** Two significant digits, as C's %.2g. */
function shortPercent(value: number): string {
  if (value === 0) return "0";
  if (value >= 99.5) return "1e+02";
  const digits = value >= 9.95 ? 0 : value >= 0.995 ? 1 : value >= 0.0995 ? 2 : 3;
  return fixedPoint(Math.round(value * 10 ** digits), digits)
    .replace(/\.0*$/, "")
    .replace(/(\.\d*?)0+$/, "$1");
}

export const CLIENT_HEADER = "[ ID] Interval       Transfer     Bandwidth";
export const SERVER_HEADER = "[ ID] Interval       Transfer     Bandwidth        Jitter   Lost/Total Datagrams";
