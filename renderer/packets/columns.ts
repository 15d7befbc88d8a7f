/**
 * The packet list's columns. Widths are people's own and remembered; the last column takes what is left. In a narrow
 * list those that nobody has set give way, so that none is out of sight.
 */
import { computed, reactive, ref } from "vue";
import { readSetting, removeSetting, writeSetting } from "../stores/settings.ts";

export type ColumnId = "number" | "time" | "interface" | "source" | "target" | "protocol" | "length" | "info";

export interface Column {
  readonly id: ColumnId;
  readonly title: string;
  /** For a column that has given way. */
  readonly shortTitle?: string;
  readonly width: number;
  /** How narrow it becomes by itself: its usual contents still fit. */
  readonly least: number;
  /** Numbers stand at the right. */
  readonly isNumber: boolean;
}

export const COLUMNS: readonly Column[] = [
  { id: "number", title: "No.", width: 62, least: 48, isNumber: true },
  { id: "time", title: "Time (s)", width: 80, least: 72, isNumber: true },
  { id: "interface", title: "Interface", width: 112, least: 100, isNumber: false },
  { id: "source", title: "Source", width: 100, least: 96, isNumber: false },
  { id: "target", title: "Destination", width: 100, least: 96, isNumber: false },
  { id: "protocol", title: "Protocol", width: 68, least: 68, isNumber: false },
  { id: "length", title: "Length", shortTitle: "Len", width: 58, least: 44, isNumber: true },
  { id: "info", title: "Info", width: 240, least: 110, isNumber: false },
];

/** Of the list's head and of the details' tabs beside it, pixels; `--head-height` in the pane's styles. */
export const HEAD_HEIGHT = 25;
export const WIDTH_MIN = 36;
const WIDTH_MAX = 1200;
const SETTING = "packets.columns";

export type Widths = Readonly<Record<ColumnId, number>>;

const widths = reactive<Record<ColumnId, number>>(defaults());
restore();

/** Of the list, pixels. */
const available = ref(Infinity);
const shown = computed(() => fitted(widths, available.value));

/** Widths for a list that is `room` pixels wide. */
export function fitted(wanted: Widths, room: number): Widths {
  const spareOf = ({ id, width, least }: Column): number => (wanted[id] === width ? width - least : 0);
  const sum = (of: (column: Column) => number): number => COLUMNS.reduce((all, column) => all + of(column), 0);
  const lacking = sum(({ id }) => wanted[id]) - room;
  const share = Math.max(0, Math.min(1, lacking / Math.max(1, sum(spareOf))));
  const entries = COLUMNS.map((column) => [column.id, wanted[column.id] - Math.ceil(share * spareOf(column))]);
  return Object.fromEntries(entries) as Widths;
}

export function setRoom(room: number): void {
  available.value = room;
}

export function widthOf(column: ColumnId): number {
  return shown.value[column];
}

/** Its head, as it fits. */
export function titleOf({ id, title, shortTitle, width }: Column): string {
  return shortTitle !== undefined && widthOf(id) < width ? shortTitle : title;
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
    at === COLUMNS.length - 1 ? `minmax(${widthOf(id)}px, 1fr)` : `${widthOf(id)}px`,
  ).join(" ");
}

/** Of all columns at their narrowest, pixels. */
export function columnsWidth(): number {
  return COLUMNS.reduce((sum, { id }) => sum + widthOf(id), 0);
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
