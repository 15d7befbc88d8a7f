/** Draws a CPU timeline on a canvas: only what is in sight, and no more than one stroke a pixel. */
import type { CpuInterval } from "../../core/contract/api/close-view.ts";
import { token } from "../theme/theme.ts";
import { firstEndingAfter, type CpuLane, type Lane, type LaneContext, type RingLane } from "./timeline-lanes.ts";
import { ticksOf, type TimeWindow } from "./timeline-window.ts";

export const AXIS_HEIGHT = 22;
export const LABEL_WIDTH = 116;
const CPU_LANE = 20;
const RING_LANE = 40;
const CPU_GAP = 8;
const TICK_PX = 110;
const NAME_PX = 28;

export interface LanePlace {
  readonly lane: Lane;
  readonly y: number;
  readonly height: number;
}

/** Lanes from top to bottom; a gap between CPUs. */
export function layLanes(lanes: readonly Lane[]): { readonly places: readonly LanePlace[]; readonly height: number } {
  let y = AXIS_HEIGHT + 4;
  const places: LanePlace[] = [];
  lanes.forEach((lane, at) => {
    const before = lanes[at - 1];
    const isNewGroup =
      before !== undefined && (lane.kind === "cpu" ? before.kind !== "cpu" || before.cpu !== lane.cpu : true);
    if (isNewGroup) y += CPU_GAP;
    const height = lane.kind === "cpu" ? CPU_LANE : RING_LANE;
    places.push({ lane, y, height });
    y += height + 2;
  });
  return { places, height: y + 4 };
}

export interface Scene {
  readonly places: readonly LanePlace[];
  readonly window: TimeWindow;
  /** Where the run stands. */
  readonly now: number;
  readonly selected: CpuInterval | null;
  readonly width: number;
  readonly height: number;
}

const TOKENS: Readonly<Record<LaneContext, string>> = { hardirq: "danger", softirq: "warn", process: "accent" };

export function paint(context: CanvasRenderingContext2D, scene: Scene): void {
  const { width, height, window, places, now } = scene;
  const plot = width - LABEL_WIDTH;
  const scale = plot / (window.to - window.from);
  const xOf = (time: number): number => LABEL_WIDTH + (time - window.from) * scale;
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  paintAxis(context, scene, xOf);
  context.save();
  context.beginPath();
  context.rect(LABEL_WIDTH, AXIS_HEIGHT, plot, height);
  context.clip();
  for (const place of places) {
    context.fillStyle = token("bg-2");
    context.fillRect(LABEL_WIDTH, place.y, plot, place.height);
    if (place.lane.kind === "cpu") paintIntervals(context, { ...place, lane: place.lane }, scene, xOf);
    else paintRing(context, { ...place, lane: place.lane }, scene, xOf);
  }
  context.fillStyle = token("ok");
  context.fillRect(Math.round(xOf(now)), AXIS_HEIGHT, 1.5, height);
  context.restore();
  paintTitles(context, places);
}

function paintAxis(
  context: CanvasRenderingContext2D,
  { window, width, height }: Scene,
  xOf: (time: number) => number,
): void {
  context.textAlign = "center";
  for (const { time, label } of ticksOf(window, Math.floor((width - LABEL_WIDTH) / TICK_PX))) {
    const x = Math.round(xOf(time)) + 0.5;
    context.fillStyle = token("line");
    context.fillRect(x, AXIS_HEIGHT, 1, height);
    context.fillStyle = token("text-3");
    const half = context.measureText(label).width / 2;
    context.fillText(label, Math.max(LABEL_WIDTH + half, Math.min(width - half - 4, x)), AXIS_HEIGHT / 2);
  }
}

function paintTitles(context: CanvasRenderingContext2D, places: readonly LanePlace[]): void {
  context.textAlign = "left";
  for (const { lane, y, height } of places) {
    context.fillStyle = token("text-2");
    const isFirst = lane.kind === "cpu" && lane.context === "hardirq";
    if (isFirst) context.fillText(`CPU ${lane.cpu}`, 10, y + height / 2);
    context.fillStyle = token("text-3");
    if (lane.kind === "cpu") context.fillText(lane.title, 58, y + height / 2);
    else {
      context.fillText(lane.title, 10, y + height / 2 - 7);
      context.fillText(`of ${lane.ring.size}`, 10, y + height / 2 + 8);
    }
  }
}

function paintIntervals(
  context: CanvasRenderingContext2D,
  { lane, y, height }: LanePlace & { lane: CpuLane },
  { window, selected }: Scene,
  xOf: (time: number) => number,
): void {
  const color = token(TOKENS[lane.context]);
  const ink = token("proto-ink");
  let drawnTo = -Infinity;
  context.textAlign = "left";
  for (let at = firstEndingAfter(lane.intervals, window.from); at < lane.intervals.length; at++) {
    const interval = lane.intervals[at] as CpuInterval;
    if (interval.start > window.to) break;
    const x = Math.max(LABEL_WIDTH - 2, xOf(interval.start));
    const end = Math.max(x + 1, xOf(interval.end));
    // Thousands of short ones fall on one pixel: one stroke shows them all.
    if (end <= drawnTo && interval !== selected) continue;
    drawnTo = end;
    context.fillStyle = color;
    const span = end - x;
    context.fillRect(x, y + 2, span > 3 ? span - 0.5 : span, height - 4);
    if (span >= NAME_PX) {
      context.fillStyle = ink;
      context.fillText(fitted(context, interval.name, span - 8), x + 4, y + height / 2);
    }
    if (interval === selected) {
      context.strokeStyle = token("text");
      context.lineWidth = 2;
      context.strokeRect(x - 1, y + 1, Math.max(3, span + 1), height - 2);
    }
  }
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let shorter = text;
  while (shorter.length > 1 && context.measureText(`${shorter}…`).width > width) shorter = shorter.slice(0, -1);
  return `${shorter}…`;
}

function paintRing(
  context: CanvasRenderingContext2D,
  { lane: { ring }, y, height }: LanePlace & { lane: RingLane },
  { window, width }: Scene,
  xOf: (time: number) => number,
): void {
  const bottom = y + height;
  const levelOf = (used: number): number => bottom - (used / Math.max(1, ring.size)) * (height - 2);
  context.beginPath();
  context.moveTo(LABEL_WIDTH, bottom);
  let level = bottom;
  let isFull = false;
  for (let at = 0; at < ring.time.length; at++) {
    const time = ring.time[at] ?? 0;
    const used = ring.used[at] ?? 0;
    if (time > window.to) break;
    const x = Math.max(LABEL_WIDTH, xOf(time));
    context.lineTo(x, level);
    level = levelOf(used);
    context.lineTo(x, level);
    isFull ||= used >= ring.size && time >= window.from;
  }
  context.lineTo(width, level);
  context.lineTo(width, bottom);
  context.closePath();
  context.fillStyle = token("accent-soft");
  context.fill();
  context.strokeStyle = token(isFull ? "danger" : "accent");
  context.lineWidth = 1.2;
  context.stroke();
}
