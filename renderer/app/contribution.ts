/** Edit, View and Help: what belongs to the window itself. */
import { registerCommands } from "../commands/registry.ts";
import { isKeysHelpOpen, isPaletteOpen } from "../commands/palette.ts";
import { allPanes, openPane } from "../panes/registry.ts";
import { nextRedo, nextUndo, redo, undo } from "../stores/history.ts";
import { useLab } from "../stores/lab.ts";
import { chooseTheme, theme, themeChoice } from "../theme/theme.ts";
import { closeActivePane, resetLayout } from "./layout.ts";

const isLoaded = (): boolean => useLab().isLoaded;

registerCommands([
  {
    ...{ id: "edit.undo", title: "Undo", category: "Edit", keys: ["Ctrl+Z"], menu: { group: 0, order: 0 } },
    titleNow: () => (nextUndo.value === null ? "Undo" : `Undo: ${nextUndo.value}`),
    ...{ when: () => nextUndo.value !== null, run: undo },
  },
  {
    ...{ id: "edit.redo", title: "Redo", category: "Edit", menu: { group: 0, order: 1 } },
    keys: ["Ctrl+Shift+Z", "Ctrl+Y"],
    titleNow: () => (nextRedo.value === null ? "Redo" : `Redo: ${nextRedo.value}`),
    ...{ when: () => nextRedo.value !== null, run: redo },
  },
  {
    ...{ id: "view.palette", title: "Command palette", category: "View", keys: ["Ctrl+K", "Ctrl+Shift+P"] },
    ...{ menu: { group: 0, order: 0 }, run: () => (isPaletteOpen.value = true) },
  },
  {
    ...{ id: "view.theme-toggle", title: "Switch between dark and light", category: "View" },
    run: () => chooseTheme(theme.value === "dark" ? "light" : "dark"),
  },
  ...(["dark", "light", "system"] as const).map((choice, order) => ({
    id: `view.theme-${choice}`,
    title: { dark: "Dark theme", light: "Light theme", system: "Theme of the system" }[choice],
    category: "View" as const,
    menu: { group: 8, order },
    checked: () => themeChoice.value === choice,
    run: () => chooseTheme(choice),
  })),
  {
    ...{ id: "view.close-pane", title: "Close pane", category: "View", keys: ["Ctrl+Shift+X"] },
    ...{ menu: { group: 9, order: 1 }, when: isLoaded, run: closeActivePane },
  },
  {
    ...{ id: "view.reset-layout", title: "Reset layout", category: "View", menu: { group: 9, order: 0 } },
    ...{ when: isLoaded, run: resetLayout },
  },
  {
    ...{ id: "help.keys", title: "Keys and gestures", category: "Help", keys: ["?"], menu: { group: 0, order: 0 } },
    run: () => (isKeysHelpOpen.value = true),
  },
]);

/** Called once all features have registered: a command for each pane. */
export function registerPaneCommands(): void {
  registerCommands(
    allPanes()
      .filter(({ many }) => many !== true)
      .map((pane) => ({
        id: `pane.${pane.id}`,
        title: pane.commandTitle ?? `Show ${pane.title.toLowerCase()}`,
        category: "View" as const,
        ...(pane.keys === undefined ? {} : { keys: pane.keys }),
        menu: { group: 4, order: pane.order },
        when: isLoaded,
        run: () => openPane(pane.id, { focus: true }),
      })),
  );
}
