/** The packet list's columns. Widths are people's own and remembered; the last column takes what is left. */
import { reactive } from "vue";
import { readSetting, removeSetting, writeSetting } from "../stores/settings.ts";

export type ColumnId = "number" | "time" | "interface" | "source" | "target" | "protocol" | "length" | "info";

export interface Column {
  readonly id: ColumnId;
  readonly title: string;
  readonly width: number;
  /** Numbers stand at the right. */
  readonly isNumber: boolean;
}

export const COLUMNS: readonly Column[] = [
  { id: "number", title: "No.", width: 62, isNumber: true },
  { id: "time", title: "Time (s)", width: 80, isNumber: true },
  { id: "interface", title: "Interface", width: 112, isNumber: false },
  { id: "source", title: "Source", width: 100, isNumber: false },
  { id: "target", title: "Destination", width: 100, isNumber: false },
  { id: "protocol", title: "Protocol", width: 68, isNumber: false },
  { id: "length", title: "Length", width: 58, isNumber: true },
  { id: "info", title: "Info", width: 240, isNumber: false },
];

export const WIDTH_MIN = 36;
const WIDTH_MAX = 1200;
const SETTING = "packets.columns";

const widths = reactive<Record<ColumnId, number>>(defaults());
restore();

export function widthOf(column: ColumnId): number {
  return widths[column];
}

export function setWidth(column: ColumnId, width: number): void {
  widths[column] = Math.round(Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, width)));
  writeSetting(SETTING, JSON.stringify(widths));
}

export function resetWidth(column: ColumnId): void {
  setWidth(column, defaults()[column]);
}

export function resetColumns(): void {
  Object.assign(widths, defaults());
  removeSetting(SETTING);
}

/** For `grid-template-columns`. */
export function columnTemplate(): string {
  return COLUMNS.map(({ id }, at) =>
    at === COLUMNS.length - 1 ? `minmax(${widths[id]}px, 1fr)` : `${widths[id]}px`,
  ).join(" ");
}

/** Of all columns at their narrowest, pixels. */
export function columnsWidth(): number {
  return COLUMNS.reduce((sum, { id }) => sum + widths[id], 0);
}

function defaults(): Record<ColumnId, number> {
  return Object.fromEntries(COLUMNS.map(({ id, width }) => [id, width])) as Record<ColumnId, number>;
}

function restore(): void {
  try {
    const stored: unknown = JSON.parse(readSetting(SETTING) ?? "{}");
    for (const { id } of COLUMNS) {
      const width = (stored as Partial<Record<ColumnId, unknown>>)[id];
      if (typeof width === "number" && width >= WIDTH_MIN && width <= WIDTH_MAX) widths[id] = width;
    }
  } catch {
    // Written by something else: the defaults will do.
  }
}
