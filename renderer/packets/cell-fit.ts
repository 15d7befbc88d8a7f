/**
 * Which texts are too wide for their cells. Only these are clipped: each clip is one more thing that the browser has to
 * put into its layers, and a list of packets has as many cells as the rest of the window has elements.
 */
import { widthOf, type ColumnId } from "./columns.ts";
import { measureIn, TextWidths } from "./text-widths.ts";

/** At both sides of a cell, px. */
const PADDING = 12;
/** Characters may be rounded to whole pixels where they are drawn. */
const SLACK = 1.03;

let widths: TextWidths | null = null;

/** @param beside what else stands in the cell, px. */
export function fits(column: ColumnId, text: string | number, beside = 0): boolean {
  widths ??= new TextWidths(measureIn(listFont()));
  return widths.of(String(text)) * SLACK + beside <= widthOf(column) - PADDING;
}

function listFont(): string {
  const style = getComputedStyle(document.documentElement);
  return `${style.getPropertyValue("--text-size-small")} ${style.getPropertyValue("--font")}`;
}
