/** The dock's layout, for commands: the dock is there only while a lab is open. */
interface Layout {
  reset(): void;
  closeActive(): void;
}

let layout: Layout | null = null;

export function setLayout(to: Layout | null): void {
  layout = to;
}

export function resetLayout(): void {
  layout?.reset();
}

export function closeActivePane(): void {
  layout?.closeActive();
}
