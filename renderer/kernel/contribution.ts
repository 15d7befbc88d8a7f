/** The kernel view: CPUs and rings of one machine. */
import { IconCpu } from "@tabler/icons-vue";
import { registerCommands } from "../commands/registry.ts";
import { openPane, registerPane } from "../panes/registry.ts";
import { useLab } from "../stores/lab.ts";
import { useSelection } from "../stores/selection.ts";
import { addToMenu, nodeMenu } from "../topology/menu-entries.ts";
import { useKernel } from "./kernel-store.ts";

registerPane({
  ...{ id: "kernel", title: "Kernel", icon: IconCpu, component: () => import("./KernelPane.vue") },
  ...{ place: "bottom", order: 30, commandTitle: "Show CPUs and rings", keys: ["Ctrl+Shift+3"] },
});

const selectedMachine = (): string | undefined => {
  const single = useSelection().single;
  return useKernel().machines.find(({ name }) => single?.kind === "node" && name === single.name)?.name;
};

registerCommands([
  {
    ...{ id: "kernel.of-node", title: "Show CPUs and rings of the host", category: "Network" },
    when: () => useLab().view !== null && selectedMachine() !== undefined,
    run: () => {
      const name = selectedMachine();
      if (name !== undefined) useKernel().pick(name);
      openPane("kernel", { focus: true });
    },
  },
]);

addToMenu(nodeMenu, "kernel.of-node");
