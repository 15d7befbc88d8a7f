/** Menus out of the commands: the browser edition draws them, the desktop app makes native ones of the same. */
import { allCommands, isEnabled, type Command, type CommandCategory } from "./registry.ts";

/** As they stand in the menu bar. */
export const CATEGORIES: readonly CommandCategory[] = ["File", "Edit", "View", "Run", "Network", "Tools", "Help"];

export interface MenuItems {
  readonly category: CommandCategory;
  readonly groups: readonly (readonly {
    readonly command: Command;
    readonly title: string;
    readonly isEnabled: boolean;
    readonly isChecked: boolean;
  }[])[];
}

export function menusOf(): MenuItems[] {
  return CATEGORIES.flatMap((category) => {
    const inMenu = allCommands()
      .filter((command) => command.category === category && command.menu !== undefined)
      .sort((a, b) => (a.menu?.group ?? 0) - (b.menu?.group ?? 0) || (a.menu?.order ?? 0) - (b.menu?.order ?? 0));
    const groups = new Map<number, Command[]>();
    for (const command of inMenu) {
      const group = command.menu?.group ?? 0;
      groups.set(group, [...(groups.get(group) ?? []), command]);
    }
    const items = [...groups.values()].map((group) =>
      group.map((command) => ({
        command,
        title: titleOf(command),
        isEnabled: isEnabled(command),
        isChecked: command.checked?.() ?? false,
      })),
    );
    return items.length > 0 ? [{ category, groups: items }] : [];
  });
}

/** A title that changes (`Undo Delete h1`) is a function. */
export function titleOf(command: Command): string {
  return command.titleNow?.() ?? command.title;
}
