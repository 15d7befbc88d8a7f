/** Edit, View and Help: what belongs to the window itself. */
import { registerCommands } from "../commands/registry.ts";
import { isKeysHelpOpen, isPaletteOpen } from "../commands/palette.ts";
import { allPanes, openPane } from "../panes/registry.ts";
import { nextRedo, nextUndo, redo, undo } from "../stores/history.ts";
import { useLab } from "../stores/lab.ts";
import { chooseTheme, theme, themeChoice } from "../theme/theme.ts";
import { currentLayout, type PaneEdge } from "./layout.ts";

const isLoaded = (): boolean => useLab().isLoaded;

const RESIZE_PX = 40;
const resizes = (
  [
    ["wider", "ArrowRight", { width: RESIZE_PX }],
    ["narrower", "ArrowLeft", { width: -RESIZE_PX }],
    ["taller", "ArrowUp", { height: RESIZE_PX }],
    ["lower", "ArrowDown", { height: -RESIZE_PX }],
  ] as const
).map(([way, key, by]) => ({
  id: `view.pane-${way}`,
  title: `Make pane ${way}`,
  category: "View" as const,
  keys: [`Ctrl+Alt+${key}`],
  when: isLoaded,
  run: () => currentLayout()?.resizeActive(by),
}));

const EDGES: Readonly<Record<PaneEdge, string>> = { left: "left", right: "right", above: "top", below: "bottom" };
const moves = (["left", "right", "above", "below"] as const).map((edge) => ({
  id: `view.pane-to-${EDGES[edge]}`,
  title: `Move pane to the ${EDGES[edge]}`,
  category: "View" as const,
  when: isLoaded,
  run: () => currentLayout()?.moveActive(edge),
}));

registerCommands([
  ...resizes,
  ...moves,
  {
    ...{ id: "view.maximize-pane", title: "Maximize pane", category: "View", keys: ["Ctrl+Shift+M"] },
    ...{ menu: { group: 9, order: 2 }, when: isLoaded, checked: () => currentLayout()?.isMaximized ?? false },
    run: () => currentLayout()?.toggleMaximized(),
  },
  {
    ...{ id: "view.next-pane", title: "Go to the next pane", category: "View", keys: ["F6"], when: isLoaded },
    run: () => currentLayout()?.focusNeighbour(1),
  },
  {
    ...{ id: "view.previous-pane", title: "Go to the previous pane", category: "View", keys: ["Shift+F6"] },
    ...{ when: isLoaded, run: () => currentLayout()?.focusNeighbour(-1) },
  },
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
    ...{ menu: { group: 9, order: 1 }, when: isLoaded, run: () => currentLayout()?.closeActive() },
  },
  {
    ...{ id: "view.reset-layout", title: "Reset layout", category: "View", menu: { group: 9, order: 0 } },
    ...{ when: isLoaded, run: () => currentLayout()?.reset() },
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
