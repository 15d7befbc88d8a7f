/** Tells main what it shows of the window: the menu, and whether there is something to lose. */
import { watch } from "vue";
import type { MenuModel } from "../../core/contract/desktop/menu.ts";
import { tellDesktop } from "../bridge/desktop.ts";
import { menusOf } from "../commands/menus.ts";
import { useLab } from "../stores/lab.ts";

/** While a lab runs, what can be done changes with every push; a menu is looked at more rarely. */
const MENU_MS = 250;

export function followUnsaved(): void {
  const lab = useLab();
  watch(
    () => lab.isDirty,
    (unsaved) => tellDesktop("window:state", { unsaved }),
    { immediate: true },
  );
}

export function followCommands(): void {
  let shown = "";
  let timer: ReturnType<typeof setTimeout> | null = null;
  watch(
    () => JSON.stringify(menuModel()),
    (model) => {
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(
        () => {
          if (model === shown) return;
          shown = model;
          tellDesktop("menu:set", JSON.parse(model) as MenuModel);
        },
        shown === "" ? 0 : MENU_MS,
      );
    },
    { immediate: true },
  );
}

function menuModel(): MenuModel {
  return {
    groups: menusOf().map(({ category, groups }) => ({
      title: category,
      entries: groups.flatMap((group, at) => [
        ...(at > 0 ? [{ kind: "separator" as const }] : []),
        ...group.map(({ command, title, isEnabled, isChecked }) => ({
          kind: "command" as const,
          id: command.id,
          title,
          keys: acceleratorOf(command.keys?.[0] ?? ""),
          enabled: isEnabled,
          checked: command.checked === undefined ? null : isChecked,
        })),
      ]),
    })),
  };
}

/** As Electron writes keys. */
function acceleratorOf(keys: string): string {
  return keys
    .replace("Ctrl+", "CmdOrCtrl+")
    .replace(/\bArrow/, "")
    .replace(/\+\+$/, "+Plus");
}
