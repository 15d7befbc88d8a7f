/** Dialogs that anything may ask for, one at a time: a question, a text, or a component of one's own. */
import { markRaw, shallowRef, type Component } from "vue";

export interface DialogRequest {
  readonly title: string;
  /** Gets `props`, and emits `close` when it is done. */
  readonly component: Component;
  readonly props: Readonly<Record<string, unknown>>;
  readonly width: number;
}

export const openDialog = shallowRef<DialogRequest | null>(null);
let settle: ((answer: unknown) => void) | null = null;

/** @returns what the component closed with; undefined when it was dismissed. */
export function showDialog(request: Omit<DialogRequest, "width"> & { width?: number }): Promise<unknown> {
  closeDialog(undefined);
  openDialog.value = { width: 420, ...request, component: markRaw(request.component) };
  return new Promise((resolve) => (settle = resolve));
}

export function closeDialog(answer: unknown): void {
  openDialog.value = null;
  settle?.(answer);
  settle = null;
}
