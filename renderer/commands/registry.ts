/**
 * Everything a person can do, as commands: menus, the palette, keys and buttons all run them by id. Whoever has
 * something to offer registers it; nothing here knows what there is.
 */
import { shallowReactive } from "vue";
import { report } from "../stores/notices.ts";

export type CommandCategory = "File" | "Edit" | "View" | "Run" | "Network" | "Tools" | "Help";

export interface Command {
  /** `run.play-pause`: stable, for tests, menus of the desktop app, and links. */
  readonly id: string;
  readonly title: string;
  /** A title that says more at the moment: `Undo Delete h1`. */
  readonly titleNow?: () => string;
  readonly category: CommandCategory;
  /** `Ctrl+Shift+Z`, `Space`, `.`; on a Mac Ctrl is Command. The first one is shown. */
  readonly keys?: readonly string[];
  /** Place in its category's menu: groups are divided by lines. Left out: palette only. */
  readonly menu?: { readonly group: number; readonly order: number };
  /** Whether it can be done now; always, when left out. */
  readonly when?: () => boolean;
  /** For what is on or off. */
  readonly checked?: () => boolean;
  readonly run: (argument?: unknown) => unknown;
}

const commands = shallowReactive(new Map<string, Command>());

/** @returns how to take it back. */
export function registerCommand(command: Command): () => void {
  if (commands.has(command.id)) throw new Error(`two commands ${command.id}`);
  commands.set(command.id, command);
  return () => commands.delete(command.id);
}

export function registerCommands(list: readonly Command[]): () => void {
  const undo = list.map(registerCommand);
  return () => undo.forEach((take) => take());
}

export function allCommands(): Command[] {
  return [...commands.values()];
}

export function commandOf(id: string): Command | undefined {
  return commands.get(id);
}

export function isEnabled(command: Command): boolean {
  return command.when?.() ?? true;
}

/** Does it, unless it cannot be done now. What goes wrong is shown, not thrown. @returns whether it was begun. */
export function runCommand(id: string, argument?: unknown): boolean {
  const command = commands.get(id);
  if (command === undefined || !isEnabled(command)) return false;
  try {
    Promise.resolve(command.run(argument)).catch(report);
  } catch (error) {
    report(error);
  }
  return true;
}
