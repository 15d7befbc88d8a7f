/** How plots look: lines and axes in the tokens of the theme. */
import type uPlot from "uplot";
import { token } from "../theme/theme.ts";

export interface PlotLine {
  readonly label: string;
  /** Token. */
  readonly color: string;
  readonly dash?: readonly number[];
  readonly format: (value: number) => string;
  /** Holds its value until the next point; a measurement does not. */
  readonly isStepped?: boolean;
}

const FONT = "11px system-ui, sans-serif";

export function axesOf(unit: string): uPlot.Axis[] {
  const common = {
    stroke: token("text-3"),
    font: FONT,
    labelFont: FONT,
    grid: { stroke: token("line"), width: 1 },
    ticks: { stroke: token("line-strong"), width: 1, size: 4 },
  };
  return [
    { ...common, size: 26, values: (_plot, ticks) => ticks.map(timeTick) },
    { ...common, size: 58, label: unit, labelSize: 16, labelGap: 0, values: (_plot, ticks) => ticks.map(countTick) },
  ];
}

const timeTick = (seconds: number): string => `${Number(seconds.toPrecision(9))} s`;

function countTick(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(4))} M`;
  if (Math.abs(value) >= 1e4) return `${Number((value / 1e3).toPrecision(4))} k`;
  return String(Number(value.toPrecision(6)));
}
