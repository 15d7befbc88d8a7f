/** Keys to commands. Single keys never reach a command while somebody types, and a key on a button is the button's. */
import { allCommands, isEnabled, runCommand, type Command } from "./registry.ts";

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

interface Chord {
  readonly control: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly key: string;
}

const NAMES: Readonly<Record<string, string>> = { " ": "space", escape: "esc" };

export function parseChord(text: string): Chord {
  const parts = text.split("+");
  // `Ctrl++` ends in an empty part: the key is the plus itself.
  const key = text.endsWith("+") ? "+" : (parts.at(-1) ?? "");
  const modifiers = parts.slice(0, -1).map((part) => part.toLowerCase());
  return {
    control: modifiers.includes("ctrl"),
    shift: modifiers.includes("shift"),
    alt: modifiers.includes("alt"),
    key: key.toLowerCase(),
  };
}

function matches(chord: Chord, event: KeyboardEvent): boolean {
  const key = event.key.toLowerCase();
  if ((NAMES[key] ?? key) !== chord.key) return false;
  const control = isMac ? event.metaKey : event.ctrlKey;
  if (control !== chord.control || event.altKey !== chord.alt) return false;
  // `?` needs Shift on most keyboards and is already what the key says; letters tell by their modifiers.
  const saysShift = chord.key.length === 1 && chord.key.toUpperCase() === chord.key.toLowerCase();
  return saysShift && !chord.control ? true : event.shiftKey === chord.shift;
}

const SHORT: Readonly<Record<string, string>> = {
  Delete: "Del",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** How a chord is written on a menu. */
export function formatChord(text: string): string {
  const short = text.replace(/(Delete|Arrow\w+)$/, (key) => SHORT[key] ?? key);
  return isMac ? short.replace("Ctrl+", "⌘").replace("Shift+", "⇧").replace("Alt+", "⌥") : short;
}

export function shownKeys(command: Command | undefined): string {
  const first = command?.keys?.[0];
  return first === undefined ? "" : formatChord(first);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest(".monaco-editor, .xterm") !== null) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Space and Enter press what has the focus; arrows move in it. */
function isPressing(event: KeyboardEvent): boolean {
  if (event.key !== " " && event.key !== "Enter") return false;
  const target = event.target instanceof HTMLElement ? event.target : null;
  return (
    target !== null && target.closest("button, a, summary, input, [role=menuitem], [role=option], [role=tab]") !== null
  );
}

/** Keys of text fields that no command may take away there. */
const EDITING = new Set(["z", "y", "x", "c", "v", "a"]);

export function listenForKeys(): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const hasModifier = event.ctrlKey || event.metaKey;
    const isEditing = EDITING.has(event.key.toLowerCase());
    if (isTyping(event.target) && (!hasModifier || isEditing)) return;
    // Text that was marked anywhere is what Ctrl+C means.
    if (hasModifier && isEditing && document.getSelection()?.isCollapsed === false) return;
    if (!hasModifier && isPressing(event)) return;
    if (document.querySelector("[role=dialog][data-state=open], [role=menu][data-state=open]") !== null) return;
    for (const command of allCommands()) {
      if (command.keys?.some((keys) => matches(parseChord(keys), event)) !== true || !isEnabled(command)) continue;
      event.preventDefault();
      event.stopPropagation();
      runCommand(command.id);
      return;
    }
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
