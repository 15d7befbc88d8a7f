/** Small choices that survive a restart. A browser may refuse to store them; then they last as long as the window. */

const PREFIX = "lastack.";
const fallback = new Map<string, string>();

export function readSetting(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return fallback.get(name) ?? null;
  }
}

export function writeSetting(name: string, value: string): void {
  fallback.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Kept in `fallback`.
  }
}

export function removeSetting(name: string): void {
  fallback.delete(name);
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // It was not stored either.
  }
}
