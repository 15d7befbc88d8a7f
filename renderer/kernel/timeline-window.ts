/** The stretch of virtual time that is on the screen: zooming, moving, and the ticks of its axis. Times are ns. */

export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

const SPAN_MIN = 200;

/** Kept within [0, end], as wide as it is where that can be. */
export function clampWindow({ from, to }: TimeWindow, end: number): TimeWindow {
  const span = Math.max(SPAN_MIN, Math.min(to - from, Math.max(end, SPAN_MIN)));
  const start = Math.max(0, Math.min(from, Math.max(end, SPAN_MIN) - span));
  return { from: Math.round(start), to: Math.round(start + span) };
}

/** @param at the instant that stays where it is. */
export function zoomed({ from, to }: TimeWindow, at: number, factor: number, end: number): TimeWindow {
  const span = Math.max(SPAN_MIN, (to - from) * factor);
  const share = (at - from) / (to - from);
  const start = at - share * span;
  return clampWindow({ from: start, to: start + span }, end);
}

export function moved({ from, to }: TimeWindow, by: number, end: number): TimeWindow {
  return clampWindow({ from: from + by, to: to + by }, end);
}

export interface Tick {
  readonly time: number;
  readonly label: string;
}

/** At round instants, at most `count` of them. */
export function ticksOf({ from, to }: TimeWindow, count: number): Tick[] {
  const least = (to - from) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const step = Math.max(1, [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least) ?? power * 10);
  const ticks: Tick[] = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    ticks.push({ time, label: labelOf(time, step) });
  }
  return ticks;
}

/** Seconds, with as many digits as tell neighbouring ticks apart. */
function labelOf(time: number, step: number): string {
  const digits = Math.max(0, Math.min(9, 9 - Math.floor(Math.log10(step))));
  const [whole = "0", rest = ""] = (time / 1e9).toFixed(digits).split(".");
  return rest === "" ? `${whole} s` : `${whole}.${rest.replace(/(\d{3})(?=\d)/g, "$1\u202f")} s`;
}
