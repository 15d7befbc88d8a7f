/**
 * The system's menu, made from what the window says its commands are: there is one table of commands, the window's.
 * Main adds the files that were open lately, and what belongs to the system. Keys are shown and not registered: the
 * window hears them itself, and knows when somebody is typing.
 */
import { app, Menu, type MenuItemConstructorOptions } from "electron";
import { basename } from "node:path";
import type { MenuGroup, MenuModel } from "../core/contract/desktop/menu.ts";

interface MenuActions {
  readonly onCommand: (id: string) => void;
  readonly onRecent: (path: string) => void;
  readonly onForget: () => void;
}

/** Keys of text fields. A Mac's menu would take them away from there, and its own items give them back. */
const EDITING_KEYS = /^(CmdOrCtrl|CommandOrControl)\+(Shift\+)?[ACVXYZ]$/i;

export class AppMenu {
  readonly #actions: MenuActions;
  readonly #isMac: boolean;
  #groups: readonly MenuGroup[] = [{ title: "File", entries: [] }];
  #recent: readonly string[] = [];
  #isShown = false;

  constructor(actions: MenuActions, isMac = process.platform === "darwin") {
    this.#actions = actions;
    this.#isMac = isMac;
  }

  setModel({ groups }: MenuModel): void {
    this.#groups = groups;
    this.#refresh();
  }

  setRecent(paths: readonly string[]): void {
    this.#recent = paths;
    this.#refresh();
  }

  /** When the application is ready. */
  show(): void {
    this.#isShown = true;
    this.#refresh();
  }

  #refresh(): void {
    if (!this.#isShown) return;
    const template: MenuItemConstructorOptions[] = this.#groups.map((group) => ({
      label: group.title,
      submenu: group.title === "File" ? this.#fileEntries(group) : this.#entries(group),
    }));
    if (this.#isMac) {
      template.unshift({ role: "appMenu" });
      template.push({ role: "editMenu", label: "Text" }, { role: "windowMenu" });
    }
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }

  #fileEntries(group: MenuGroup): MenuItemConstructorOptions[] {
    const entries = this.#entries(group);
    const recent: MenuItemConstructorOptions = {
      label: "Open recent",
      enabled: this.#recent.length > 0,
      submenu: [
        ...this.#recent.map((path) => ({
          label: literally(basename(path)),
          sublabel: path,
          click: () => this.#actions.onRecent(path),
        })),
        { type: "separator" },
        { label: "Clear this list", click: () => this.#actions.onForget() },
      ],
    };
    const firstLine = entries.findIndex(({ type }) => type === "separator");
    entries.splice(firstLine < 0 ? entries.length : firstLine, 0, recent);
    if (!this.#isMac) entries.push({ type: "separator" }, { role: "quit", label: `Quit ${app.name}` });
    return entries;
  }

  #entries({ entries }: MenuGroup): MenuItemConstructorOptions[] {
    return entries.map((entry) => {
      if (entry.kind === "separator") return { type: "separator" };
      const { id, title, keys, enabled, checked } = entry;
      const isShown = keys !== "" && !(this.#isMac && EDITING_KEYS.test(keys));
      return {
        id,
        label: literally(title),
        enabled,
        ...(checked === null ? {} : { type: "checkbox" as const, checked }),
        ...(isShown ? { accelerator: keys, registerAccelerator: false } : {}),
        click: () => this.#actions.onCommand(id),
      };
    });
  }
}

/** An ampersand would underline the letter after it. */
const literally = (text: string): string => text.replaceAll("&", "&&");
