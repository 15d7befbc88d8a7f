/** Lets a command give the keyboard to the clock, wherever it is drawn. */
let clock: HTMLInputElement | null = null;

export function setClock(element: HTMLInputElement | null): void {
  clock = element;
}

export function focusClock(): void {
  clock?.focus();
}
