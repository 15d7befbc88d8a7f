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

/** In the unit of -f: a letter of k, m, g, t, small for bits, large for bytes; any other chooses by the size. */
function inUnit(value: number, base: number, format: string): string {
  const unit = UNITS.indexOf(format.toUpperCase());
  if (unit < 1) return scaled(value, base);
  const number = value / base ** unit;
  const digits = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
  return `${number.toFixed(digits).padStart(4)} ${UNITS[unit] ?? ""}`;
}

const isUpperCase = (format: string): boolean => /^[A-Z]$/.test(format);
const amountText = (bytes: number, format: string): string => `${inUnit(bytes, 1024, format)}Bytes`;
/** A size of a buffer: iperf has it in the singular. */
export const sizeText = (bytes: number): string => `${scaled(bytes, 1024)}Byte`;
const rateText = (bitsPerSecond: number, format: string): string =>
  isUpperCase(format)
    ? `${inUnit(bitsPerSecond / 8, 1024, format)}Bytes/sec`
    : `${inUnit(bitsPerSecond, 1000, format)}bits/sec`;

/** ` 0.0000-10.0012 sec` */
function span(from: number, to: number): string {
  const seconds = (at: number): string => fixedPoint(Math.round(at / 100_000), 4);
  return `${seconds(from)}-${seconds(to)} sec`;
}

export type Interval = { readonly from: number; readonly to: number; readonly bytes: number };

const rate = ({ from, to, bytes }: Interval): number => (to > from ? (bytes * 8 * SECOND) / (to - from) : 0);

export const LINE = "-".repeat(60);

/** `[  1]`, or `[SUM]` for all streams of a test together. */
export const label = (id: number | "SUM"): string => `[${String(id).padStart(3)}]`;

export const clientLine = (id: number | "SUM", each: Interval, format = "a"): string =>
  `${label(id)} ${span(each.from, each.to)}  ${amountText(each.bytes, format)}  ${rateText(rate(each), format)}`;

/** What -e adds: writes, errors, retransmissions, cwnd in KBytes, RTT and its variation in us, and network power. */
export function enhancedText(each: Interval, figures: Enhanced): string {
  const { writes, errors, retransmits, cwndBytes, rttUs, rttvarUs } = figures;
  const bytesPerSecond = rate(each) / 8;
  const power = rttUs === 0 ? 0 : bytesPerSecond / rttUs;
  const cwnd = `${String(Math.floor(cwndBytes / 1024)).padStart(9)}K/${rttUs}(${rttvarUs}) us`;
  const counts = `${writes}/${errors}${String(retransmits).padStart(11)}`;
  return `  ${counts}${cwnd}  ${power < 100 ? power.toFixed(2) : power.toFixed(0)}`;
}

export interface Enhanced {
  readonly writes: number;
  readonly errors: number;
  readonly retransmits: number;
  readonly cwndBytes: number;
  readonly rttUs: number;
  readonly rttvarUs: number;
}

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
export const ENHANCED_HEADER =
  "[ ID] Interval            Transfer    Bandwidth       Write/Err  Rtry     Cwnd/RTT(var)        NetPwr";
export const SERVER_HEADER = "[ ID] Interval       Transfer     Bandwidth        Jitter   Lost/Total Datagrams";
