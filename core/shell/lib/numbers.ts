/** Numbers, durations and rates as command lines give them. Null for what is not one. */
import { SECOND } from "../../base/time.ts";

export function parseInteger(text: string | undefined, least: number, most: number): number | null {
  if (text === undefined || !/^[+-]?\d{1,15}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** A decimal number such as `0.2`. */
export function parseDecimal(text: string | undefined): number | null {
  if (text === undefined || !/^[+-]?(\d{1,15}(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?$/i.test(text)) return null;
  return Number(text);
}

/** Seconds with a fraction, as ping -i takes them, in ns. */
export function parseSeconds(text: string | undefined): number | null {
  const value = parseDecimal(text);
  return value === null || value < 0 || value > 1e6 ? null : Math.round(value * SECOND);
}

const SLEEP_UNITS = new Map([
  ["", 1],
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
]);

/** As sleep(1) takes it: `1.5`, `2m`. In ns. */
export function parseSleep(text: string): number | null {
  if (text === "infinity" || text === "inf") return 1e6 * SECOND;
  const match = /^(.*?)([smhd]?)$/.exec(text);
  const value = parseDecimal(match?.[1]);
  const unit = SLEEP_UNITS.get(match?.[2] ?? "");
  if (value === null || unit === undefined || value < 0) return null;
  return Math.round(Math.min(value * unit, 1e6) * SECOND);
}

const RATE_UNITS = new Map([
  ["", 1],
  ["k", 1e3],
  ["m", 1e6],
  ["g", 1e9],
  ["K", 1024],
  ["M", 1024 ** 2],
  ["G", 1024 ** 3],
]);

/** As iperf takes rates and amounts: `10m` is ten million, `10M` is 10 * 2^20. */
export function parseScaled(text: string | undefined): number | null {
  const match = /^([\d.]+)([kmg]?)$/i.exec(text ?? "");
  const value = parseDecimal(match?.[1]);
  const unit = RATE_UNITS.get(match?.[2] ?? "");
  return value === null || unit === undefined ? null : Math.round(value * unit);
}
