/** The dock's layout, for commands: the dock is there only while a lab is open. */
export type PaneEdge = "left" | "right" | "above" | "below";

interface Layout {
  reset(): void;
  closeActive(): void;
  toggleMaximized(): void;
  readonly isMaximized: boolean;
  moveActive(to: PaneEdge): void;
  resizeActive(by: { readonly width?: number; readonly height?: number }): void;
  focusNeighbour(by: number): void;
}

let layout: Layout | null = null;

export function setLayout(to: Layout | null): void {
  layout = to;
}

export const currentLayout = (): Layout | null => layout;
