/** Short messages at the edge of the window: what went wrong and what to do. Errors stay until they are dismissed. */
import { shallowReactive } from "vue";
import type { ApiProblem } from "../../core/contract/api/problem.ts";

export interface Notice {
  readonly id: number;
  readonly kind: "info" | "warning" | "error";
  readonly title: string;
  readonly hint: string;
  readonly action: { readonly title: string; readonly run: () => void } | null;
}

const SHOWN_MAX = 4;
const INFO_MS = 5000;

export const notices = shallowReactive<Notice[]>([]);
let ids = 0;

/** @returns its id, to dismiss it by. */
export function notify(notice: Omit<Notice, "id" | "hint" | "action"> & Partial<Notice>): number {
  const whole: Notice = { hint: "", action: null, ...notice, id: ++ids };
  const same = notices.findIndex(({ title, hint }) => title === whole.title && hint === whole.hint);
  if (same >= 0) notices.splice(same, 1);
  notices.push(whole);
  if (notices.length > SHOWN_MAX) notices.shift();
  if (whole.kind === "info") setTimeout(() => dismiss(whole.id), INFO_MS);
  return whole.id;
}

export function dismiss(id: number): void {
  const at = notices.findIndex((notice) => notice.id === id);
  if (at >= 0) notices.splice(at, 1);
}

/** Shows whatever was thrown. */
export function report(error: unknown): void {
  const problem = error as Partial<ApiProblem>;
  const title = problem.title ?? (error instanceof Error ? error.message : String(error));
  notify({ kind: "error", title, hint: problem.hint ?? "" });
}
