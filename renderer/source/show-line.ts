/** Leads to a line of the lab file, from a problem or a node. */
import { ref } from "vue";
import { openPane } from "../panes/registry.ts";

/** Counts requests, so that the same line can be asked for again. */
export const wantedLine = ref({ line: 0, request: 0 });

export function showLine(line: number): void {
  openPane("source", { focus: true });
  wantedLine.value = { line, request: wantedLine.value.request + 1 };
}
