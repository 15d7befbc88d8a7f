/** What the context menus offer, by command; panes add theirs (a console, a capture). */
import { shallowReactive } from "vue";

export const nodeMenu: string[][] = shallowReactive([
  ["network.open", "network.inspect"],
  ["network.crash", "network.reboot", "network.pause", "network.resume"],
  ["network.link-from", "network.rename", "edit.copy"],
  ["edit.delete"],
]);

export const linkMenu: string[][] = shallowReactive([
  ["network.unplug", "network.plug", "network.unplug-forward", "network.unplug-backward"],
  ["network.impair", "network.capture-link", "network.inspect"],
  ["edit.delete"],
]);

export const groundMenu: string[][] = shallowReactive([
  ["network.add-host", "network.add-router", "network.add-switch", "network.add-hub"],
  ["edit.paste", "edit.select-all"],
  ["network.arrange", "view.fit"],
]);

/** Adds a command to the first group of a menu, or to a group of its own. */
export function addToMenu(menu: string[][], id: string, group = 0): void {
  (menu[group] ??= []).push(id);
}
