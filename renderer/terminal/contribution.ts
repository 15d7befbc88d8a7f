/** Terminals: one pane for each shell on a host. */
import { IconMessage2Code, IconTerminal2 } from "@tabler/icons-vue";
import { registerCommands } from "../commands/registry.ts";
import { registerPane } from "../panes/registry.ts";
import { useSelection } from "../stores/selection.ts";
import { addToMenu, nodeMenu } from "../topology/menu-entries.ts";
import { openMachinesWith } from "../topology/open-node.ts";
import { useTerminals } from "./terminals-store.ts";

registerPane({
  ...{ id: "terminal", title: "Terminal", icon: IconTerminal2, component: () => import("./TerminalPane.vue") },
  ...{ place: "bottom", order: 20, many: true },
});

registerPane({
  ...{ id: "output", title: "Output", icon: IconMessage2Code, component: () => import("./LabOutput.vue") },
  ...{ place: "bottom", order: 15, atStart: true },
});

openMachinesWith((node) => void useTerminals().reveal(node));

/** The host that is selected, the last one that had a terminal, or the first one. */
function likelyHost(): string | undefined {
  const { machines, lastNode } = useTerminals();
  const [selected] = useSelection().nodes.filter((name) => machines.includes(name));
  return selected ?? (machines.includes(lastNode) ? lastNode : machines[0]);
}

const hasHosts = (): boolean => useTerminals().machines.length > 0;

registerCommands([
  {
    ...{ id: "terminal.open", title: "Open terminal", category: "Network", keys: ["Ctrl+`"] },
    ...{ menu: { group: 4, order: 1 }, when: hasHosts },
    titleNow: () => `Open terminal on ${likelyHost() ?? "a host"}`,
    run: () => useTerminals().reveal(likelyHost() ?? ""),
  },
  {
    ...{ id: "terminal.new", title: "New terminal", category: "Network", keys: ["Ctrl+Shift+`"] },
    ...{ menu: { group: 4, order: 2 }, when: hasHosts },
    titleNow: () => `New terminal on ${likelyHost() ?? "a host"}`,
    run: () => useTerminals().open(likelyHost() ?? ""),
  },
]);

addToMenu(nodeMenu, "terminal.new");
