/** The dock's layout, for commands: the dock is there only while a lab is open. */
let reset: (() => void) | null = null;

export function setLayoutReset(to: (() => void) | null): void {
  reset = to;
}

export function resetLayout(): void {
  reset?.();
}
