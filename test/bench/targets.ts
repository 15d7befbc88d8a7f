/** Targets that are not a ratio to a peer: whether they are met, in words. */
import type { WindowRow } from "../bench-window/run.ts";
import type { ScenarioResult } from "./measure.ts";

export interface FactTarget {
  /** Name of the fact. */
  readonly fact: string;
  readonly least?: number;
  readonly most?: number;
}

export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
};

/** What cannot be measured is not met. */
const isMet = (value: number, least: number, most: number): boolean => value >= least && value <= most;

const verdict = (met: boolean): string => (met ? "met" : "MISSED");

const meets = ({ fact, least = -Infinity, most = Infinity }: FactTarget, ours: readonly ScenarioResult[]): boolean =>
  isMet(median(ours.map(({ facts }) => facts[fact] ?? NaN)), least, most);

export function factLine(wants: FactTarget, ours: readonly ScenarioResult[]): string {
  const bound = wants.least === undefined ? `<= ${wants.most ?? NaN}` : `>= ${wants.least}`;
  return `${wants.fact} ${bound}: ${verdict(meets(wants, ours))}`;
}

const msOf = ({ results }: WindowRow): number => median(results.map(({ ms }) => ms));

const isWindowMet = (row: WindowRow): boolean => isMet(msOf(row), 0, row.scenario.most);

export function windowLines(rows: readonly WindowRow[], asJson: boolean): string[] {
  if (asJson && rows.length > 0) {
    return [JSON.stringify(rows.map(({ scenario, results }) => ({ name: scenario.name, results })))];
  }
  return rows.map((row) => {
    const { name, what, most } = row.scenario;
    const facts = Object.entries(row.results[0]?.facts ?? {}).map(
      ([fact, value]) => `${fact}=${Number(value.toFixed(2))}`,
    );
    const met = verdict(isWindowMet(row)).padEnd(6);
    const value = `${msOf(row).toFixed(2).padStart(8)} ms  <= ${String(most).padEnd(4)} ${met}`;
    return `${name.padEnd(16)}${value}  ${what}  ${facts.join(" ")}`;
  });
}

/** Whether a target was missed. */
export function missed(
  rows: readonly { readonly scenario: { readonly wants?: FactTarget }; readonly ours: readonly ScenarioResult[] }[],
  seen: readonly WindowRow[],
): boolean {
  const misses = rows.filter(({ scenario, ours }) => scenario.wants !== undefined && !meets(scenario.wants, ours));
  return misses.length > 0 || seen.some((row) => !isWindowMet(row));
}
