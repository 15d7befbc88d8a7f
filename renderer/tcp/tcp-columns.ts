/** A connection's series as the plots take them: columns that grow with each answer of the core. */
import type { TcpSeries } from "../../core/contract/api/close-view.ts";

type Column = "cwnd" | "inFlight" | "srtt" | "rto" | "sndNxt" | "sndUna" | "windowEnd";
const COLUMNS: readonly Column[] = ["cwnd", "inFlight", "srtt", "rto", "sndNxt", "sndUna", "windowEnd"];

/** More points than this are thinned: a screen has fewer columns. */
const POINTS_MAX = 40_000;

export class TcpColumns {
  /** Seconds. */
  time: number[] = [];
  ssthresh: (number | null)[] = [];
  readonly values: Record<Column, number[]> = {
    ...{ cwnd: [], inFlight: [], srtt: [], rto: [], sndNxt: [], sndUna: [], windowEnd: [] },
  };
  readonly retransmits: { readonly time: number; readonly seq: number; readonly length: number }[] = [];
  readonly states: TcpSeries["states"][number][] = [];
  /** Cursor of the next question. */
  next = 0;

  add(series: TcpSeries): void {
    for (const time of series.time) this.time.push(time / 1e9);
    this.ssthresh.push(...series.ssthresh);
    for (const column of COLUMNS) this.values[column].push(...series[column]);
    for (const { time, seq, length } of series.retransmits) this.retransmits.push({ time: time / 1e9, seq, length });
    this.states.push(...series.states);
    this.next = series.next;
    if (this.time.length > POINTS_MAX) this.#thin();
  }

  clear(): void {
    this.time = [];
    this.ssthresh = [];
    for (const column of COLUMNS) this.values[column] = [];
    this.retransmits.length = 0;
    this.states.length = 0;
    this.next = 0;
  }

  /** Milliseconds, with nothing before the first measurement. */
  milliseconds(column: "srtt" | "rto"): (number | null)[] {
    return this.values[column].map((us) => (us === 0 ? null : us / 1000));
  }

  #thin(): void {
    const kept = <T>(list: readonly T[]): T[] => list.filter((_, at) => at % 2 === 0 || at === list.length - 1);
    this.time = kept(this.time);
    this.ssthresh = kept(this.ssthresh);
    for (const column of COLUMNS) this.values[column] = kept(this.values[column]);
  }
}
